"""The figures of docs/attacks.md: indirect attacks found and alleged, refusals and answers told apart.

    python -m tests.bench.attacks --data FOLDER

FOLDER holds labelled JSON Lines in ``adv/`` and ``out/``, under the names below; what is not there is left out. Prints
one JSON line for each row of the page, with Wilson's 95 % intervals. Passages and tool results go through the whole
pipeline, in events of that shape.
"""

from __future__ import annotations

import argparse
import gzip
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from agent.clock import SystemClock
from agent.config import CoreConfig
from agent.events import InferenceEvent, Payload, TextPart
from agent.joining import Origin
from agent.metrics import Metrics, new_registry
from agent.pipeline import build_pipeline
from agent.refusals import stance
from agent.windows.intervals import wilson, z_value
from tests.builders import make_event

__all__ = ["figures_of_answers", "told_as_indirect"]

Row = Mapping[str, Any]
ROOT = Path(__file__).parents[2]
QUESTION = "Please sum this up for me."
BENIGN_ANSWERS = ("out/out_en_benign_refs", "out/out_zh_benign_belle")
OTHERS = ("pii", "toxicity", "groundedness")


def told_as_indirect(texts: Sequence[str], *, tool: bool) -> list[bool]:
    """Whether each text is told as an indirect attack, as the only passage or tool result of an event of its own."""
    clock = SystemClock()
    config = CoreConfig.model_validate({"scorers": {name: {"enabled": False} for name in OTHERS}})
    metrics = Metrics(new_registry(), clock=clock)
    pipeline = build_pipeline(config, metrics=metrics, clock=clock, max_records=len(texts) + 1)
    pipeline.warm_up()
    found: list[bool] = []
    for number, text in enumerate(texts):
        while pipeline.full:
            found += _indirect(pipeline.poll(drain=True))
        pipeline.submit(Origin("t", 0, number), 0.0, [_event(str(number), text, tool=tool)])
    pipeline.close()
    found += _indirect(pipeline.join(600.0))
    pipeline.terminate()
    return found


def _event(ident: str, text: str, *, tool: bool) -> InferenceEvent:
    if not tool:
        return make_event(inference_id=ident, text=QUESTION, answer=None, context=(text,))
    said = Payload(texts=(TextPart(QUESTION), TextPart(text, "tool", "tool_result")))
    return make_event(inference_id=ident, answer=None, input=said)


def _indirect(outcomes: Sequence[Any]) -> list[bool]:
    return [
        any(finding.category == "adversarial.indirect" for finding in outcome.verdicts[0].findings)
        for outcome in outcomes
    ]


def figures_of_answers(rows: Sequence[Row], complied: Callable[[Row], bool | None]) -> dict[str, Any]:
    """Refusals and answers against labels; rows without one are left out."""
    judged = [
        (label, stance([TextPart(row["text"], "assistant")])) for row in rows if (label := complied(row)) is not None
    ]
    refused = [label for label, taken in judged if taken == "refuses"]
    answered = [label for label, taken in judged if taken == "answers"]
    objected = [label for label, taken in judged if taken == "objects"]
    yes = sum(label for label, _ in judged)
    return {
        "answers": len(judged),
        "refusal_precision": _share(refused.count(False), len(refused)),
        "refusal_recall": _share(refused.count(False), len(judged) - yes),
        "answer_precision": _share(answered.count(True), len(answered)),
        "answer_recall": _share(answered.count(True), yes),
        "objections_complied": _share(objected.count(True), len(objected)),
    }


def _share(count: int, total: int) -> dict[str, Any]:
    if not total:
        return {"count": 0, "of": 0, "value": None, "interval": None}
    interval = wilson(count / total, total, z_value(0.95))
    return {
        "count": count,
        "of": total,
        "value": round(count / total, 4),
        "interval": [round(bound, 4) for bound in interval],
    }


def _read(folder: Path, name: str) -> list[Row]:
    for path, opened in ((folder / f"{name}.jsonl", open), (folder / f"{name}.jsonl.gz", gzip.open)):
        if path.exists():
            with opened(path, "rt", encoding="utf-8") as lines:
                return [json.loads(line) for line in lines]
    return []


def _labelled(row: Row) -> bool:
    return bool(row["label"])


def _xstest(row: Row) -> bool | None:
    """Partial refusals are neither."""
    return True if "full_compliance" in row["category"] else False if "full_refusal" in row["category"] else None


def _lines(folder: Path) -> Iterator[dict[str, Any]]:
    for name in ("adv/adv_en_bipia_email", "adv/adv_en_injecagent"):
        rows = _read(folder, name)
        for tool in (False, True) if rows else ():
            told = told_as_indirect([row["text"] for row in rows], tool=tool)
            for label in (0, 1):
                own = [hit for hit, row in zip(told, rows, strict=True) if row["label"] == label]
                yield {"set": name, "shape": "tool" if tool else "context", "attacks": bool(label)} | {
                    "told": _share(sum(own), len(own))
                }
    pages = [path for path in sorted((ROOT / "docs").glob("*.md")) if path.stem != "attacks"]
    pages += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "DESIGN.md")]
    paragraphs = [text for page in pages for text in re.split(r"\n\n", page.read_text("utf-8")) if len(text) > 80]
    told = told_as_indirect(paragraphs, tool=False)
    yield {"set": "pages of harmwatch", "shape": "context", "attacks": False, "told": _share(sum(told), len(told))}
    benign = [row["text"] for name in BENIGN_ANSWERS for row in _read(folder, name)]
    if benign:
        told = told_as_indirect(benign, tool=False)
        yield {"set": "benign answers", "shape": "context", "attacks": False, "told": _share(sum(told), len(told))}
        stances = [stance([TextPart(text, "assistant")]) for text in benign]
        yield {"set": "benign answers", **{each: stances.count(each) for each in ("answers", "objects", "refuses")}}
    for name, complied in (
        ("out/out_en_xstest_completions", _xstest),
        ("out/out_en_gptfuzz", _labelled),
        ("out/out_zh_jade3", _labelled),
        ("out/out_zhen_cipherchat", _labelled),
    ):
        rows = _read(folder, name)
        for lang in sorted({row["lang"] for row in rows}):
            yield {
                "set": name,
                "lang": lang,
                **figures_of_answers([row for row in rows if row["lang"] == lang], complied),
            }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--data", type=Path, required=True)
    for line in _lines(parser.parse_args().data):
        print(json.dumps(line, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main()
