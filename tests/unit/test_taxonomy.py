"""agent.taxonomy: every category of every scorer has its row, and the page says what the table says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from agent.scoring import SCORERS, load_scorer
from agent.taxonomy import CATEGORIES, HAZARDS, OWASP_LLM_2025, OWASP_LLM_2026, as_json, lookup

_BROADENED = {"System Prompt Leakage": "Hidden Context Exposure"}
PAGE = Path(__file__).parents[2] / "docs" / "categories.md"
#: What constructors insist on; nothing is loaded.
OPTIONS = {
    "canary": {"file": "/nowhere"},
    "detoxify": {"checkpoint": "/nowhere"},
    "transformers": {"model": "/nowhere", "labels": {"toxic": "toxicity"}},
}


@pytest.mark.parametrize("name", SCORERS)
def test_every_category_of_a_scorer_has_a_row(name: str) -> None:
    for category in load_scorer(name, OPTIONS.get(name, {})).categories:
        assert lookup(category) is not None, f"add {category} to agent/taxonomy.py and docs/categories.md"


def test_ids_exist_and_names_are_unique() -> None:
    assert len({row.name for row in CATEGORIES}) == len(CATEGORIES)
    assert len(HAZARDS) == 12
    for row in CATEGORIES:
        assert set(row.hazards) <= set(HAZARDS)
        assert set(row.owasp_2025) <= set(OWASP_LLM_2025)
        assert set(row.owasp_2026) <= set(OWASP_LLM_2026)
        # Editions number anew, and may broaden a risk; all but one of those used here kept their names.
        before = [OWASP_LLM_2025[one] for one in row.owasp_2025]
        assert [_BROADENED.get(name, name) for name in before] == [OWASP_LLM_2026[one] for one in row.owasp_2026]


def test_a_category_finds_its_own_row_before_a_star() -> None:
    own, starred, absent = lookup("misleading.ungrounded"), lookup("misleading.contradiction"), lookup("weather")
    assert own is not None
    assert own.name == "misleading.ungrounded"
    assert starred is not None
    assert starred.name == "misleading.*"
    assert absent is None
    assert lookup("toxicity") != lookup("toxicity.insult")


def test_the_page_has_the_table() -> None:
    text = PAGE.read_text("utf-8")
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if line.startswith("| `")]
    documented = [row for row in rows if len(row) == 5]
    assert documented == [
        [f"`{row.name}`", row.meaning, *(", ".join(ids) for ids in (row.hazards, row.owasp_2025, row.owasp_2026))]
        for row in CATEGORIES
    ]
    names = {re.sub("`", "", row[0]): row[1] for row in rows if len(row) == 2}
    used = {one for row in CATEGORIES for one in (*row.owasp_2025, *row.owasp_2026)}
    known = {**HAZARDS, **OWASP_LLM_2025, **OWASP_LLM_2026}
    assert names == {one: known[one] for one in (*HAZARDS, *used)}


def test_the_json_has_everything() -> None:
    document = as_json()
    assert [row["category"] for row in document["categories"]] == [row.name for row in CATEGORIES]
    assert (len(document["owasp_llm_2025"]), len(document["owasp_llm_2026"])) == (10, 10)
