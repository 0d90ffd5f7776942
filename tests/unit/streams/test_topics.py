"""streams.topics: a topic that a worker can do without is no reason to end."""

from __future__ import annotations

from typing import Any

import pytest
from kafka.errors import TopicAlreadyExistsError, TopicAuthorizationFailedError

from streams.config import WorkerConfig
from streams.topics import create_topics, topic_specs


class Broker:
    """kafka-python's admin client of a user who may not create some topics."""

    def __init__(self, refused: dict[str, type[Exception]]) -> None:
        self.refused = refused
        self.made: list[str] = []

    def create_topics(self, wanted: dict[str, Any], wait_for_metadata: bool) -> None:
        (name,) = wanted
        if name in self.refused:
            raise self.refused[name](name)
        self.made.append(name)


def test_without_the_audit_topic_a_worker_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    broker = Broker({"harm.audit": TopicAuthorizationFailedError, "harm.dlq": TopicAlreadyExistsError})
    specs = topic_specs(WorkerConfig(), 4)
    create_topics(broker, specs, 1)
    assert set(broker.made) == {spec.name for spec in specs} - {"harm.audit", "harm.dlq"}
    assert caplog.messages == ["topic_not_created topic=harm.audit reason=TopicAuthorizationFailedError"]


def test_without_any_other_it_does_not() -> None:
    with pytest.raises(TopicAuthorizationFailedError):
        create_topics(Broker({"harm.dlq": TopicAuthorizationFailedError}), topic_specs(WorkerConfig(), 4), 1)


def test_topics_that_a_worker_can_do_without_may_be_left_out() -> None:
    config = WorkerConfig.model_validate({"topics": {"audit": None, "feedback": None}})
    assert [spec.name for spec in topic_specs(WorkerConfig(), 4) if spec.optional] == ["harm.audit", "harm.feedback"]
    assert not any(spec.optional for spec in topic_specs(config, 4))
