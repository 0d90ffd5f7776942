"""The words of reports."""

from __future__ import annotations

from itertools import combinations

from agent.assess.report.words import COMMON_TEXTS, TEXTS
from agent.assess.report.words_bias import BIAS_TEXTS
from agent.assess.report.words_rebalance import REBALANCE_TEXTS


def test_no_part_takes_a_key_from_another() -> None:
    parts = (COMMON_TEXTS, BIAS_TEXTS, REBALANCE_TEXTS)
    for one, two in combinations(parts, 2):
        assert not one.keys() & two.keys()
    assert TEXTS == COMMON_TEXTS | BIAS_TEXTS | REBALANCE_TEXTS
