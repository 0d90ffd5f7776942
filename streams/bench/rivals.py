"""The neighbouring tools that are installed, at the same job on the same texts; nothing is fetched for it.

A tool that is absent has its row all the same, with no figures and the reason. Speed only: what each finds is the
business of ``harmwatch evaluate``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.metadata import version
from pathlib import Path
from time import process_time
from typing import Any, Final, NamedTuple

from agent.errors import ConfigError
from agent.events import TextPart
from agent.normalize import normalize
from agent.quality.presidio import PATTERNS, analyzer
from agent.scoring import load_scorer
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.encoders.pinned import digest_of

__all__ = ["DetoxifyFiles", "score_rivals"]

_BATCH: Final = 256
_UNIT: Final = "texts per CPU second"
_WARMING_TEXTS: Final = 8


class DetoxifyFiles(NamedTuple):
    """A Detoxify checkpoint and the directory of its network, as the scorer ``detoxify`` takes them."""

    checkpoint: Path
    directory: Path | None


def score_rivals(
    scorers: Sequence[str],
    texts: Sequence[str],
    detoxify: DetoxifyFiles | None,
    slow: int,
    tell: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    """By job: ``ours`` and ``rival`` in texts per CPU second, their ``ratio``, the rival's ``name``.

    Parameters
    ----------
    scorers
        Our scorers that are available here.
    texts
        What both are given.
    slow
        How many of them those are given that need milliseconds for one.
    """
    rows: dict[str, dict[str, Any]] = {}
    if "pii" in scorers:
        tell("personal data beside presidio")
        rows["pii"] = _against_presidio(
            texts, slow, "English texts; it also looks for names, which our patterns do not"
        )
        rows["pii_patterns"] = _against_presidio(texts, slow, "English texts; pattern recognisers alone", PATTERNS)
    if "toxicity" in scorers:
        tell("toxicity beside detoxify")
        rows["toxicity"] = _against_detoxify(texts, slow, detoxify)
    return rows


def _row(name: str, ours: float, rival: float | None, note: str = "") -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": name,
        "unit": _UNIT,
        "ours": round(ours, 1),
        "rival": None if rival is None else round(rival, 1),
        "ratio": None if rival is None else round(ours / rival, 2),
    }
    return row | ({"note": note} if note else {})


def _speed(score: Callable[[Sequence[str]], Any], texts: Sequence[str]) -> float:
    """Texts per CPU second, in batches; a few texts, untimed, warm up."""
    score(texts[:_WARMING_TEXTS])
    started = process_time()
    for begin in range(0, len(texts), _BATCH):
        score(texts[begin : begin + _BATCH])
    return len(texts) / max(process_time() - started, 1e-9)


def _our_speed(name: str, options: dict[str, Any], texts: Sequence[str]) -> float:
    own = dict(options)
    scorer = load_scorer(name, own, own.pop("kind", None))
    scorer.warm_up()

    def score(some: Sequence[str]) -> Any:
        return scorer.score(Batch([ScoringItem(TextPart(text), "input", normalize) for text in some]))

    return _speed(score, texts)


def _against_presidio(texts: Sequence[str], slow: int, note: str, model: str = "") -> dict[str, Any]:
    english = [text for text in texts if text.isascii()]
    ours = _our_speed("pii", {}, english)
    try:
        engine, _, models = analyzer(model)
    except ConfigError as absent:
        return _row("presidio-analyzer", ours, None, str(absent))
    rival = _speed(lambda some: [engine.analyze(text, language="en") for text in some], english[:slow])
    return _row(f"presidio-analyzer {version('presidio-analyzer')} ({models})", ours, rival, note)


def _against_detoxify(texts: Sequence[str], slow: int, files: DetoxifyFiles | None) -> dict[str, Any]:
    ours = _our_speed("toxicity", {}, texts[:slow])
    ngrams = _our_speed("toxicity", {"kind": "ngrams"}, texts)
    kinds = f"ours: the built-in encoders; n-grams, as in the stages, {ngrams:,.0f}"
    if files is None:
        note = "its weights are not on this machine by themselves, and none are fetched; give --detoxify FILE"
        return _row("detoxify", ours, None, f"{kinds}; {note}")
    # Whoever gives a file to be measured means that one.
    pin = digest_of([files.checkpoint])
    options: dict[str, Any] = {"checkpoint": str(files.checkpoint), "device": "cpu", "sha256": pin}
    if files.directory is not None:
        options["huggingface_config_path"] = str(files.directory)
    rival = _our_speed("detoxify", options, texts[:slow])
    name = f"{files.checkpoint.name} in our scorer detoxify (CPU)"
    return _row(name, ours, rival, f"{kinds}; beside Detoxify.predict: tests/bench")
