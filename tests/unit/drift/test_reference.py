"""References: bins, codes, files."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.drift.ranks import SequentialRanks
from agent.drift.reference import CategoryReference, NumberReference, VectorReference
from agent.drift.reference_file import References, load_references, read_observations, save_references
from agent.errors import ConfigError, DataError

VALUES = st.lists(st.one_of(st.integers(-3, 3).map(float), st.floats(-1e6, 1e6)), min_size=1, max_size=200)
HEAD = b'{"kind": "harmwatch.drift.reference", "version": '


@given(VALUES, st.integers(1, 64))
def test_bins_hold_every_value_once_and_frequent_values_alone(values: list[float], bins: int) -> None:
    reference = NumberReference.of(values, bins)
    assert reference.total == len(values)
    assert len(reference.counts) <= bins
    placed = Counter(bisect_left(reference.edges, value) for value in values)
    assert [placed[index] for index in range(len(reference.counts))] == reference.counts


def test_a_value_that_is_frequent_has_a_bin_to_itself() -> None:
    values = [0.0] * 500 + np.linspace(0.01, 1.0, 500).tolist() + [0.5] * 200
    reference = NumberReference.of(values, 16)
    assert reference.counts[bisect_left(reference.edges, 0.0)] == 500
    assert reference.counts[bisect_left(reference.edges, 0.5)] == 200


def test_rare_categories_beyond_fifty_count_as_other() -> None:
    reference = CategoryReference.of([f"{index}" for index in range(70) for _ in range(1 + (index < 50))])
    assert len(reference.counts) == 51
    assert reference.counts["other"] == 20
    assert reference.total == 120


@pytest.mark.parametrize("values", [[], [float("nan")], [float("inf")]])
def test_a_reference_needs_a_value(values: list[float]) -> None:
    with pytest.raises(DataError, match="at least one finite number"):
        NumberReference.of(values)
    with pytest.raises(DataError):
        CategoryReference.of([])
    with pytest.raises(DataError, match="vectors"):
        VectorReference([values])


def test_ranks_are_uniform_and_independent_whatever_the_distribution() -> None:
    generator = np.random.default_rng(2)
    sample = np.round(generator.exponential(size=60), 1)
    ranks = SequentialRanks(NumberReference.of(sample[:20]))
    # Small references over and over: a fixed one would show its sampling error in the correlation of neighbours.
    pairs = []
    for seed in range(4_000):
        values = np.round(generator.exponential(size=22), 1)
        ranks = SequentialRanks(NumberReference.of(values[:20]), seed=seed)
        pairs.append([ranks.place(values[20]), ranks.place(values[21])])
    first, second = np.array(pairs).T
    for one in (first, second):
        assert np.histogram(one, 5, (0.0, 1.0))[0] / 4_000 == pytest.approx(np.full(5, 0.2), abs=0.025)
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.0, abs=0.05)


def test_a_saved_reference_is_read_again_and_holds_no_payload(tmp_path: Path) -> None:
    references = read_observations(
        [b'{"s": 1, "w": "Mrs Miller"}\n', b"\n", b'{"s": 0.5, "w": true, "x": null}'], "here"
    )
    path = tmp_path / "reference.json"
    save_references(path, References(references, {"loans": {"output.score": NumberReference.of([0.5])}}))
    assert b"Miller" not in path.read_bytes()
    loaded = load_references(path)
    assert loaded.features == references
    assert loaded.find("loans", "output.score") == NumberReference.of([0.5])
    assert loaded.find("chat", "output.score") is None
    assert references["w"] == CategoryReference.of(["Mrs Miller", "true"])
    assert list(tmp_path.iterdir()) == [path]


def test_observations_are_read_from_json_lines(tmp_path: Path) -> None:
    path = tmp_path / "scores.jsonl"
    path.write_text('{"output.toxicity": 0.25}\n{"output.toxicity": 0.5}\n')
    assert load_references(path).features == {"output.toxicity": NumberReference.of([0.25, 0.5])}


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([b"{"], "line 1: is no flat object"),
        ([b'{"a": [1]}'], "line 1: is no flat object"),
        ([b'{"a": 1}', b'{"a": "secret"}'], "line 2: a feature is a number in one line"),
        ([b"\n"], "holds no observation"),
        ([b"{" + b",".join(b'"%d": 1' % n for n in range(1_001)) + b"}"], "more than 1000 features"),
    ],
)
def test_bad_observations_name_the_line_alone(lines: list[bytes], message: str) -> None:
    with pytest.raises(DataError, match=message) as raised:
        read_observations(lines, "file")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"{}",
        b"[",
        HEAD + b'2, "features": {}}',
        HEAD + b'1, "features": {"a": {"type": "number", "edges": [], "counts": []}}}',
        HEAD + b'1, "features": {"a": {"type": "category", "counts": {"a": -1}}}}',
    ],
)
def test_what_is_no_reference_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "reference.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="reference"):
        load_references(path)
    with pytest.raises(ConfigError, match="cannot be read"):
        load_references(tmp_path / "absent.json")
