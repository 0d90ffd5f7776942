"""Which keys of the configuration take effect while a worker runs, and which of them differ between two files.

The one list of them. What stands in it is read by `agent.pipeline.rulebook`, by the log and by `streams.reload`
itself; everything else has been built into something that holds texts, scores, counts or connections.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pydantic import BaseModel

from streams.config import WorkerConfig

__all__ = ["LIVE_KEYS", "changed_keys", "is_live"]

LIVE_KEYS = (
    "policy.rules",
    "policy.default",
    "policy.on_missing",
    "policy.messages.en",
    "policy.messages.zh",
    "scorers.<name>.thresholds",
    "attacks.outcomes",
    "attacks.leak_threshold",
    "attacks.success_threshold",
    "evidence.enabled",
    "evidence.keep_texts",
    "evidence.max_chars",
    "campaigns.suspicious",
    "overload.share",
    "overload.shares",
    "overload.lag_budget_seconds",
    "overload.models",
    "overload.min_ratio",
    "overload.calm_seconds",
    "reload.watch_seconds",
    "log_level",
)


def is_live(key: str) -> bool:
    """Whether a key takes effect while a worker runs; scorers by their own name, as `changed_keys` has them."""
    steps = key.split(".")
    if steps[0] == "scorers" and len(steps) == 3:
        steps[1] = "<name>"
    return ".".join(steps) in LIVE_KEYS


def changed_keys(old: WorkerConfig, new: WorkerConfig) -> list[str]:
    """Keys with different values, in the order of the sections; names, never values.

    A scorer that stands in one of them alone is one key, ``scorers.<name>``. Mappings and lists are compared whole.
    """
    before, after = dict(_settings(old)), dict(_settings(new))
    changed: dict[str, None] = {}
    for key in {**before, **after}:
        if key not in before or key not in after:
            changed[key.rpartition(".")[0]] = None
        elif not _same(before[key], after[key]):
            changed[key] = None
    return list(changed)


def _settings(section: BaseModel, path: str = "") -> Iterator[tuple[str, object]]:
    for name in type(section).model_fields:
        value, key = getattr(section, name), f"{path}{name}"
        # A section that may be absent is one key: it comes and goes as a whole.
        if isinstance(value, BaseModel) and isinstance(type(section).model_fields[name].annotation, type):
            yield from _settings(value, f"{key}.")
        elif key == "scorers":
            for slot, scorer in value.items():
                yield from _settings(scorer, f"scorers.{slot}.")
        else:
            yield key, value


def _same(old: object, new: object) -> bool:
    """Equal in type too: ``1`` and ``true`` are equal to Python, and not to a scorer's options. NaN equals itself."""
    if type(old) is not type(new):
        return False
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        return old.keys() == new.keys() and all(_same(old[key], new[key]) for key in old)
    if isinstance(old, Sequence) and isinstance(new, Sequence) and not isinstance(old, str):
        return len(old) == len(new) and all(map(_same, old, new))
    return old == new or (old != old and new != new)
