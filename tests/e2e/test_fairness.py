"""Three workers on six partitions, one killed, know what one worker on one partition knows."""

from __future__ import annotations

import pytest

from tests.brokers.base import BrokerCluster

from .fairness import decisions, figures, labels_apart, one_worker, three_workers_one_killed


@pytest.mark.slow
def test_fairness_is_the_same_however_many_workers_counted(kafka: BrokerCluster) -> None:
    records = decisions(3000, seed=11)
    alone, together = one_worker(kafka, records), three_workers_one_killed(kafka, records)
    assert together == alone
    assert {attribute: sum(sum(group[:12:2]) for group in groups.values()) for attribute, groups in alone.items()} == {
        "sex": 3000.0,
        "age": 3000.0,
    }
    assert figures(together) == figures(alone)
    assert [len(entry.disparities) for entry in figures(alone).attributes] == [7, 7]


@pytest.mark.slow
def test_labels_on_a_topic_of_their_own_make_no_difference_though_workers_are_killed(kafka: BrokerCluster) -> None:
    records = decisions(3000, seed=12)
    bare, labels = labels_apart(records, seed=13)
    assert len(labels) == 1650
    assert three_workers_one_killed(kafka, bare, labels) == one_worker(kafka, records)
