"""Different names have series of their own, however alike they look."""

from __future__ import annotations

import pytest

from agent.metrics.label_values import clean_label
from tests.unit.test_metrics import Scrape


@pytest.mark.parametrize(
    ("name", "alike"),
    [
        ("bot-x", "bot-x\u200b"),
        ("evil", "\u202eevil"),
        ("bot a", "bot\u00a0a"),
        ("bot-x\u200b", r"bot-x\u200b"),
        ("x" * 200, "x" * 199 + "y"),
        ("x" * 200, clean_label("x" * 200)),
    ],
)
def test_a_name_that_looks_alike_changes_no_figure_of_the_other(name: str, alike: str) -> None:
    scrape = Scrape()
    # Twice, in either order: who has a series finds it another way than who has none.
    for first, second in [(name, alike), (alike, name)] * 2:
        scrape.metrics.set_harm(first, "5m", {"privacy": 1.0 if first == name else 0.25}, {})
        scrape.metrics.set_harm(second, "5m", {"privacy": 1.0 if second == name else 0.25}, {})
        scrape.metrics.event_decoded(name, "native", 2)
        scrape.metrics.event_decoded(alike, "native", 5)
    assert sorted(scrape.rows("harmwatch_harm_component").values()) == [0.25, 1.0]
    assert sorted(scrape.rows("harmwatch_events_total").values()) == [8.0, 20.0]
    assert scrape.rows("harmwatch_events_total") == scrape.metrics.rows("harmwatch_events_total")
    scrape.metrics.forget_model(alike)
    assert list(scrape.rows("harmwatch_harm_component").values()) == [1.0]


def test_a_model_whose_name_is_written_out_adds_its_counts_to_other_when_it_goes() -> None:
    scrape = Scrape(model_budget=1)
    scrape.metrics.harmful_event("a\u200b", "privacy", 3)
    scrape.metrics.harmful_event("b", "privacy", 2)
    scrape.metrics.harmful_event("c\u200b", "privacy", 1)
    assert scrape.rows("harmwatch_harmful_events_total") == {
        (r"a\u200b", "privacy"): 3.0,
        ("other", "privacy"): 3.0,
    }
    scrape.metrics.forget_model("a\u200b")
    scrape.metrics.harmful_event("b", "privacy", 2)
    assert scrape.metrics.rows_since_start("harmwatch_harmful_events_total") == {
        ("b", "privacy"): 2.0,
        ("other", "privacy"): 6.0,
    }


def test_a_forgotten_model_is_found_under_its_cleaned_name() -> None:
    scrape = Scrape()
    scrape.metrics.set_harm("a\nb", "5m", {"output": 0.5}, {"sum": 0.5})
    scrape.metrics.forget_model("a\nb")
    assert scrape.rows("harmwatch_harm_index") == {}


def test_a_declared_model_keeps_its_place_also_while_it_has_no_window() -> None:
    scrape = Scrape(model_budget=2)
    scrape.metrics.declare(models=["ours"])
    scrape.metrics.event_decoded("ours", "native")
    for number in range(3):
        scrape.metrics.forget_model("ours")
        scrape.metrics.event_decoded(f"evil-{number}", "native")
        scrape.metrics.forget_model(f"evil-{number}")
    scrape.metrics.event_decoded("ours", "native")
    assert scrape.rows("harmwatch_events_total") == {("evil-2", "native"): 1.0, ("ours", "native"): 2.0}
