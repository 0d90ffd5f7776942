"""What ``harmwatch doctor`` says about cascades: what they are, and whether their audit can ever tell anything."""

from __future__ import annotations

from agent.config_cascade import CascadeConfig
from streams.config import WorkerConfig

__all__ = ["look_at_cascades", "without_shared_lots"]

#: What the doctor counts on, since it knows no traffic: a call a second, two of a thousand with harm that is missed.
_CALLS_AN_HOUR = 3600
_MISSED = 0.002
#: Findings of the audit in a day, below which the recall loss is anybody's guess.
_FINDINGS = 5


def look_at_cascades(config: WorkerConfig) -> list[tuple[str, str, str, str]]:
    """For each cascade a title, an outcome, what is found, and how to mend it."""
    found: list[tuple[str, str, str, str]] = []
    for name, section in config.scorers.items():
        cascade = section.cascade
        if cascade is None or not section.enabled:
            continue
        title, share = f"cascade {name}", cascade.audit_share
        needed = _FINDINGS / (_CALLS_AN_HOUR * 24 * _MISSED)
        what = (
            f"{cascade.screen.kind} screens, from {cascade.threshold:g} on is suspicious, "
            f"{_doubtful(cascade)}{share:g} of the other calls are audited: "
            f"{share * _CALLS_AN_HOUR:,.0f} an hour at one call a second"
        )
        if share >= needed:
            found.append((title, "ok", what, ""))
            continue
        mend = (
            f"set scorers.{name}.cascade.audit_share to {needed:.2g} or more, unless there are many more calls: "
            f"were two in a thousand missed, the audit would find fewer than {_FINDINGS} of them a day"
        )
        found.append((title, "warning", what, mend))
    return found


def _doubtful(cascade: CascadeConfig) -> str:
    return (
        ""
        if cascade.doubtful is None
        else f"{cascade.doubtful.share:g} is seen from {cascade.doubtful.threshold:g} on, "
    )


def without_shared_lots(config: WorkerConfig) -> list[str]:
    """What each worker draws for itself while there is no key that all share."""
    embedding = config.drift.enabled and config.drift.embeddings.encoder is not None
    drawing = (
        config.overload.enabled
        or embedding
        or any(section.enabled and section.cascade is not None for section in config.scorers.values())
    )
    return ["each worker draws its own lots: halves of a call on different workers may part"] if drawing else []
