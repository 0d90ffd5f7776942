"""Whether the monitor can be believed: figures of the pipeline that more than one dashboard shows."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from grafana.panels import Target, tiles
from grafana.queries import gauge, or_zero, quantile, rate, share
from grafana.scales import LAG_SECONDS, LOSS, SAMPLED, STALL_SECONDS

__all__ = ["seconds_since_progress", "tiles_of_trust"]


def _missing_share() -> str:
    """Scores that were not given, by those that were due; as the rules have it.

    Of all models, since what is missing has no model: beside the scores of a chosen one it would be a share of nothing.
    Texts that their sender removed are not due, and measures beside harm have no count of what was scored. Where
    nothing was ever scored, all that is missing is all that was due.
    """
    missing = rate("harmwatch_missing_scores_total", reason="!redacted", scorer="!~embedding.*|sentiment")
    scored = rate("harmwatch_scored_total", model="~.+")
    return share(missing, f"({scored} + {missing} or {missing})")


def _dead_share() -> str:
    """Records set aside, by those that were read: of records that are all set aside no event is ever decoded."""
    dead, records = rate("harmwatch_dead_letters_total"), rate("harmwatch_records_total")
    return f"clamp_max({share(dead, f'({records} or {dead})')}, 1)"


def seconds_since_progress(by: str = "") -> str:
    """Since a committed offset last moved; without ``by`` at the worker that has stood still the longest."""
    return f"time() - {gauge('harmwatch_last_progress_timestamp_seconds', by, of='min')}"


def tiles_of_trust() -> list[stat.Panel]:
    """Six figures that say whether the others can be believed."""
    return [
        tiles(
            "Events read",
            "Inference events a second, over all workers and chosen models.",
            Target(rate("harmwatch_events_total"), "events"),
            unit="ops",
        ),
        tiles(
            "Behind, 95 % of events",
            "From an event's own time to its metric.",
            Target(quantile(0.95, "harmwatch_event_lag_seconds"), "lag"),
            unit="s",
            scale=LAG_SECONDS,
        ),
        tiles(
            "Scores missing",
            "Share of the scores that were due and that a scorer did not give, of all models. Missing is not safe.",
            Target(or_zero(_missing_share()), "missing"),
            unit="percentunit",
            scale=LOSS,
            decimals=2,
        ),
        tiles(
            "Dead letters",
            "Share of the records that no decoder takes; they are on the dead-letter topic, whole.",
            Target(or_zero(_dead_share()), "dead letters"),
            unit="percentunit",
            scale=LOSS,
            decimals=2,
        ),
        tiles(
            "Events scored",
            "Share of the latest events that was scored, at the worker with the least: overload.share, and less while "
            "load is shed.",
            Target(gauge("harmwatch_sampling_ratio", of="min"), "scored"),
            unit="percentunit",
            scale=SAMPLED,
        ),
        tiles(
            "Since an offset moved",
            "Of the worker that has stood still the longest. Without traffic it grows too: read it beside the "
            "consumer lag.",
            Target(seconds_since_progress(), "since"),
            unit="s",
            scale=STALL_SECONDS,
            decimals=0,
        ),
    ]
