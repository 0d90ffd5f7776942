"""agent.leaks: leak or echo."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.leaks import MAX_VALUES, LeakCheck, SeenText


@pytest.mark.parametrize(
    ("seen", "value", "kind"),
    [
        ("mail me at Anna.Lee@Example.org please", "anna.lee@example.org", "EMAIL"),
        ("my number is 13800138000", "138 0013 8000", "PHONE"),
        ("my number is 13800138000", "+86 138-0013-8000", "PHONE"),
        ("call +44 20 7946 0958", "020 7946 0958", "PHONE"),
        ("卡号６２２５８８０７８３０３６５６２２", "6225 8807 8303 6562 2", "CARD"),
        ("11010519491231002x", "11010519491231002X", "NATIONAL_ID"),
        ("my host 10.1.2.33 is down", "10.1.2.33", "IP"),
        ("pw: a-1!b", "a-1!b", "SECRET"),
        ("GET / from 10.1.2.33:8080", "10.1.2.33", "IP"),
        ("IP地址：10.1.2.33", "10.1.2.33", "IP"),
        ("src:10.1.2.33 ok", "10.1.2.33", "IP"),
        ("addr:2001:db8::1", "2001:db8::1", "IP"),
        ("call 020 7946 0958 x12", "020 7946 0958 ext. 12", "PHONE"),
        ("座机 010-62551234", "010-62551234转8001", "PHONE"),
        ("I was born on 12 March 1985.", "1985-03-12", "DATE_OF_BIRTH"),
        ("出生于1985年3月12日", "March 12, 1985", "DATE_OF_BIRTH"),
        ("dob 12/03/1985", "12 Mar 1985", "DATE_OF_BIRTH"),
        ("dob 03/12/1985", "1985-03-12", "DATE_OF_BIRTH"),
        ("dob 19850312", "1985.3.12", "DATE_OF_BIRTH"),
        ("this is ANN.", "Ann", "NAME"),
        ("I am Zoe Muller", "Zo\u00eb MU\u0308LLER", "CANARY"),
        ("code \u0664\u0661\u0661\u0661 9998", "4111-9998", "CANARY"),
    ],
)
def test_echo(seen: str, value: str, kind: str) -> None:
    assert SeenText([seen]).holds(value, kind)


@pytest.mark.parametrize(
    ("seen", "value", "kind"),
    [
        ("what is Anna's address?", "anna.lee@example.org", "EMAIL"),
        ("my number is 13800138000", "13900139000", "PHONE"),
        ("host 10.1.2.33", "10.1.2.3", "IP"),
        ("host 110.1.2.3", "10.1.2.3", "IP"),
        ("number 10123", "10.1.2.3", "IP"),
        ("a1 b", "a-1b", "SECRET"),
        ("IP地址：110.1.2.3", "10.1.2.3", "IP"),
        ("fe80:2001:db8::1", "2001:db8::1", "IP"),
        ("born on 12 March 1985", "1985-03-13", "DATE_OF_BIRTH"),
        ("born on 12 March 1985", "1986-03-12", "DATE_OF_BIRTH"),
        ("the annual report", "Ann", "NAME"),
        ("code 4111 999", "4111-9998", "CANARY"),
        ("", "13800138000", "PHONE"),
    ],
)
def test_leak(seen: str, value: str, kind: str) -> None:
    assert not SeenText([seen]).holds(value, kind)


def test_two_texts_do_not_run_together() -> None:
    assert not SeenText(["code 1380013", "8000 units"]).holds("13800138000", "PHONE")


def test_a_value_over_two_lines_of_one_text_is_an_echo() -> None:
    assert SeenText(["code 1380013\n8000 units"]).holds("13800138000", "PHONE")


def test_context_counts_as_given() -> None:
    seen = SeenText(["How do I reach Bob?", "Directory: bob@corp.example"])
    check = LeakCheck(seen)
    assert check.leaked([("bob@corp.example", "EMAIL")]) is False
    assert check.leaked([("bob@corp.example", "EMAIL"), ("010-62751234", "PHONE")]) is True


def test_unseen_input_gives_no_answer() -> None:
    assert LeakCheck(None).leaked([("bob@corp.example", "EMAIL")]) is None


def test_no_values_no_work() -> None:
    seen = SeenText(["x" * 10])
    assert LeakCheck(seen).leaked([]) is False
    assert seen._folded is None  # built lazily


def address(number: int) -> tuple[str, str]:
    return f"u{number}@d{number}.example.org", "EMAIL"


def test_the_search_stops_at_the_first_leak() -> None:
    def values() -> Iterator[tuple[str, str]]:
        yield address(1)
        yield address(2)
        raise AssertionError("read on after a leak")

    assert LeakCheck(SeenText([address(1)[0]])).leaked(values()) is True


def test_values_beyond_the_bound_are_unknown() -> None:
    """100 different values are looked up, over all findings of an output; a leak among them is still a leak."""
    seen = SeenText([" ".join(address(n)[0] for n in range(2 * MAX_VALUES))])
    within = [address(n) for n in range(MAX_VALUES)]
    check = LeakCheck(seen)
    assert check.leaked(within + within) is False
    assert check.leaked([address(MAX_VALUES)]) is None
    assert check.leaked([address(MAX_VALUES), address(0)]) is None
    assert check.leaked(within) is False
    assert LeakCheck(seen).leaked([("nobody@else.example", "EMAIL"), *within, address(MAX_VALUES)]) is True


def test_the_time_for_megabytes_is_bounded() -> None:
    """It took 14 s for an input of 3 MB and 10,000 addresses; the bound is generous, for machines under load."""
    seen = SeenText(["the quick brown fox jumps over " * 100_000, *(address(n)[0] for n in range(10_000))])
    began = time.process_time()
    assert LeakCheck(seen).leaked(address(n) for n in range(10_000)) is None
    assert LeakCheck(seen).leaked((f"10.{n % 200}.3.4", "IP") for n in range(1_000)) is True
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize("unit", ["\u0301\u0323", "\u0f73", "\uff9e\u0301"])
def test_a_request_full_of_marks_does_not_hold_up_the_worker(unit: str) -> None:
    """Canonical ordering is quadratic: 300,000 marks in a request took minutes, for one address in the answer."""
    seen = SeenText(["e" + unit * (300_000 // len(unit)), "ann@else.example"])
    began = time.process_time()
    assert seen.holds("Ann@Else.example", "EMAIL")
    assert not seen.holds("bob@else.example", "EMAIL")
    assert time.process_time() - began < 2.0


def stands_alone(before: str, behind: str, is_version_6: bool) -> bool:
    if not is_version_6:
        return not re.search("[0-9.]$", before) and not re.match(r"[0-9]|\.[0-9]", behind)
    goes_on = re.search(r"[0-9a-f.]$|::$|(^|[^0-9a-z])[0-9a-f]{1,4}:$", before)
    return not goes_on and not re.match(r"[0-9a-f:]|\.[0-9]", behind)


@given(st.text("0123456789abf.: ", max_size=20), st.integers(0, 20), st.integers(1, 20))
def test_addresses_are_looked_at_in_their_surroundings(text: str, start: int, length: int) -> None:
    value = text[start : start + length].strip()
    plain = any(
        text.startswith(value, place) and stands_alone(text[:place], text[place + len(value) :], ":" in value)
        for place in range(len(text))
    )
    assert SeenText([text]).holds(value, "IP") == (plain or not value)
