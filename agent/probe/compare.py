"""Two runs side by side: what changed from an earlier report to this one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from math import erfc, sqrt
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from agent.probe.score import ALPHA, CONFIDENCE
from agent.significance import holm
from agent.windows.intervals import z_value

__all__ = ["changes", "read_earlier"]

_Z = z_value(CONFIDENCE)
_MOST_BYTES = 64 * 1024 * 1024
#: What depends on all attacks of a run together.
_OF_ALL_ATTACKS = ("any", "robust_accuracy", "greedy", "beam")
#: What does not depend on attacks.
_OF_NONE = ("original", "harmless_answered", "accuracy")


def read_earlier(path: Path, task: str) -> dict[str, Any]:
    """The report that an earlier run printed with ``--json``.

    Raises
    ------
    ConfigError
        When it cannot be read, or is none of this task.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"--compare {path}: cannot be read ({error.strerror})") from None
    try:
        found = json.loads(content)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or found.get("task") != task or not isinstance(found.get("sets"), dict):
        raise ConfigError(f"--compare {path}: is no report of harmwatch probe --task {task} --json")
    return found


def changes(earlier: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, Any]:
    """Scores that both reports have, of sets of one name, benchmark and method; of attacks those made within the same
    limits, and what sums up several attacks where these were the same.

    Each with both values, their difference (now less earlier), its interval and a p-value, corrected (Holm) for all
    that are compared. Intervals of the two are put together as Newcombe's are (method MOVER: Donner and Zou,
    Statistical Methods in Medicine 21, 2012), as if the runs were independent; since both asked the same questions,
    that is cautious: true intervals are rather narrower. The p-value is where that interval would end at 0, by its
    normal half.

    Returns
    -------
    dict
        ``sets`` by name: ``scores`` by name; ``tests``; and ``left_out``, sets of this report that cannot be compared,
        and scores, as ``set (score)``. Of attacks also ``sanitised``, of the earlier report.
    """
    same_limits = _limits(earlier) == _limits(now)
    compared: dict[str, dict[str, dict[str, Any]]] = {}
    left_out: list[str] = []
    tested: list[dict[str, Any]] = []
    for name, found in now["sets"].items():
        was = earlier["sets"].get(name)
        if not _comparable(was, found):
            left_out.append(name)
            continue
        unlike = _unlike(was, found, same_limits=same_limits)
        left_out += [f"{name} ({score})" for score in unlike if score in was["scores"]]
        alike = {score: figures for score, figures in found["scores"].items() if score not in unlike}
        compared[name] = dict(_scores(was["scores"], alike))
        tested += compared[name].values()
    for change, adjusted in zip(tested, holm([change["p"] for change in tested]), strict=True):
        change["p_adjusted"] = adjusted
        change["significant"] = adjusted < ALPHA
    return {
        "target": earlier.get("target"),
        "created": _created(earlier),
        **({"sanitised": bool(earlier.get("sanitised"))} if "sanitised" in now else {}),
        "sets": {name: {"scores": scores} for name, scores in compared.items()},
        "tests": len(tested),
        "left_out": left_out,
    }


def _comparable(was: Any, now: Mapping[str, Any]) -> bool:
    return (
        isinstance(was, dict)
        and was.get("benchmark") == now["benchmark"]
        and isinstance(was.get("scores"), dict)
        and isinstance(was.get("counts"), dict)
        and was["counts"].get("method") == now["counts"].get("method")
    )


def _limits(report: Mapping[str, Any]) -> dict[str, Any]:
    """Those of attacks; another seed makes other attacks of the same kind, which may be compared."""
    limits = report.get("limits")
    return {name: value for name, value in limits.items() if name != "seed"} if isinstance(limits, dict) else {}


def _unlike(was: Mapping[str, Any], now: Mapping[str, Any], *, same_limits: bool) -> list[str]:
    """Scores of a set of attacks that were not measured in the same way."""
    if "attacks" not in now:
        return []
    attacks = was.get("attacks")
    same_attacks = isinstance(attacks, dict) and attacks.keys() == now["attacks"].keys()
    return [
        name
        for name in now["scores"]
        if (not same_limits and name not in _OF_NONE) or (not same_attacks and name in _OF_ALL_ATTACKS)
    ]


def _scores(was: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, score in now.items():
        old = _figure(was.get(name))
        new = _figure(score)
        if old is not None and new is not None:
            yield name, _change(old, new)


def _figure(score: Any) -> tuple[float, float, float] | None:
    """Value and bounds of a score in a report, which somebody may have edited."""
    if not isinstance(score, dict) or not isinstance(score.get("interval"), list) or len(score["interval"]) != 2:
        return None
    figures = (score.get("value"), *score["interval"])
    if not all(isinstance(part, int | float) and not isinstance(part, bool) for part in figures):
        return None
    value, low, high = map(float, figures)
    return (value, low, high) if low <= value <= high else None


def _change(old: tuple[float, float, float], new: tuple[float, float, float]) -> dict[str, Any]:
    difference = new[0] - old[0]
    below = sqrt((new[0] - new[1]) ** 2 + (old[2] - old[0]) ** 2)
    above = sqrt((new[2] - new[0]) ** 2 + (old[0] - old[1]) ** 2)
    towards_zero = below if difference > 0.0 else above
    p = 1.0 if difference == 0.0 else erfc(abs(difference) / towards_zero * _Z / sqrt(2.0)) if towards_zero else 0.0
    return {
        "earlier": old[0],
        "now": new[0],
        "difference": {"value": difference, "interval": [difference - below, difference + above]},
        "p": p,
    }


def _created(earlier: Mapping[str, Any]) -> Any:
    run = earlier.get("run")
    return run.get("created") if isinstance(run, dict) else None
