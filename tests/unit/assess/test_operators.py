"""Each operator by itself: tables of what it gives, and the protocol that all keep to."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.protection import OPERATORS, load_operator, operator_class
from agent.assess.protection.base import apply
from agent.assess.protection.kinds import KINDS
from agent.assess.protection.tokens import TOKEN
from agent.redaction import fold
from tests.unit.assess.protection_builders import KEY, wide


@pytest.mark.parametrize(
    ("value", "kind", "options", "masked"),
    [
        ("139-1234-5678", "PHONE", {}, "***-****-*678"),
        ("4111 1111 1111 1234", "CARD", {}, "**** **** **** 1234"),
        ("４１１１１１１１１１１１１２３４", "CARD", {}, "************１２３４"),
        ("ann.lee@example.org", "EMAIL", {}, "***.***@*******.***"),
        ("Ann Lee", "NAME", {}, "*** ***"),
        ("Ann Lee", "NAME", {"last": 8}, "*** *ee"),
        ("sk-live-123456", "SECRET", {"last": 8}, "**-****-******"),
        ("北京市东城区9号", "ADDRESS", {}, "********"),
        ("12", "PHONE", {}, "**"),
    ],
)
def test_masks(value: str, kind: str, options: dict[str, object], masked: str) -> None:
    operator = load_operator("mask", options)
    assert operator.replace(value, kind) == masked
    assert operator.finished(masked, kind)
    assert apply(operator, masked, kind) == masked


@settings(max_examples=200)
@given(st.text(min_size=1, max_size=30), st.sampled_from(sorted(KINDS)), st.integers(0, 8))
def test_a_mask_never_shows_all_and_never_more_than_a_third(value: str, kind: str, last: int) -> None:
    operator = load_operator("mask", {"last": last})
    masked = operator.replace(value, kind)
    assert len(masked) == len(value)
    shown = sum(a == b != "*" and a.isalnum() for a, b in zip(value, masked, strict=True))
    assert shown <= min(last, len(value) // 3)
    assert apply(operator, value, kind) != value or operator.finished(value, kind)


@pytest.mark.parametrize(
    ("value", "kind", "options", "coarse"),
    [
        ("34", "AGE", {}, "30-39"),
        ("34", "AGE", {"width": 5}, "30-34"),
        ("34.0", "AGE", {}, "30-39"),
        ("97", "AGE", {}, "90+"),
        ("140", "AGE", {}, "[AGE]"),
        ("thirty", "AGE", {}, "[AGE]"),
        ("52300", "NUMBER", {"width": 10_000}, "50000-59999"),
        ("52300", "VALUE", {"width": 10_000}, "50000-59999"),
        ("52300", "VALUE", {}, "[VALUE]"),
        ("1987-05-03", "BIRTH_DATE", {}, "1987"),
        ("19870503", "BIRTH_DATE", {}, "1987"),
        ("03/05/1987", "DATE", {}, "1987"),
        ("1987年5月3日", "BIRTH_DATE", {}, "1987"),
        ("03/05/87", "BIRTH_DATE", {}, "[BIRTH_DATE]"),
        ("12 May 1990", "DATE_OF_BIRTH", {}, "1990"),
        ("1990年5月12日", "DATE_OF_BIRTH", {}, "1990"),
        ("1933-12-31", "DATE_OF_BIRTH", {}, "before 1934"),
        ("85年4月12日", "DATE_OF_BIRTH", {}, "[DATE_OF_BIRTH]"),
        ("一九八五年四月十二日", "DATE_OF_BIRTH", {}, "[DATE_OF_BIRTH]"),
        ("1934-01-01", "BIRTH_DATE", {}, "1934"),
        ("1933-12-31", "BIRTH_DATE", {}, "before 1934"),
        ("1899", "BIRTH_DATE", {}, "before 1934"),
        ("1899", "DATE", {}, "1899"),
        ("1950", "BIRTH_DATE", {"top": 70}, "before 1954"),
        ("110105193312310021", "NATIONAL_ID", {}, "110000/before 1934"),
        ("110105341231002", "NATIONAL_ID", {}, "110000/1930s"),
        ("1987-1990", "DATE", {}, "[DATE]"),
        ("02139", "POSTCODE", {}, "021**"),
        ("100084", "POSTCODE", {"prefix": 2}, "10****"),
        ("SW1A 1AA", "POSTCODE", {}, "SW1A ***"),
        ("sw1a1aa", "POSTCODE", {}, "SW1A ***"),
        ("021", "POSTCODE", {}, "[POSTCODE]"),
        ("203.0.113.77", "IP", {}, "203.0.113.*"),
        ("2001:db8:1:2::3", "IP", {}, "2001:db8:1:*"),
        ("300.1.1.1", "IP", {}, "[IP]"),
        ("31.2304, 121.4737", "COORDINATES", {}, "31.2, 121.5"),
        ("-0.01 -121.4737", "COORDINATES", {"decimals": 0}, "0, -121"),
        ("31°14′N", "COORDINATES", {}, "[COORDINATES]"),
        ("Ann@Example.org", "EMAIL", {}, "*@example.org"),
        ("ann at example", "EMAIL", {}, "[EMAIL]"),
        ("11010519491231002X", "NATIONAL_ID", {}, "110000/1940s"),
        ("１１０１０５１９４９１２３１００２Ｘ", "NATIONAL_ID", {}, "110000/1940s"),
        ("110105491231002", "NATIONAL_ID", {}, "110000/1940s"),
        ("123-45-6789", "NATIONAL_ID", {}, "[NATIONAL_ID]"),
        ("Ann Lee", "NAME", {}, "[NAME]"),
    ],
)
def test_generalised_values(value: str, kind: str, options: dict[str, object], coarse: str) -> None:
    operator = load_operator("generalise", {"as_of": 2023, **options})
    assert apply(operator, value, kind) == coarse
    assert apply(operator, coarse, kind) == coarse


def test_births_of_long_ago_stay_as_they_are_while_as_of_does() -> None:
    this_year, next_year = (load_operator("generalise", {"as_of": year}) for year in (2026, 2027))
    assert apply(this_year, "1937-05-04", "BIRTH_DATE") == "1937"
    assert apply(next_year, "1937-05-04", "BIRTH_DATE") == apply(next_year, "1937", "BIRTH_DATE") == "before 1938"
    now = load_operator("generalise", {})
    assert apply(now, "1899-05-04", "BIRTH_DATE") == f"before {datetime.now(UTC).year - 89}"


def test_format_preserving_encryption_is_ff1() -> None:
    # NIST's example of FF1 with AES-128 and no tweak: the library is what it says.
    from ffx import FF1

    assert FF1(bytes.fromhex("2B7E151628AED2A6ABF7158809CF4F3C"), radix=10).encrypt("0123456789") == "2433477484"


@settings(max_examples=100)
@given(st.from_regex(r"[0-9]{3}[- ]?[0-9]{3,4}[- ]?[0-9]{0,8}", fullmatch=True))
def test_format_preserving_encryption_keeps_the_form_and_can_be_undone(value: str) -> None:
    operator = operator_class("fpe")(operator_class("fpe").Options(), KEY)
    changed = operator.replace(value, "PHONE")
    assert re.sub(r"\d", "0", changed) == re.sub(r"\d", "0", value)
    assert operator.restore(changed, "PHONE") == value  # type: ignore[attr-defined]
    assert operator.replace(wide(value), "PHONE") == changed
    assert operator.replace(value, "CARD") != changed
    assert operator.replace("12345", "PHONE") == "[PHONE]"


@pytest.mark.parametrize("name", sorted(OPERATORS))
def test_every_operator_keeps_to_its_protocol(name: str) -> None:
    made = operator_class(name)
    assert made.name == name
    operator = load_operator(name, {}, KEY)
    for kind in sorted(KINDS):
        for value in ("Ann Lee", "13912345678", "x", "😀", "[EMAIL]"):
            first = apply(operator, value, kind)
            assert first == apply(operator, value, kind)
            if name not in ("keep", "fpe"):
                assert apply(operator, first, kind) == first
            assert name == "keep" or operator.finished(value, kind) or fold(value) not in fold(TOKEN.sub("", first))


@pytest.mark.parametrize("name", ["hash", "pseudonym", "fpe"])
def test_the_script_of_digits_makes_no_other_value_and_none_of_them_stays(name: str) -> None:
    operator = load_operator(name, {}, KEY)
    assert operator.replace("٠٥٠١٢٣ ٤٥٦٧", "PHONE") == operator.replace("050123 4567", "PHONE")
    # By the one digit that is ASCII these two would be the same number.
    assert operator.replace("٠٥٠١٢٣٤٥٦٧ / 5", "PHONE") != operator.replace("٠٥٠٩٩٩٩٩٩٩ / 5", "PHONE")
    assert not set(operator.replace("٠٥٠١٢٣ 4567890", "PHONE")) & set("٠١٢٣٥")
