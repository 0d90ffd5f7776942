"""A model behind its gate, several side by side, and their spans beside those of patterns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.scores import ScoreRow, TextSpan
from agent.scoring.ner.base import Entity
from agent.scoring.ner.finder import JoinedFinders, ModelFinder, without_overlaps
from agent.scoring.ner.merging import with_names
from agent.scoring.occupied import Occupied
from tests.growth import growth
from tests.unit.scoring.ner.tiny_models import KnownNames

MIXED = "请联系王小明，或 ask Anna Lee 🙂 at 12 Elm Street. Ge\u0301za too."


def spelled(text: str, spans: list[TextSpan]) -> list[tuple[str, str]]:
    return [(span.type, text[span.start : span.end]) for span in spans]


def test_offsets_hold_in_mixed_text() -> None:
    model = KnownNames({"王小明": "person", "Anna Lee": "person", "Elm Street": "place", "Ge\u0301za": "person"})
    (spans,) = ModelFinder(model).find([MIXED])
    assert spelled(MIXED, spans) == [
        ("NAME", "王小明"), ("NAME", "Anna Lee"), ("ADDRESS", "12 Elm Street"), ("NAME", "Ge\u0301za"),
    ]  # fmt: skip
    assert {span.category for span in spans} == {"pii.name", "pii.address"}
    assert all("Anna" not in span.explanation for span in spans)


def test_a_model_is_asked_only_where_the_gate_says_so() -> None:
    model = KnownNames({"Anna": "person"}, "latin")
    texts = ["Please ask Anna.", "Please ask her.", "今天天气很好", "", "Dear Anna,"]
    found = ModelFinder(model).find(texts)
    assert model.asked == [texts[0], texts[4]]
    assert [len(spans) for spans in found] == [1, 0, 0, 0, 1]
    ModelFinder(model, gate=False).find(texts)
    assert model.asked[2:] == [texts[0], texts[1], texts[4]]


def test_a_model_that_nobody_needs_is_not_asked() -> None:
    model = KnownNames({})
    assert ModelFinder(model).find([]) == []
    assert ModelFinder(model).find(["", "12"]) == [[], []]
    assert model.asked == []


def test_names_in_another_script_than_the_models_are_left_out() -> None:
    text = "Please ask Anna or Άννα or 王小明 about it"
    model = KnownNames({"Anna": "person", "Άννα": "person", "王小明": "person"}, "latin")
    (spans,) = ModelFinder(model).find([text])
    assert spelled(text, spans) == [("NAME", "Anna")]


def test_lone_surrogates_do_not_move_offsets() -> None:
    text = "\ud800 ask Anna"
    (spans,) = ModelFinder(KnownNames({"Anna": "person"})).find([text])
    assert spelled(text, spans) == [("NAME", "Anna")]


def test_a_model_sees_capitals_by_word_where_all_is_in_capitals() -> None:
    model = KnownNames({"Anna Lee": "person"})
    text = "DEAR ANNA LEE, STRASSE 5"
    (spans,) = ModelFinder(model).find([text])
    assert spelled(text, spans) == [("NAME", "ANNA LEE")]
    assert model.asked == ["Dear Anna Lee, Strasse 5"]
    ModelFinder(model).find(["DEAR ANNA DİLEK"])  # İ has a lower case of two: left as it is
    assert model.asked[1:] == ["DEAR ANNA DİLEK"]


def test_finders_for_two_scripts_stand_side_by_side() -> None:
    latin, han = KnownNames({"Anna Lee": "person"}, "latin"), KnownNames({"王小明": "person"}, "han")
    finder = JoinedFinders([ModelFinder(latin), ModelFinder(han)])
    finder.warm_up()
    assert (latin.warm, han.warm, finder.version) == (True, True, "known@1+known@1")
    latin.asked.clear()
    han.asked.clear()
    texts = ["Ask Anna Lee", "请联系王小明", "Ask Anna Lee 王小明"]
    assert [spelled(*each) for each in zip(texts, finder.find(texts), strict=True)] == [
        [("NAME", "Anna Lee")], [("NAME", "王小明")], [("NAME", "Anna Lee"), ("NAME", "王小明")],
    ]  # fmt: skip
    assert (latin.asked, han.asked) == ([texts[0], texts[2]], [texts[1], texts[2]])


def test_where_two_overlap_the_longer_is_kept() -> None:
    first, second = KnownNames({"Lee": "person"}), KnownNames({"Anna Lee": "person"})
    (spans,) = JoinedFinders([ModelFinder(first), ModelFinder(second)]).find(["Ask Anna Lee"])
    assert spelled("Ask Anna Lee", spans) == [("NAME", "Anna Lee")]


SPANS = st.lists(
    st.builds(
        lambda start, length, kind: TextSpan(start, start + length, f"pii.{kind.lower()}", kind),
        st.integers(0, 30), st.integers(1, 9), st.sampled_from(["NAME", "ADDRESS"]),
    ),
    max_size=8,
)  # fmt: skip


@given(SPANS)
def test_kept_spans_never_overlap_and_every_other_overlaps_one(spans: list[TextSpan]) -> None:
    kept = without_overlaps(spans)
    assert all(first.end <= second.start for first, second in pairwise(kept))
    assert all(any(span.start < other.end and other.start < span.end for other in kept) for span in spans)


def test_patterns_go_before_names() -> None:
    text = "Ask Anna Lee, key Anna, 12 Elm Street"
    own = TextSpan(18, 22, "pii.secret", "SECRET", 1.0, "assigned secret")
    finder = ModelFinder(KnownNames({"Anna Lee": "person", "Anna": "person", "Elm Street": "place"}))
    before = ScoreRow({"pii.secret": 1.0}, (own,), "assigned secret")
    (row,) = with_names([before], [text], finder, {"pii.secret", "pii.name"})
    assert spelled(text, list(row.spans)) == [("NAME", "Anna Lee"), ("SECRET", "Anna")]
    assert row.scores == {"pii.secret": 1.0, "pii.name": 0.9}
    assert row.explanation == "assigned secret, named entity (known)"
    bare = ScoreRow({}, truncated=True)
    assert with_names([bare], ["nothing"], finder, {"pii.name"}) == [bare]


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 6)), max_size=8), st.integers(0, 30), st.integers(1, 6))
def test_places_are_taken_or_free(spans: list[tuple[int, int]], start: int, length: int) -> None:
    taken = {place for begin, size in spans for place in range(begin, begin + size)}
    occupied = Occupied((begin, begin + size) for begin, size in spans)
    free = not taken & set(range(start, start + length))
    assert occupied.is_free(start, start + length) is free
    if free:
        occupied.take(start, start + length)
        assert not occupied.is_free(start, start + 1)
        assert not occupied.is_free(start + length - 1, start + length)


def test_the_cost_of_many_names_stays_in_proportion_to_the_text() -> None:
    def finding(count: int) -> Callable[[], object]:
        text = "".join(f"Anna Lee{chr(97 + place % 26)} X{place}, " for place in range(count))
        entities = [Entity(at, at + 9, "person", 0.9) for at in range(len(text)) if text.startswith("Anna", at)]
        return lambda: ModelFinder(_Fixed(entities)).find([text])

    # 8 is linear; 64 when every name is compared with every other.
    assert growth(finding(2_000), finding(16_000), 24) < 32


class _Fixed(KnownNames):
    """Marks the same entities in every text."""

    def __init__(self, entities: list[Entity]) -> None:
        super().__init__({}, "latin")
        self._entities = entities

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        return [self._entities for _ in texts]
