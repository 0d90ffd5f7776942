"""Kinds of positives against the negatives of their language."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.quality.bootstrap import Bootstrap
from agent.quality.figures import text_figures
from agent.quality.kind_tables import kind_blocks, worth_showing
from agent.quality.kinds import kind_figures
from agent.quality.measure import Judged
from agent.quality.rows import LabelledRow
from agent.report import Note, Table
from tests.unit.quality.builders import judged

scores = st.lists(st.integers(0, 6), min_size=5, max_size=30)


def part(
    positive: Sequence[int],
    negative: Sequence[int],
    hard: Sequence[int] = (),
    category: str | None = None,
    lang: str = "en",
) -> Judged:
    """Scores in sixths; flagged from 0.5 on."""
    every = [score / 6 for score in (*positive, *negative, *hard)]
    found = judged([1] * len(positive) + [0] * (len(every) - len(positive)), every)
    rows = [LabelledRow(text="x", lang=lang, label=1, category=category) for _ in positive]
    rows += [LabelledRow(text="x", lang=lang, label=0) for _ in negative]
    rows += [LabelledRow(text="x", lang=lang, label=0, hard=True) for _ in hard]
    return replace(found, rows=rows)


@given(scores, scores, scores, scores)
def test_all_kinds_together_are_ranked_as_everything_is(
    one: list[int], two: list[int], negative: list[int], hard: list[int]
) -> None:
    parts = [part(one, negative), part(two, [], hard)]
    found = kind_figures(["a", "b"], parts)["by_kind"]["en"]
    benign = text_figures(Judged.pooled([part(one, negative), part(two, [])]), 0.5, Bootstrap(0))
    every = text_figures(Judged.pooled(parts), 0.5, Bootstrap(0))
    for name in ("auroc", "recall_at_1pct_fpr"):
        assert found["all"][name] == pytest.approx(benign[name])
        assert found["all"]["with_hard_negatives"][name] == pytest.approx(every[name])
    assert found["all"]["recall"] == pytest.approx(every["recall"])
    assert (found["benign"], found["hard_negatives"], found["all"]["n"]) == (len(negative), len(hard), len(one + two))
    # the area of all is the mean of the areas of its kinds, weighted by their numbers
    areas = [kind["auroc"] * kind["n"] for kind in found["kinds"]]
    assert sum(areas) / len(one + two) == pytest.approx(found["all"]["auroc"])


def test_a_category_is_a_kind_where_it_tells_positives_apart() -> None:
    mixed = Judged.pooled([part([5] * 5, [0] * 5, category="leet"), part([1] * 6, [], category="tags"), part([6], [])])
    alone = part([4] * 5, [], category="only")
    found = kind_figures(["mixed", "alone"], [mixed, alone])["by_kind"]["en"]["kinds"]
    kinds = {(kind["file"], kind["category"]): (kind["n"], kind["recall"]) for kind in found}
    assert kinds == {
        ("mixed", None): (12, 0.5), ("mixed", "leet"): (5, 1.0), ("mixed", "tags"): (6, 0.0), ("alone", None): (5, 1.0)
    }  # fmt: skip


def test_few_texts_are_counted_and_not_ranked() -> None:
    found = kind_figures(["f"], [part([6] * 4, [0] * 9)])["by_kind"]["en"]["all"]
    assert (found["n"], found["auroc"], found["recall_at_1pct_fpr"], found["recall"]) == (4, None, None, 1.0)
    assert found["with_hard_negatives"] is None
    assert found["intervals"]["recall"][0] < 0.6
    perfect = kind_figures(["f"], [part([6] * 5, [0] * 5)])["by_kind"]["en"]["all"]
    low, high = perfect["intervals"]["auroc"]
    assert perfect["auroc"] == high == 1.0 and 0.5 < low < 0.75, "five and five say little"


def test_negatives_of_each_side_are_counted_by_file_and_language() -> None:
    parts = [part([], [0, 6, 0, 0], [6, 6]), part([6], [0], lang="zh")]
    sides = kind_figures(["a", "b"], parts)["false_positives"]
    assert {name: (found["n"], found["fpr"]) for name, found in sides["benign"]["by_file"].items()} == {
        "a": (4, 0.25), "b": (1, 0.0)
    }  # fmt: skip
    assert {name: (found["n"], found["fpr"]) for name, found in sides["hard_negatives"]["by_lang"].items()} == {
        "en": (2, 1.0)
    }  # fmt: skip
    low, high = sides["benign"]["by_lang"]["en"]["interval"]
    assert 0.0 < low < 0.25 < high < 1.0


def figures_of(parts: list[Judged], task: str = "adversarial") -> dict[str, object]:
    names = [str(place) for place in range(len(parts))]
    return {"task": task, "scorer": "ours", **kind_figures(names, parts)}


def test_tables_put_judges_beside_each_other_and_say_what_they_leave_out() -> None:
    english = Judged.pooled([part([6] * 9, [0] * 8, [6] * 5, "big"), part([5] * 3, [], category="small")])
    parts = [english, part([6] * 3, [], category="x", lang="de")]
    figures, rival = figures_of(parts), figures_of(parts) | {"scorer": "rival"}
    blocks = kind_blocks(figures | {"beside": {"rival": rival}}, fewest=5)
    ranked, benign, hard = (block for block in blocks if isinstance(block, Table))
    assert ranked.head == ("technique", "attacks", "ours", "rival")
    assert [row[0].text for row in ranked.rows] == ["all", "all, hard negatives too", "0", "0/big"]
    assert ranked.rows[0][2].text == "1.000  1.00  1.00"
    assert [row[0].text for row in benign.rows] == ["all, en", "0"]
    assert hard.rows[0][2].text == "100.0 %"
    notes = " ".join(block.text for block in blocks if isinstance(block, Note))
    assert "to rank: de (3)" in notes
    assert "1 categories of fewer than 5 attacks" in notes


def test_one_kind_in_one_file_needs_no_table_of_kinds() -> None:
    assert not worth_showing(figures_of([part([6] * 5, [0] * 5)]))
    assert worth_showing(figures_of([part([6] * 5, [0] * 5, [1])]))
    assert worth_showing(figures_of([part([6] * 5, [0] * 5)]) | {"files": {}})
    toxic = kind_blocks(figures_of([part([6] * 5, [0] * 5)], "toxicity"))[0]
    assert isinstance(toxic, Table)
    assert toxic.head == ("kind", "positives", "ours")
