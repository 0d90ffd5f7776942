"""The short form of ``make canary``."""

from __future__ import annotations

from .canary import measure, problems


def test_a_canary_is_found_and_stands_in_nothing_that_is_written() -> None:
    result = measure(2_000, registered=100, seed=3)
    assert problems(result) == []
    assert set(result["searched"]) == {
        "metrics", "logs", "registering", "harm.verdicts", "harm.evidence", "harm.filtered", "harm.dlq", "harm.panes",
    }  # fmt: skip
