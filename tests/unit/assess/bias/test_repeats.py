"""Copies, labels that contradict each other, and leaks, compared with counting by hand."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.assess.bias import records as records_module
from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.groups import Attributes
from agent.assess.bias.records import Records
from agent.assess.bias.repeats import Repeats
from agent.assess.hashing import HASH_BYTES, Hasher
from agent.assess.tables import Batch
from tests.unit.assess.bias.builders import feed


def analysis(label: str | None = "y", split: str | None = "part", left_out: tuple[str, ...] = ()) -> Repeats:
    texts = ColumnTexts()
    return Repeats(texts, Attributes(texts, ["sex"]), label, split, left_out)


def figures(rows: list[dict[str, Any]], *options: Any) -> dict[str, Any]:
    observer = analysis(*options)
    feed(observer, rows)
    return observer.figures()


def random_rows(count: int, seed: int = 0) -> list[dict[str, Any]]:
    draw = random.Random(seed)
    return [
        {
            "id": number,
            "sex": draw.choice(["f", "m", ""]),
            "a": draw.randrange(12),
            "b": draw.randrange(12),
            "y": draw.choice(["0", "1", "1", ""]),
            "part": draw.choice(["train", "train", "test", ""]),
        }
        for number in range(count)
    ]


def test_all_figures_are_those_of_counting_by_hand() -> None:
    rows = random_rows(1500)
    found = figures(rows)
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[row["sex"], row["a"], row["b"]].append(row)
    copies = found["rows"]["copies"]
    assert found["left_out"] == ["id"]
    assert (copies["rows"], copies["distinct"]) == (1500, len(groups))
    assert copies["copies"]["rows"] == 1500 - len(groups)
    assert copies["copies_with_the_same_label"]["rows"] == 1500 - len(
        {(*key, row["y"]) for key, part in groups.items() for row in part}
    )
    assert copies["most_alike"] == max(map(len, groups.values()))
    conflicting: Counter[str] = Counter()
    labelled = Counter(row["sex"] for row in rows if row["y"])
    least = 0
    for part in groups.values():
        labels = Counter(row["y"] for row in part if row["y"])
        if len(labels) > 1:
            least += labels.total() - max(labels.values())
            conflicting.update(row["sex"] for row in part if row["y"])
    noise = found["rows"]["label_noise"]
    assert noise["labelled"] == labelled.total()
    assert noise["conflicting"]["rows"] == conflicting.total()
    assert noise["least_wrong"]["rows"] == least
    assert {
        group: (one["labelled"], one["conflicting"]["rows"]) for group, one in noise["by_attribute"]["sex"].items()
    } == {group: (labelled[group], conflicting[group]) for group in "fm"}
    where = {key: {row["part"] for row in part} for key, part in groups.items()}
    for pair in found["rows"]["leakage"]["pairs"]:
        expected = sum(
            pair["stands_in"] in where[key]
            for key, part in groups.items()
            for row in part
            if row["part"] == pair["split"]
        )
        assert pair["rows"] == expected
    assert {(pair["split"], pair["stands_in"]) for pair in found["rows"]["leakage"]["pairs"]} == {
        ("train", "test"),
        ("test", "train"),
    }


def test_different_rows_have_no_finding() -> None:
    rows = [{**row, "a": number} for number, row in enumerate(random_rows(500))]
    found = figures(rows)["rows"]
    assert found["copies"]["copies"]["rows"] == 0
    assert found["label_noise"]["conflicting"]["rows"] == 0
    assert all(pair["rows"] == 0 for pair in found["leakage"]["pairs"])


def test_texts_that_differ_in_case_and_punctuation_are_copies_across_splits() -> None:
    draw = random.Random(1)
    words = [f"word{number}" for number in range(200)]
    rows = [
        {"sex": "f", "n": number, "note": " ".join(draw.choices(words, k=9)), "y": "1", "part": "train"}
        for number in range(300)
    ]
    for row in rows[:20]:
        rows.append({**row, "n": len(rows), "note": f"{row['note'].upper()}!", "y": "0", "part": "test"})
    found = figures(rows)
    assert found["rows"]["copies"]["copies"]["rows"] == 0
    texts = found["texts"]["note"]
    assert texts["copies"]["copies"]["rows"] == 20
    assert texts["label_noise"]["conflicting"]["rows"] == 40
    assert {(pair["split"], pair["rows"]) for pair in texts["leakage"]["pairs"]} == {("train", 20), ("test", 20)}
    assert "WORD" not in str(found).upper()


def test_columns_named_are_left_out_and_late_ones_count() -> None:
    rows = [{"sex": "f", "a": 1, "amount": number} for number in range(150)]
    assert figures(rows, None, None)["rows"]["copies"]["copies"]["rows"] == 0
    found = figures(rows, None, None, ("amount",))
    assert found["rows"]["copies"]["copies"]["rows"] == 149
    assert set(found["rows"]) == {"copies"}
    late = [{"sex": "f"}] * 150 + [{"sex": "f", "late": "x"}] * 2 + [{"sex": "f", "late": ""}]
    assert figures(late, None, None)["rows"]["copies"]["distinct"] == 2


def test_a_table_of_a_label_alone_can_be_looked_at() -> None:
    texts = ColumnTexts()
    observer = Repeats(texts, Attributes(texts, []), "y")
    feed(observer, [{"y": "1"}, {"y": "0"}] * 10)
    assert observer.figures()["rows"]["label_noise"]["conflicting"]["rows"] == 20


def test_records_on_disk_are_those_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    hashes = [rng.bytes(HASH_BYTES) for _ in range(1500)] * 2

    def parts() -> list[tuple[int, int, int]]:
        records = Records([("n", "<u2")])
        for first in range(0, 3000, 500):
            records.add(b"".join(hashes[first : first + 500]), n=np.arange(first, first + 500, dtype=np.uint16))
        found = [tuple(map(int, record)) for part in records.parts() for record in part]
        records.close()
        return found  # type: ignore[return-value]

    in_memory = parts()
    monkeypatch.setattr(records_module, "_PENDING", 700)
    on_disk = parts()
    assert sorted(in_memory) == sorted(on_disk)
    assert [record[:2] for record in on_disk] == sorted(record[:2] for record in on_disk)
    assert in_memory == sorted(in_memory, key=lambda record: record[:2])


def test_hashes_tell_cells_apart_and_take_half_surrogates() -> None:
    hasher = Hasher()
    lists = [("ab", "c"), ("a", "bc"), ("abc",), ("a", "b", "c"), (), ("",), ("\ud800",), ("\ud801",)]
    assert len({hasher(list(texts)) for texts in lists}) == len(lists)
    assert hasher(["x"]) == hasher(("x",))
    assert hasher(["x"]) != Hasher()(["x"])


def test_nothing_stays_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(records_module, "_PENDING", 100)
    found = figures(random_rows(1000))
    assert found["rows"]["copies"]["rows"] == 1000
    assert list(tmp_path.iterdir()) == []


def test_columns_that_come_later_are_compared_whatever_their_order() -> None:
    """JSON Lines: a batch has its columns in the order in which its own rows bring them."""
    same = [{"sex": "f", "x": number, "a": "one", "b": "two", "y": "1", "part": "train"} for number in range(20)]
    first = [{"sex": "f", "x": -number, "y": "1", "part": "train"} for number in range(1, 20)]
    other = [{"sex": "f", "x": 99, "b": "two", "y": "1", "part": "test"}]
    observer = analysis()
    for rows in (first, same, other + [{**row, "part": "test"} for row in same]):
        columns = tuple(dict.fromkeys(column for row in rows for column in row))
        observer.observe(Batch(columns, rows, 1, 0))
    found = observer.figures()["rows"]
    assert found["copies"]["copies"]["rows"] == 20
    assert {pair["stands_in"]: pair["rows"] for pair in found["leakage"]["pairs"]} == {"test": 20, "train": 20}
