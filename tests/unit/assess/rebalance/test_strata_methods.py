"""Laws of reweighing and resampling, on any counts."""

from __future__ import annotations

import random
import subprocess
import sys
from collections import Counter, defaultdict
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.assess.rebalance.ranks import Ranks
from agent.assess.rebalance.resample import Uniform, preferential, targets
from agent.assess.rebalance.reweigh import weights
from agent.assess.rebalance.strata import MOST_GROUPS, Strata, Stratum
from agent.assess.tables import Batch
from agent.errors import ConfigError, DataError


def counts_of(pairs: list[tuple[int, int]]) -> dict[Stratum, int]:
    return {
        Stratum(group, positive): count
        for group, pair in enumerate(pairs)
        for positive, count in zip((False, True), pair, strict=True)
    }


some_counts = st.lists(
    st.tuples(st.integers(1, 10**6), st.integers(1, 10**6)), min_size=2, max_size=12
).map(counts_of)  # fmt: skip
few_counts = st.lists(st.tuples(st.integers(1, 25), st.integers(1, 25)), min_size=2, max_size=5).map(counts_of)


def batch_of(*rows: tuple[str, str]) -> Batch:
    return Batch(("sex", "y"), [{"sex": sex, "y": label} for sex, label in rows], 1, 0)


@given(some_counts)
def test_weighted_base_rates_are_equal_and_weights_sum_to_the_rows(counts: dict[Stratum, int]) -> None:
    found = weights(counts)
    total = sum(counts.values())
    rate = sum(count for place, count in counts.items() if place.positive) / total
    by_group: dict[int, list[float]] = defaultdict(lambda: [0.0, 0.0])
    for place, count in counts.items():
        by_group[place.group][place.positive] += found[place] * count
    for group, (negatives, positives) in by_group.items():
        assert positives / (positives + negatives) == pytest.approx(rate, rel=1e-12, abs=1e-12)
        rows = counts[Stratum(group, False)] + counts[Stratum(group, True)]
        assert positives + negatives == pytest.approx(rows, rel=1e-12)
    assert sum(found[place] * count for place, count in counts.items()) == pytest.approx(total, rel=1e-12)


def test_the_weights_of_the_papers_example() -> None:
    """Table 3 and section 5.2 of Kamiran and Calders (2012): ten applicants, weights 0.67 and 2 of them by hand."""
    # Males: 4 of 5 positive, females: 2 of 5.
    found = weights(counts_of([(1, 4), (3, 2)]))
    assert found[Stratum(1, True)] == pytest.approx(0.5 * 0.6 / 0.2)  # 1.5
    assert found[Stratum(1, False)] == pytest.approx(0.5 * 0.4 / 0.3)  # 0.67
    assert found[Stratum(0, True)] == pytest.approx(0.5 * 0.6 / 0.4)  # 0.75
    assert found[Stratum(0, False)] == pytest.approx(0.5 * 0.4 / 0.1)  # 2


@given(some_counts)
def test_targets_keep_groups_and_positives_and_are_within_a_row_of_parity(counts: dict[Stratum, int]) -> None:
    wanted = targets(counts)
    total = sum(counts.values())
    positives = sum(count for place, count in counts.items() if place.positive)
    assert sum(count for place, count in wanted.items() if place.positive) == positives
    for group in {place.group for place in counts}:
        rows = counts[Stratum(group, False)] + counts[Stratum(group, True)]
        assert wanted[Stratum(group, False)] + wanted[Stratum(group, True)] == rows
        assert abs(wanted[Stratum(group, True)] - Fraction(rows * positives, total)) < 1


@given(few_counts, st.integers(0, 2**32), st.booleans())
def test_resampling_meets_its_targets_whatever_the_order(counts: dict[Stratum, int], seed: int, by_rank: bool) -> None:
    rows = [place for place, count in counts.items() for _ in range(count)]
    random.Random(seed).shuffle(rows)
    closeness = np.random.default_rng(seed).integers(-3, 4, len(rows)) / 2.0  # many ties
    ranks = Ranks()
    try:
        ranks.add(rows, closeness)
        choosers = [preferential(counts, ranks, 7) if by_rank else Uniform(counts, 7) for _ in range(2)]
        copies, again = ([chooser.copies(place) for place in rows] for chooser in choosers)
    finally:
        ranks.close()
    assert copies == again
    written: Counter[Stratum] = Counter()
    for place, times in zip(rows, copies, strict=True):
        written[place] += times
    wanted = targets(counts)
    assert {place: written[place] for place in counts} == wanted
    for place, count in counts.items():
        times = [copy for row, copy in zip(rows, copies, strict=True) if row == place]
        assert max(times) - min(times) <= 1  # as evenly as the numbers allow
        if by_rank:
            near = [key for row, key in zip(rows, closeness, strict=True) if row == place]
            often = [key for key, copy in zip(near, times, strict=True) if copy == max(times)]
            seldom = [key for key, copy in zip(near, times, strict=True) if copy == min(times)]
            if max(times) > min(times):
                grows = wanted[place] >= count
                assert min(often) >= max(seldom) if grows else max(often) <= min(seldom)


def test_uniform_sampling_favours_no_row() -> None:
    counts = counts_of([(30, 10), (10, 30)])
    place = Stratum(0, False)
    assert targets(counts)[place] == 20
    kept = np.zeros(30)
    for seed in range(600):
        chooser = Uniform(counts, seed)
        kept += [chooser.copies(place) for _ in range(30)]
    # 600 draws at 2/3: a standard deviation of 11.5; the largest of 30 beyond 5 of them once in 50,000 runs.
    assert np.all(np.abs(kept - 400) < 60)


@given(
    st.lists(st.tuples(st.integers(0, 2), st.booleans(), st.floats(width=32, allow_nan=False, allow_infinity=False)),
             min_size=1, max_size=60),
    st.data(),
)  # fmt: skip
def test_thresholds_are_those_of_sorting(rows: list[tuple[int, bool, float]], data: st.DataObject) -> None:
    places = [Stratum(group, positive) for group, positive, _ in rows]
    counts = Counter(places)
    wanted = {place: data.draw(st.integers(0, count)) for place, count in counts.items()}
    flipped = {place: data.draw(st.booleans()) for place in counts}
    ranks = Ranks()
    try:
        ranks.add(places, np.array([key for *_, key in rows]))
        assert list(ranks) == [float(np.float32(key)) for *_, key in rows]
        found = ranks.thresholds(wanted, flipped)
    finally:
        ranks.close()
    for place, threshold in found.items():
        keys = [(-key if flipped[place] else key) for (*_, key), row in zip(rows, places, strict=True) if row == place]
        over = sum(key > threshold.key for key in keys)
        assert threshold.tied == sum(key == threshold.key for key in keys)
        assert over + threshold.ties == wanted[place]
        assert 0 <= threshold.ties <= threshold.tied


@pytest.mark.parametrize(
    ("rows", "error", "says"),
    [
        ([("f", "1"), ("m", "")], DataError, "1 of 2 rows have no label"),
        ([("f", "0"), ("m", "0")], ConfigError, "no row of column 'y' has this value"),
        ([("f", "1"), ("m", "1")], DataError, "nothing to rebalance"),
        ([("f", "1"), ("f", "0")], DataError, "one group only"),
        ([("f", "0"), ("m", "1"), ("m", "0")], DataError, "1 of 2 groups of sex have no row with the positive"),
        ([("f", "1"), ("m", "1"), ("m", "0")], DataError, "1 of 2 groups of sex have no row without the positive"),
    ],
)
def test_what_cannot_be_rebalanced_is_said(rows: list[tuple[str, str]], error: type[Exception], says: str) -> None:
    strata = Strata(["sex"], "y", "1")
    strata.observe(batch_of(*rows))
    with pytest.raises(error, match=says):
        strata.check(complete=True)


def test_a_positive_label_is_known_however_its_number_is_written() -> None:
    strata = Strata(["sex"], "y", "1.0")
    rows = batch_of(("f", "1"), ("m", "0"), ("m", "1.00"))
    assert strata.observe(rows) == strata.places(rows) == [Stratum(0, True), Stratum(1, False), Stratum(1, True)]


def test_identifiers_are_no_groups() -> None:
    strata = Strata(["sex"], "y", "1")
    with pytest.raises(DataError, match=f"more than {MOST_GROUPS} groups"):
        strata.observe(batch_of(*((str(number), "1") for number in range(MOST_GROUPS + 1))))


def test_a_table_that_changes_between_readings_is_noticed() -> None:
    strata = Strata(["sex"], "y", "1")
    strata.observe(batch_of(("f", "1"), ("m", "0")))
    assert strata.places(batch_of(("f", "1"))) == [Stratum(0, True)]
    for row in (("x", "1"), ("f", "0")):
        with pytest.raises(DataError, match="changed while it was read"):
            strata.places(batch_of(row))
    chooser = Uniform(strata.counts, 0)
    with pytest.raises(DataError, match="changed while it was read"):
        [chooser.copies(Stratum(0, True)) for _ in range(2)]


def test_ranks_without_room_are_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "gone"))
    with pytest.raises(DataError, match=r"ranking rows needs room in the temporary folder .*; set TMPDIR"):
        Ranks()


def test_a_full_temporary_folder_is_one_line() -> None:
    # A limit on file sizes fails like a full disk, and needs no disk.
    program = (
        "import resource\n"
        "from agent.assess.rebalance.ranks import Ranks\n"
        "from agent.assess.rebalance.strata import Stratum\n"
        "from agent.errors import DataError\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20000, resource.RLIM_INFINITY))\n"
        "ranks = Ranks()\n"
        "try:\n"
        "    for _ in range(9): ranks.add([Stratum(0, True)] * 1000, [0.5] * 1000)\n"
        "except DataError as error: print(error)\n"
        "finally: ranks.close()\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines() == ["ranking rows needs room in the temporary folder (File too large); set TMPDIR"]
