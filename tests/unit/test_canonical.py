"""agent.canonical: what is written differently and read alike."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.canonical import canonical, canonical_character

any_text = st.text(st.characters(exclude_categories=()), max_size=60)


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("4111 1111-1111.1111", "4111111111111111"),
        ("４１１１\u3000１１１１", "41111111"),
        ("4\u200b1\u00ad1\ufe0f\u20e31", "4111"),
        ("٤١١١", "4111"),
        ("STRASSE straße", "strassestrasse"),
        ("Résumé re\u0301sume\u0301", "resumeresume"),
        ("山月，松风！🙂", "山月松风"),
        ("a_b+c\n\td", "abcd"),
        ("①② ㎏ ﬁn", "12kgfin"),
        ("हिन्दी", "हिनदी"),
        ("한국", unicodedata.normalize("NFD", "한국")),
        ("\u3164\u115f", ""),
        ("\ud800", ""),
        ("", ""),
    ],
)
def test_forms(text: str, form: str) -> None:
    assert canonical(text) == form


@given(any_text, any_text)
def test_the_form_of_a_text_is_that_of_its_parts(left: str, right: str) -> None:
    assert canonical(left + right) == canonical(left) + canonical(right)
    assert canonical(left) == "".join(map(canonical_character, left))


@given(any_text)
def test_it_is_idempotent_and_the_same_for_all_compositions(text: str) -> None:
    form = canonical(text)
    assert canonical(form) == form
    for kind in ("NFC", "NFD", "NFKC", "NFKD"):
        assert canonical(unicodedata.normalize(kind, text)) == form


@given(any_text)
def test_case_and_what_stands_between_make_no_difference(text: str) -> None:
    assert canonical(text.casefold()) == canonical(text)
    assert canonical(" - ".join(text)) == canonical(text)


def test_look_alikes_are_not_folded() -> None:
    assert canonical("раypal") != canonical("paypal")
