"""Whether traffic reaches Kafka: receivers and proxies, for servers without Kafka of their own."""

from __future__ import annotations

from grafana.frame import Section
from grafana.panels import Target, lines
from grafana.queries import gauge, rate
from grafana.scales import ANY

__all__ = ["edges"]


def edges() -> Section:
    """Empty where there are none: workers read what others have written to Kafka then."""
    return Section(
        "Does traffic reach Kafka?",
        [
            lines(
                "Receivers: requests, by result",
                "harmwatch ingest. taken: Kafka or the disk has the record. busy and unavailable: told to come again.",
                Target(rate("harmwatch_ingest_requests_total", "result"), "{{result}}"),
                unit="ops",
                stacked=True,
                width=6,
            ),
            lines(
                "Receivers: sent away, by reason",
                "What clients do not send again is lost. spool: the disk's share is full. away: Kafka is, and there is "
                "no spool. busy: too much in memory.",
                Target(rate("harmwatch_ingest_refused_total", "reason"), "{{reason}}"),
                unit="ops",
                scale=ANY,
                width=6,
            ),
            lines(
                "Records that wait on the disk",
                "In the spools of all receivers and proxies: Kafka is away, or slower than they come.",
                Target(gauge("harmwatch_ingest_spool_records", of="sum"), "receivers"),
                Target(gauge("harmwatch_proxy_spool_records", of="sum"), "proxies"),
                unit="short",
                scale=ANY,
                width=6,
            ),
            lines(
                "Receivers: the oldest that waits",
                "How late the verdict of what waits longest on a disk will be, at least.",
                Target(gauge("harmwatch_ingest_spool_age_seconds", "instance"), "{{instance}}"),
                unit="s",
                scale=ANY,
                width=6,
            ),
            lines(
                "Proxies: requests, by outcome",
                "Only complete ones have had the whole response. timeout and unreachable are the model server's.",
                Target(rate("harmwatch_proxy_requests_total", "outcome"), "{{outcome}}"),
                unit="ops",
                stacked=True,
                width=6,
            ),
            lines(
                "Proxies: calls copied, by who has the copy",
                "kafka, spool or core took it in charge first. Beside the calls that were copied at all.",
                Target(rate("harmwatch_proxy_taps_kept_total", "where"), "{{where}}"),
                Target(rate("harmwatch_proxy_taps_total"), "copied"),
                unit="ops",
                width=6,
            ),
            lines(
                "Proxies: copies dropped, by reason",
                "Their calls were answered, and no verdict is ever made of them.",
                Target(rate("harmwatch_proxy_taps_dropped_total", "reason"), "{{reason}}"),
                unit="ops",
                scale=ANY,
                width=6,
            ),
            lines(
                "Proxies: what they add, at worst",
                "The longest that the loop of a proxy was late in half a second: as much may a call have waited.",
                Target(gauge("harmwatch_proxy_slowest_turn_seconds", "instance"), "{{instance}}"),
                unit="s",
                width=6,
            ),
        ],
    )
