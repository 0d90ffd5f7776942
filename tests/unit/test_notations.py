"""agent.notations: known numbers are found whatever separates their digits, and never inside longer ones."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.protection import Known, TextProtector, load_operator
from agent.assess.protection.kinds import standard_form
from agent.assess.protection.tokens import PSEUDONYM, TOKEN
from agent.notations import Numbers, number_form
from agent.redaction import fold, redact
from agent.scores import TextSpan
from tests.unit.assess.protection_builders import KEY, protector, wide

NUMBERS = (
    ("CARD", "4111111111111111"),
    ("NATIONAL_ID", "536228714"),
    ("NATIONAL_ID", "11010519491231002x"),
    ("PHONE", "13812345678"),
    ("PHONE", "12125550147"),
    ("BANK_ACCOUNT", "gb82west12345698765432"),
    ("MEDICAL_ID", "9434765919"),
    ("LICENCE_ID", "1234567"),
)
SEPARATORS = st.sampled_from(["", "", " ", "-", ".", "/", " - "[:2], "–", "\u00a0", "__", " (", ") ", "－"])
BEFORE = st.sampled_from(["", " ", "：", "\n", "2, ", "order ", "#", "é"])
AFTER = st.sampled_from(["", " ", "：", "\n", ", 2 ", " order", "#", "é"])


@st.composite
def regroupings(draw: st.DrawFn, form: str) -> str:
    """One way to write a number: separators anywhere, upper case, full-width."""
    written = form[0] + "".join(draw(SEPARATORS) + character for character in form[1:])
    return draw(st.sampled_from([written, written.upper(), wide(written)]))


numbers = st.sampled_from(NUMBERS)
pairs = numbers.flatmap(
    lambda number: st.tuples(st.just(number), regroupings(number[1]), regroupings(number[1]), BEFORE, AFTER)
)
Case = tuple[tuple[str, str], str, str, str, str]


def digits_of(text: str) -> str:
    return standard_form(text, "CARD")


@settings(max_examples=300)
@given(pairs, st.sampled_from(["redact", "mask", "hash", "pseudonym", "generalise"]))
def test_no_regrouping_survives(case: Case, name: str) -> None:
    (kind, form), found, again, before, after = case
    text = f"{found};;;{before}{again}{after}"
    spans = [TextSpan(0, len(found), f"pii.{kind.lower()}", kind)]
    way = protector(name)
    result = way.protect(text, spans)
    assert len(result.done) == 2
    assert form not in digits_of(TOKEN.sub("\0", result.text))
    if name == "redact":
        assert result.text == f"[{kind}];;;{before}[{kind}]{after}"
        assert redact(text, spans) == result.text
    if name == "pseudonym":
        assert len(set(PSEUDONYM.findall(result.text))) == 1
    # As what is known from elsewhere, too.
    other = f"{before}{again}{after}"
    assert form not in digits_of(TOKEN.sub("\0", way.protect(other, [], way.known(text, spans)).text))


@settings(max_examples=300)
@given(pairs, st.sampled_from(["0", "7", "99"]), st.booleans())
def test_longer_numbers_stay(case: Case, more: str, behind: bool) -> None:
    (kind, form), _, again, before, _ = case
    if form[-1] == "x":
        behind = False
    elif form[0] == "g":
        behind = True
    # What is known is written with separators: as it is written a value goes wherever it stands.
    known = f"{form[:3]}-{form[3:5]} {form[5:]}"
    longer = again + wide(more) if behind else more + again
    text = f"{before}{longer}"
    values = {known: Known(kind, load_operator("redact"))}
    if known not in fold(text):
        assert protector("redact").protect(text, [], values).text == text


def test_a_row_in_three_notations() -> None:
    text = "card 4111 1111 1111 1111 | order 4111111111111111 | ref 4111-1111-1111-1111 | 94111111111111111"
    spans = [TextSpan(5, 24, "pii.card", "CARD")]
    expected = "card [CARD] | order [CARD] | ref [CARD] | 94111111111111111"
    assert protector("redact").protect(text, spans).text == expected
    assert redact(text, spans) == expected


def test_digits_beside_a_number_are_another_number_only_while_they_stand() -> None:
    text = "13812345678; 4111 1111 1111 1111; 4111-1111-1111-111113812345678 2"
    spans = [TextSpan(0, 11, "pii.phone", "PHONE"), TextSpan(13, 32, "pii.card", "CARD")]
    assert protector("redact").protect(text, spans).text == "[PHONE]; [CARD]; [CARD][PHONE] 2"
    assert redact(text, spans) == "[PHONE]; [CARD]; [CARD+PHONE] 2"


@pytest.mark.parametrize("written", ["8613812345678", "008613812345678", "+86 138 1234 5678", "861381234 5678"])
def test_a_mobile_with_its_country(written: str) -> None:
    values = {"138-1234-5678": Known("PHONE", load_operator("pseudonym", {}, KEY))}
    result = TextProtector(load_operator("redact"), {}).protect(f"at {written}!", [], values)
    token = load_operator("pseudonym", {}, KEY).replace("13812345678", "PHONE")
    assert result.text in (f"at {token}!", f"at +86 {token}!")


@pytest.mark.parametrize(
    ("value", "kind"),
    [("123-456", "PHONE"), ("1234567890", "EMAIL"), ("12 34 5x", "CARD"), ("1" * 41, "CARD"), ("12;345;678", "CARD")],
)
def test_what_has_no_other_notation(value: str, kind: str) -> None:
    assert number_form(value, kind) is None
    assert not Numbers({value: kind})


def test_three_separators_part_numbers() -> None:
    assert list(Numbers({"1234567": "CARD"}).places("123   4567 or 123  4567")) == [(14, 23, "1234567")]


@pytest.mark.parametrize(
    "written", ["4111\u200b1111\u00ad1111\u20601111", "٤١١١١١١١١١١١١١١١", "4\ufe0f\u20e3" + "1\ufe0f\u20e3" * 15]
)
def test_what_draws_nothing_and_digits_of_other_scripts_hide_no_number(written: str) -> None:
    text = f"card 4111 1111 1111 1111, order {written} sent"
    assert redact(text, [TextSpan(5, 24, "pii.card", "CARD")]).startswith("card [CARD], order [CARD]")
