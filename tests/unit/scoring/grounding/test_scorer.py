"""The groundedness scorer as a whole: a labelled set, what it does not judge, and what every scorer promises."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.scores import ScoreRow
from agent.scoring.base import uses_context
from agent.scoring.grounding import GroundednessScorer
from tests.unit.scoring.grounding.builders import Case, make_batch, make_item, read_cases

CATEGORY = "misleading.ungrounded"
SCORER = GroundednessScorer()
CASES = read_cases()


def score_of(case: Case) -> float:
    (row,) = SCORER.score(make_batch(make_item(case.answer, *case.context, question=case.question)))
    return row.scores.get(CATEGORY, 0.0)


def row_of(answer: str, *context: str, **over: object) -> ScoreRow:
    (row,) = SCORER.score(make_batch(make_item(answer, *context, **over)))  # type: ignore[arg-type]
    return row


def auroc(cases: list[Case]) -> float:
    """Probability that an unsupported answer scores higher than a supported one (Mann and Whitney 1947)."""
    bad = [score_of(case) for case in cases if case.label]
    good = [score_of(case) for case in cases if not case.label]
    return sum((b > g) + (b == g) / 2 for b in bad for g in good) / (len(bad) * len(good))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_labelled_set(lang: str) -> None:
    cases = [case for case in CASES if case.lang == lang]
    bad, good = [case for case in cases if case.label], [case for case in cases if not case.label]
    assert len(bad) >= 15
    assert len(good) >= 25
    threshold = SCORER.thresholds[CATEGORY]
    found = [case.id for case in bad if score_of(case) >= threshold]
    alarms = [case.id for case in good if score_of(case) >= threshold]
    assert auroc(cases) >= 0.93
    assert len(found) / len(bad) >= 0.85
    assert len(alarms) / len(good) <= 0.03, alarms


def test_the_set_holds_what_form_cannot_see() -> None:
    """Else it would be made of what the patterns find."""
    missed = [case for case in CASES if case.label and score_of(case) == 0.0]
    assert {case.kind for case in missed} >= {"meaning"}


def test_one_wrong_number_is_enough_and_is_shown() -> None:
    row = row_of("It opens at 9.", "The clinic opens at 8.", question="When does it open?")
    assert row.scores[CATEGORY] == 1.0
    assert [(span.start, span.end, span.type) for span in row.spans] == [(12, 13, "UNSUPPORTED_NUMBER")]
    assert row.explanation == "1 of 1 numbers are not in the context"


def test_what_is_right_beside_it_makes_up_for_little() -> None:
    answer = "It opens at 9, has 4 rooms, 12 nurses and 30 beds."
    row = row_of(answer, "It opens at 8. Rooms: 4; nurses: 12; beds: 30.")
    assert row.scores[CATEGORY] == pytest.approx(1 / (1 + 0.5 * 3))


def test_the_question_and_the_instructions_support() -> None:
    assert row_of("Yes, 25 June is free.", "Ask a day before.", question="Is 25 June free?").scores[CATEGORY] == 0.0


@pytest.mark.parametrize(
    "row",
    [
        row_of("It opens at 9."),
        row_of("It opens at 9.", " \n"),
        row_of("Rinse it well.", "Rinse the rice."),
        row_of("It opens at 9.", "It opens at 8.", kind="tool_arguments"),
        row_of("It opens at 9.", "It opens at 8.", kind="reasoning"),
        row_of("It opens at 9.", tool_results=("It opens at 8.",)),
        row_of("", "It opens at 8."),
    ],
)
def test_what_cannot_be_checked_is_not_judged(row: ScoreRow) -> None:
    assert row == ScoreRow({}, judged=False)


def test_tool_results_are_a_context_when_wanted_and_support_always() -> None:
    wanted = GroundednessScorer(tool_results=True)
    item = make_item("It opens at 9.", tool_results=("It opens at 8.",))
    assert wanted.score(make_batch(item))[0].scores == {CATEGORY: 1.0}
    assert row_of("It opens at 9.", "It opens early.", tool_results=("Opening: 9",)).scores == {CATEGORY: 0.0}


def test_a_context_beyond_the_limit_is_not_judged_and_said() -> None:
    assert row_of("It opens at 9.", "x" * 2_000_001) == ScoreRow({}, judged=False, truncated=True)


def test_options() -> None:
    assert GroundednessScorer(threshold=0.7).thresholds == {CATEGORY: 0.7}
    few = GroundednessScorer(min_claims=4.0).score(make_batch(make_item("It opens at 9.", "It opens at 8.")))
    assert few[0].scores == {CATEGORY: 0.25}
    for wrong in (
        {"threshold": 0.0},
        {"threshold": 1.5},
        {"min_claims": 0.0},
        {"nli": {}},
        {"nli": {"colour": 1}},
        {"model": "/x"},
    ):
        with pytest.raises(ConfigError):
            GroundednessScorer(**wrong)  # type: ignore[arg-type]


def test_it_says_that_it_uses_the_context_and_stays_on_the_host() -> None:
    assert uses_context(SCORER)
    assert SCORER.lane == "host"
    assert SCORER.version == "builtin@1"


_piece = st.one_of(
    st.text(st.characters(exclude_categories=()), max_size=20),
    st.sampled_from([case.answer for case in CASES]),
    st.sampled_from(
        [
            "8:30 ",
            "《a》",
            '"a b c" ',
            "1,200 ",
            "not ",
            "一万二",
            "周三",
            "Anna Lee ",
            "\n",
            "```",
            "。",
            "$5m",
            "王先生",
        ]
    ),
)
_text = st.lists(_piece, max_size=5).map("".join)


@settings(max_examples=150)
@given(st.lists(st.tuples(_text, st.lists(_text, max_size=2), _text), min_size=1, max_size=4))
def test_any_texts_are_scored_and_alone_as_in_company(rows: list[tuple[str, list[str], str]]) -> None:
    items = [make_item(answer, *context, question=question) for answer, context, question in rows]
    found = SCORER.score(make_batch(*items))
    assert len(found) == len(rows)
    for (answer, context, question), row in zip(rows, found, strict=True):
        assert all(0.0 <= value <= 1.0 for value in row.scores.values())
        end = 0
        for span in row.spans:
            assert end <= span.start < span.end <= len(answer)
            end = span.end
        assert row.judged == bool(row.scores)
        assert row == row_of(answer, *context, question=question)
        assert "\n" not in row.explanation
