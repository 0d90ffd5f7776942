"""Labels, schemes, and entities out of tokens."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.errors import ConfigError
from agent.scoring.ner.labels import Tag, kind_of, tag_of, wanted_labels
from agent.scoring.ner.tagging import Tagged, Token, entities_of


def entities(text: str, tokens: list[tuple[str, str]], words: list[int] | None = None) -> list[tuple[str, str]]:
    """Kind and characters of the entities; tokens are given by their characters and labels, in order."""
    columns: list[Tagged] = []
    made: list[Token] = []
    at = 0
    for place, (spelled, label) in enumerate(tokens):
        at = text.index(spelled, at)
        tag = tag_of(label)
        columns.append(Tagged(tag.position, tag.label, kind_of(tag.label, {})))
        made.append(Token(at, at + len(spelled), words[place] if words else place, place, 0.5))
        at += len(spelled)
    return [(each.kind, text[each.start : each.end]) for each in entities_of(text, made, columns)]


@pytest.mark.parametrize(
    ("text", "tokens", "found"),
    [
        ("Anna Lee left", [("Anna", "B-PER"), ("Lee", "I-PER"), ("left", "O")], ["Anna Lee"]),
        ("Anna Bela", [("Anna", "B-PER"), ("Bela", "B-PER")], ["Anna", "Bela"]),
        ("Anna Lee", [("Anna", "B-PER"), ("Lee", "E-PER")], ["Anna Lee"]),
        ("Anna Lee", [("Anna", "S-PER"), ("Lee", "S-PER")], ["Anna", "Lee"]),
        ("Anna Lee", [("Anna", "U-PER"), ("Lee", "L-PER")], ["Anna", "Lee"]),
        ("Anna Lee", [("Anna", "PER"), ("Lee", "PER")], ["Anna Lee"]),
        ("Anna Lee", [("Anna", "I-PER"), ("Lee", "I-PER")], ["Anna Lee"]),
        ("Anna Lee", [("Anna", "B-FIRSTNAME"), ("Lee", "B-LASTNAME")], ["Anna Lee"]),
        ("Anna, Lee", [("Anna", "B-FIRSTNAME"), ("Lee", "B-LASTNAME")], ["Anna", "Lee"]),
        ("Anna in Rome", [("Anna", "B-PER"), ("Rome", "I-LOC")], ["Anna", "Rome"]),
        ("王小明李华", [("王", "B-name"), ("小", "I-name"), ("明", "I-name"), ("李", "B-name"), ("华", "I-name")],
         ["王小明", "李华"]),
        ("王明李华", [("王", "B-PER"), ("明", "E-PER"), ("李", "I-PER"), ("华", "E-PER")], ["王明", "李华"]),
    ],
)  # fmt: skip
def test_schemes(text: str, tokens: list[tuple[str, str]], found: list[str]) -> None:
    assert [spelled for _, spelled in entities(text, tokens)] == found


def test_a_word_has_the_label_of_its_first_token() -> None:
    tokens = [("Anna", "B-PER"), ("bel", "O"), ("la", "B-LOC"), ("left", "O")]
    assert entities("Annabella left", tokens, [0, 0, 0, 1]) == [("person", "Annabella")]
    assert entities("Annabella left", [("Anna", "O"), ("bel", "B-PER"), ("la", "O"), ("left", "O")], [0, 0, 0, 1]) == []


def test_scripts_without_blanks_go_token_by_token() -> None:
    assert entities("请王明来", [("请", "O"), ("王", "B-PER"), ("明", "I-PER"), ("来", "O")], [0, 0, 0, 0]) == [
        ("person", "王明")
    ]


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        ("O", Tag("", "")), ("B-PER", Tag("B", "PER")), ("I_name", Tag("I", "name")), ("PER-B", Tag("B", "PER")),
        ("L-PER", Tag("E", "PER")), ("U-PER", Tag("S", "PER")), ("PERSON", Tag("", "PERSON")),
        ("FIRST_NAME", Tag("", "FIRST_NAME")), ("B-FIRST_NAME", Tag("B", "FIRST_NAME")),
    ],
)  # fmt: skip
def test_labels_are_split(name: str, tag: Tag) -> None:
    assert tag_of(name) == tag


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("PER", "person"), ("PERSON", "person"), ("PER.NAM", "person"), ("name", "person"), ("nr", "person"),
        ("GPE", "place"), ("LOC", "place"), ("FAC", "place"), ("ADDRESS", "address"), ("STREET_ADDRESS", "address"),
        ("ORG", None), ("DATE", None), ("", None), ("LABEL_1", None),
    ],
)  # fmt: skip
def test_labels_mean(label: str, kind: str | None) -> None:
    assert kind_of(label, {}) == kind


def test_labels_by_option_replace_the_table() -> None:
    given = wanted_labels({"LABEL_1": "NAME", "X": "PLACE"}, "pii")
    assert (kind_of("LABEL_1", given), kind_of("X", given), kind_of("PER", given)) == ("person", "place", None)


@pytest.mark.parametrize("labels", [{"PER": "PERSON"}, ["PER"], "PER", {}, {"PER": ["NAME"]}])
def test_other_labels_are_refused(labels: object) -> None:
    with pytest.raises(ConfigError, match="labels maps labels of the model to NAME, ADDRESS, PLACE"):
        wanted_labels(labels, "pii")


@given(st.lists(st.tuples(st.sampled_from("ab王 "), st.integers(0, 6), st.integers(0, 3)), max_size=30))
def test_entities_are_in_order_whatever_the_labels(parts: list[tuple[str, int, int]]) -> None:
    names = ("O", "B-PER", "I-PER", "E-PER", "S-PER", "LOC", "B-LOC")
    columns = [Tagged(tag_of(name).position, tag_of(name).label, kind_of(tag_of(name).label, {})) for name in names]
    text = "".join(letter for letter, _, _ in parts)
    tokens = [Token(at, at + 1, word, column, 1.0) for at, (letter, column, word) in enumerate(parts) if letter != " "]
    last = 0
    for entity in entities_of(text, tokens, columns):
        assert last <= entity.start < entity.end <= len(text)
        assert entity.score == pytest.approx(1.0)
        last = entity.end
