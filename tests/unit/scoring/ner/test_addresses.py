"""Which places are addresses."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.scoring.ner.addresses import addresses_in
from agent.scoring.ner.base import Entity, EntityKind


def found(text: str, marked: dict[str, EntityKind]) -> list[str]:
    entities = sorted(
        Entity(text.index(word), text.index(word) + len(word), kind, 0.9) for word, kind in marked.items()
    )
    return [text[each.start : each.end] for each in addresses_in(text, entities)]


@pytest.mark.parametrize(
    ("text", "marked", "address"),
    [
        ("at 12 Elm Street now", {"Elm Street": "place"}, "12 Elm Street"),
        ("at 12 Elm Street now", {"12 Elm Street": "place"}, "12 Elm Street"),
        ("at Elm Street 12 now", {"Elm Street": "person"}, "Elm Street 12"),
        ("at 12 Elm Street, Suite 5, Reno, NV 89501.", {"Elm Street": "place", "Reno": "place"},
         "12 Elm Street, Suite 5, Reno, NV 89501"),
        ("at 12 Elm Street, Anna", {"Elm Street": "place", "Anna": "person"}, "12 Elm Street"),
        ("住在北京市海淀区中关村大街1号院", {"北京市海淀区": "place"}, "北京市海淀区中关村大街1号"),
        ("住在上海市南京路100号", {"上海市南京路100号": "place"}, "上海市南京路100号"),
        ("anywhere", {"anywhere": "address"}, "anywhere"),
    ],
)  # fmt: skip
def test_a_street_with_a_number_and_what_follows(text: str, marked: dict[str, EntityKind], address: str) -> None:
    (only,) = found(text, marked)
    assert only.startswith(address)
    assert len(only) <= len(address) + 1


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("I love Paris", {"Paris": "place"}),
        ("in 2024 Paris hosted the games", {"Paris": "place"}),
        ("the games of Paris 2024", {"Paris": "place"}),
        ("12 Anna", {"Anna": "person"}),
        ("on 01/02/2054", {"01/02/2054": "place"}),
        ("Windows 95", {"Windows 95": "place"}),
        ("我在北京", {"北京": "place"}),
        ("北京2008年奥运会", {"北京": "place"}),
    ],
)
def test_a_place_alone_is_none(text: str, marked: dict[str, EntityKind]) -> None:
    assert found(text, marked) == []


@given(st.text(st.sampled_from("12 ,\nAptStreet.北京路号"), max_size=40), st.data())
def test_addresses_are_in_order_and_inside_of_the_text(text: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=8)))
    kinds: list[EntityKind] = ["place", "person", "address"]
    entities = [
        Entity(start, end, data.draw(st.sampled_from(kinds)), 0.9)
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
        if start < end
    ]
    last = 0
    for each in addresses_in(text, entities):
        assert 0 <= each.start < each.end <= len(text)
        assert last <= each.end
        last = each.end
