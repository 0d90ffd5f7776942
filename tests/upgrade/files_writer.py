"""Run by an earlier version: ``python files_writer.py FOLDER`` has its commands write files that later ones must read.

Nothing of today's is imported. See `tests.upgrade.make`.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

__all__ = ["main"]

#: The scorer by n-grams: the files say which version of it they are for, and later ones may differ.
CONFIG = {"scorers": {"toxicity": {"kind": "ngrams"}}}
WORDS = [
    "we",
    "thank",
    "you",
    "for",
    "the",
    "question",
    "and",
    "hope",
    "the",
    "answer",
    "helps",
    "with",
    "what",
    "you",
    "asked",
    "today",
    "谢谢",
    "您",
    "的",
    "问题",
]
EVENTS = 400
SCORES = [0.0, 0.003, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 1.0]
#: Of the signed calibration.
VERSION = 3


def texts() -> list[dict[str, object]]:
    """Labelled texts: harmless words, and the same with an insult."""
    draw = random.Random(7)
    plain = [" ".join(draw.choices(WORDS, k=12)) for _ in range(300)]
    rows: list[dict[str, object]] = [{"text": text, "label": 0, "lang": "en"} for text in plain[:200]]
    return rows + [{"text": f"you stupid idiot {text}", "label": 1, "lang": "en"} for text in plain[200:]]


def events() -> list[dict[str, object]]:
    """Decisions of a model with a feature, a score and a group each."""
    draw = random.Random(8)
    return [
        {
            "id": f"e-{number}", "time": 1_795_000_000.0 + number, "source": "upgrade", "model": "loans",
            "attributes": {"gender": draw.choice(("female", "male"))},
            "input": {"features": {"income": round(draw.gauss(40.0, 8.0), 2), "region": draw.choice("nsew")}},
            "output": {"decision": draw.choice(("approved", "refused")), "score": round(draw.random(), 3)},
        }
        for number in range(EVENTS)
    ]  # fmt: skip


def main(out: Path) -> None:
    """A calibration, a reference, the calibration's signature, and ``told.json``: what they are to say."""
    out.mkdir(parents=True, exist_ok=True)
    given = {"texts.jsonl": texts(), "events.jsonl": events(), "harmwatch.yaml": CONFIG}
    for name, rows in given.items():
        lines = [json.dumps(row, ensure_ascii=False) for row in (rows if isinstance(rows, list) else [rows])]
        (out / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    labelled = ["--task", "toxicity", "--config", "harmwatch.yaml", "--bootstrap", "0", "--target-fpr", "0.05"]
    _harmwatch(out, "calibrate", *labelled, "--out", "calibration.json", "--quiet", "texts.jsonl")
    _harmwatch(out, "reference", "events.jsonl", "--no-scores", "--out", "reference.json", "--quiet")
    told = {"scores": SCORES, "calibrated": calibrated(out / "calibration.json")}
    if said := _harmwatch(out, "sign", "--new-key", "key", "--json", must=False):
        _harmwatch(out, "sign", "--key", "key", "--version", str(VERSION), "calibration.json")
        (out / "key").unlink()
        told["public_key"] = json.loads(said)["public_key"]
    (out / "told.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    for name in given:
        (out / name).unlink()


def calibrated(path: Path) -> list[float]:
    """What that version makes of `SCORES`."""
    import numpy as np

    from agent.calibration import Calibration

    return [float(value) for value in Calibration.load(path).apply(np.array(SCORES))]


def _harmwatch(folder: Path, *words: str, must: bool = True) -> str:
    command = [sys.executable, "-m", "streams.cli", *words]
    return subprocess.run(command, cwd=folder, env=os.environ, check=must, stdout=subprocess.PIPE, text=True).stdout


if __name__ == "__main__":
    main(Path(sys.argv[1]))
