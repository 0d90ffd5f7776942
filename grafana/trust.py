"""Whether the monitor can be believed: figures of the pipeline that more than one dashboard shows."""

from __future__ import annotations

from grafana_foundation_sdk.builders import stat

from grafana.panels import Target, tiles
from grafana.queries import gauge, or_zero, quantile, rate, share
from grafana.scales import LAG_SECONDS, LOSS, SAMPLED, STALL_SECONDS

__all__ = ["missing_share", "seconds_since_progress", "tiles_of_trust"]


def missing_share(by: str = "") -> str:
    """Scores that were not given, by those that were asked for."""
    missing, scored = rate("harmwatch_missing_scores_total", by), rate("harmwatch_scored_total", by)
    return f"{missing} / ({missing} + {scored} > 0)"


def seconds_since_progress(by: str = "") -> str:
    """Since a committed offset last moved; without ``by`` at the worker that has stood still the longest."""
    return f"time() - {gauge('harmwatch_last_progress_timestamp_seconds', by, of='min')}"


def tiles_of_trust() -> list[stat.Panel]:
    """Six figures that say whether the others can be believed."""
    dead = rate("harmwatch_dead_letters_total")
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
            "Share of the scores asked for that a scorer did not give. Missing is not safe.",
            Target(or_zero(missing_share()), "missing"),
            unit="percentunit",
            scale=LOSS,
            decimals=2,
        ),
        tiles(
            "Dead letters",
            "Share of the records that no decoder takes; they are on the dead-letter topic, whole.",
            Target(or_zero(share(dead, f"({dead} + {rate('harmwatch_events_total', model='~.+')})")), "dead letters"),
            unit="percentunit",
            scale=LOSS,
            decimals=2,
        ),
        tiles(
            "Events scored",
            "Share of events that is scored, at the worker that sheds most. Below 100 % only while shedding load.",
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
