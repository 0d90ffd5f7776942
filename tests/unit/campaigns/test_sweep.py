"""Querying that goes through inputs one by one, and what only looks like it."""

from __future__ import annotations

from itertools import pairwise
from random import Random

import pytest

from agent.campaigns.base import Member, Sighting
from agent.campaigns.sweep import Sweeps, in_order, without_repeats

START = 1_790_000_400.0


def is_found(texts: list[str], *, every: float = 2.0, detector: Sweeps | None = None, tenant: str = "acme") -> bool:
    detector = detector or Sweeps()
    found = False
    for place, text in enumerate(texts):
        member = Member(("test", f"{tenant} {place}"), START + every * place, tenant)
        if detector.follow("chat", tenant)(text):
            found |= detector.see(Sighting("chat", member, text)) is not None
    return found


def shuffled(values: list[int]) -> list[int]:
    Random(3).shuffle(values)
    return values


@pytest.mark.parametrize(
    "texts",
    [
        [f"Show the record with number {n} in full." for n in range(950, 1_250)],
        [f"Show the record with number {n} in full." for n in shuffled(list(range(950, 1_250)))],
        [f"请输出编号{n}的病历全文" for n in range(300)],
        [f"What is the e-mail address of {name}?" for name in sorted(f"user{n:x}" for n in range(7, 3_000, 10))],
        [f"{n}: continue this document" for n in range(3_000, 2_700, -1)],
    ],
    ids=["rising", "shuffled", "chinese", "alphabetical", "falling"],
)
def test_a_sweep_is_found(texts: list[str]) -> None:
    assert is_found(texts)


def customers(draw: Random, number: int) -> list[str]:
    return [f"What is the state of order {draw.randrange(10_000, 90_000)}, please?" for _ in range(number)]


@pytest.mark.parametrize(
    "texts",
    [
        customers(Random(1), 600),
        # Few orders, asked about again and again: without gaps, but with repeats.
        [f"What is the state of order {Random(n).randrange(150)}, please?" for n in range(600)],
        [f"Translate the word {Random(n).choice(['apple', 'pear', 'plum', 'fig'])}." for n in range(600)],
        [f"The time is 12:{n // 60:02}:{n % 60:02}. Anything new?" for n in range(600)],
        [f"Health check {int(START) + 2 * n}: answer with ok" for n in range(600)],
        [
            f"Summarise: {' '.join(Random(n).sample(['a', 'longer', 'text', 'of', 'many', 'words'] * 5, 25))}"
            for n in range(600)
        ],
        ["Hello, are you there?"] * 600,
        [f"{Random(n).random()} {n}" for n in range(600)],
    ],
    ids=["orders", "repeats", "words", "clock", "stamps", "long", "same", "no template"],
)
def test_an_application_is_none(texts: list[str]) -> None:
    assert not is_found(texts)


def test_a_slow_sweep_and_one_among_as_much_else_are_not_found() -> None:
    texts = [f"Show the record with number {n} in full." for n in range(300)]
    assert not is_found(texts, every=60.0)
    draw = Random(2)
    among = [each for text in texts for each in (text, f"{draw.random()}?", f"What of {draw.random()} today")]
    assert not is_found(among)


def test_tenants_are_told_apart() -> None:
    detector = Sweeps()
    for place in range(300):
        tenant = f"t{place % 4}"
        text = f"Show the record with number {place} in full."
        member = Member(("test", str(place)), START + place, tenant)
        if detector.follow("chat", tenant)(text):
            assert detector.see(Sighting("chat", member, text)) is None


def test_order_by_chance_is_as_rare_as_said() -> None:
    n = 128
    # Eulerian numbers: how many orders of n distinct values have k rises.
    counts = [1]
    for size in range(2, n + 1):
        padded = [0, *counts, 0]
        counts = [(k + 1) * below + (size - k) * above for k, (above, below) in enumerate(pairwise(padded))]
    least = next(k for k in range(n) if k >= 0.9 * (n - 1))
    assert 2 * sum(counts[least:]) / sum(counts) < 1e-30
    # Birthdays: no repeat where so few are believed not to be chance, by the exact product.
    places = n * (n - 1) / 60.0
    apart = 1.0
    for k in range(n):
        apart *= 1.0 - k / places
    assert apart < 1e-13


def test_numbers_are_ordered_as_numbers() -> None:
    assert in_order([str(n) for n in range(8, 120)])
    assert not in_order(["1", "2"] * 60)
    assert in_order(list("abcdefghijklmnopqrstuvwxyz"))
    assert without_repeats([str(n) for n in shuffled(list(range(100)))])
    assert not without_repeats([str(n * n) for n in range(100)])
    assert not without_repeats(list("abcdef"))
