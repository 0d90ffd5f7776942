"""Which operation on which resource of Kafka each feature needs: the one table, of which the worker's check, `harmwatch
doctor`, its commands, the page on security and the tests are made.

READ and WRITE imply DESCRIBE, so that it stands nowhere. Nothing needs a right on the cluster: the producer is not
idempotent and uses no transactions, and topics are created by a right on the topic itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal, NamedTuple

from streams.config import WorkerConfig

__all__ = ["GROUPS", "TOPICS", "Need", "Operation", "Right", "Row", "rights_of"]

Operation = Literal["READ", "WRITE", "CREATE", "ALTER", "DESCRIBE_CONFIGS"]
Need = Literal["required", "optional", "creation", "doctor"]
"""``required``: no worker runs without it. ``optional``: it runs, without the feature, and says so. ``creation``: only
while a topic is missing or too narrow, and `topics.create_missing` is set. ``doctor``: one of its checks needs it."""


class Row(NamedTuple):
    """Of the table: for a topic the key under `topics`, for a group its part of the name."""

    key: str
    operation: Operation
    need: Need
    purpose: str


#: A key whose topic is not configured (null) asks for nothing.
TOPICS: Final[tuple[Row, ...]] = (
    Row("events", "READ", "required", "the events"),
    Row("verdicts", "WRITE", "required", "verdicts"),
    Row("evidence", "WRITE", "required", "evidence"),
    Row("dlq", "WRITE", "required", "dead letters"),
    Row("panes", "READ", "required", "window state of whoever had a partition before, and of the other workers"),
    Row("panes", "WRITE", "required", "window state"),
    Row("decisions", "READ", "required", "decisions that wait for a label, of whoever had a partition before"),
    Row("decisions", "WRITE", "required", "decisions that wait for a label"),
    Row("filtered", "WRITE", "required", "filtered texts"),
    Row("sanitised", "WRITE", "required", "sanitised inputs"),
    Row("labels", "READ", "optional", "delayed labels"),
    Row("audit", "WRITE", "optional", "changes of the configuration"),
    Row("feedback", "READ", "optional", "what operators said of findings"),
    Row("feedback", "WRITE", "optional", "marks of operators on the console"),
    *(
        Row(key, "CREATE", "creation", "to create it when it is missing")
        for key in (
            "verdicts", "evidence", "dlq", "panes", "decisions", "filtered", "sanitised", "labels", "audit", "feedback"
        )
    ),
    *(Row(key, "ALTER", "creation", "to give it as many partitions as the events") for key in ("panes", "decisions")),
    Row("panes", "DESCRIBE_CONFIGS", "doctor", "to see how large a message it takes"),
)  # fmt: skip

GROUPS: Final[tuple[Row, ...]] = (
    Row("", "READ", "required", "to share the partitions, and to commit"),
    Row("-side-", "READ", "optional", "what the other workers count, for gauges and console"),
)


_OPTIONAL: Final = frozenset(f"topics.{row.key}" for row in TOPICS if row.need == "optional")


class Right(NamedTuple):
    """One operation on one resource that a configuration asks for.

    Attributes
    ----------
    prefixed
        The name is the beginning of names: side groups end with the worker's name, which changes with every pod.
    feature
        The key of the configuration that it belongs to.
    """

    kind: Literal["topic", "group"]
    name: str
    operation: Operation
    need: Need
    purpose: str
    feature: str
    prefixed: bool = False

    @property
    def vital(self) -> bool:
        """No worker starts without it, where it is needed at all."""
        return self.need == "required" or (self.need == "creation" and self.feature not in _OPTIONAL)

    def __str__(self) -> str:
        return f"{self.operation} on {self.kind} {self.name}{'*' if self.prefixed else ''}"


def rights_of(config: WorkerConfig) -> list[Right]:
    """All that this configuration uses, in the order of the table."""
    return [*_topics(config), *_groups(config)]


def _topics(config: WorkerConfig) -> Iterator[Right]:
    for row in TOPICS:
        if row.need == "creation" and not config.topics.create_missing:
            continue
        if row.key == "decisions" and config.topics.labels is None:
            continue
        held = getattr(config.topics, row.key)
        names = (held,) if isinstance(held, str) else held or ()
        for name in names:
            yield Right("topic", name, row.operation, row.need, row.purpose, f"topics.{row.key}")


def _groups(config: WorkerConfig) -> Iterator[Right]:
    for row in GROUPS:
        name = f"{config.kafka.group_id}{row.key}"
        yield Right("group", name, row.operation, row.need, row.purpose, "kafka.group_id", prefixed=bool(row.key))
