"""Three workers on six partitions, one killed, know what one worker on one partition knows."""

from __future__ import annotations

import pytest

from tests.brokers.base import BrokerCluster

from .fairness import decisions, figures, labels_apart, one_worker, three_workers_one_killed


@pytest.mark.slow
def test_fairness_is_the_same_however_many_workers_counted(kafka: BrokerCluster) -> None:
    records = decisions(3000, seed=11)
    alone, together = one_worker(kafka, records), three_workers_one_killed(kafka, records)
    for one, other in zip(together, alone, strict=True):
        assert one == other
    bias = alone.totals["bias"]
    assert {attribute: sum(sum(group[:12:2]) for group in groups.values()) for attribute, groups in bias.items()} == {
        "sex": 3000.0,
        "age": 3000.0,
    }
    assert figures(together.totals["bias"]) == figures(bias)
    assert [len(entry.disparities) for entry in figures(bias).attributes] == [7, 7]
    # What is equal is something: H is measured, women's incomes drift, and a gap has widened with them.
    assert all(index is not None and index.sufficient for _, index in alone.measured.values())
    income = "input.features.income"
    drifting = {drift.series.label for drift in alone.drift if drift.detected}
    assert {income, f"{income}[sex=female]"} <= drifting
    assert f"{income}[sex=male]" not in drifting
    assert {(hint.attribute, hint.group, hint.feature) for hint in alone.hints} == {("sex", "female", income)}


@pytest.mark.slow
def test_labels_on_a_topic_of_their_own_make_no_difference_though_workers_are_killed(kafka: BrokerCluster) -> None:
    records = decisions(3000, seed=12)
    bare, labels = labels_apart(records, seed=13)
    assert len(labels) == 1650
    assert three_workers_one_killed(kafka, bare, labels) == one_worker(kafka, records)
