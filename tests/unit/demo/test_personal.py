"""The synthetic personal data is right in form and checksum, and cannot be anybody's."""

from __future__ import annotations

import random
import re

import pytest

from streams.demo import personal

SEEDS = range(40)


def test_the_check_digit_of_the_standards_own_example() -> None:
    assert personal.resident_id_check_digit("11010519491231002") == "X"  # GB 11643-1999, annex
    assert personal.resident_id_check_digit("44052418800101001") == "4"


@pytest.mark.parametrize("seed", SEEDS)
def test_resident_ids_check_out_and_belong_to_no_county(seed: int) -> None:
    number = personal.resident_id(random.Random(seed))
    assert re.fullmatch(r"119900190[0-9](0[1-9]|1[0-2])(0[1-9]|1[0-9]|2[0-8])[0-9]{3}[0-9X]", number)
    # ISO 7064 MOD 11-2 in its recursive form, independent of the weights that the code uses.
    remainder = 0
    for character in number:
        remainder = (remainder * 2 + (10 if character == "X" else int(character))) % 11
    assert remainder == 1


@pytest.mark.parametrize("seed", SEEDS)
def test_cards_pass_luhn(seed: int) -> None:
    assert personal.luhn_valid(personal.card(random.Random(seed)))


def test_luhn_sees_one_wrong_digit() -> None:
    assert personal.luhn_valid("79927398713")
    assert not personal.luhn_valid("79927398710")
    assert not personal.luhn_valid("")


@pytest.mark.parametrize("seed", SEEDS)
def test_the_other_kinds_have_their_form(seed: int) -> None:
    rng = random.Random(seed)
    assert re.fullmatch(r"[a-z]+\.[a-z]+[0-9]{2,4}@example\.(com|org|net)", personal.email(rng))
    assert re.fullmatch(r"1[3-9][0-9]{9}", personal.mobile(rng))
    assert re.fullmatch(r"AKIA[A-Z2-7]{15}[0189]", personal.access_key(rng))
