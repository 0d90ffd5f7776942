"""Rows that are left out, and rows that are hard negatives, as a command line names them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from agent.errors import ConfigError
from agent.quality.choice import RowChoice
from agent.quality.rows import LabelledFile, read_files
from tests.unit.quality.builders import lines, write

ROWS: list[dict[str, Any]] = [
    {"text": "a", "label": 1, "category": "jailbreak", "mild": True},
    {"text": "b", "label": 1, "category": "wish", "level": 3},
    {"text": "c", "label": 0, "category": "wish, polite"},
    {"text": "d", "label": 0},
    {"text": "e", "label": None, "category": "wish"},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in" / "deep").mkdir(parents=True)
    write(tmp_path / "in" / "one.jsonl", ROWS)
    write(tmp_path / "in" / "deep" / "two.jsonl", ROWS)
    return tmp_path / "in"


def read(folder: Path, left_out: list[str] | None = None, hard: list[str] | None = None) -> dict[str, LabelledFile]:
    def given(selectors: list[str] | None) -> list[str]:
        return [str(folder) + selector for selector in selectors or []]

    choice = RowChoice(given(left_out), given(hard))
    return {file.name: file for file in read_files([str(folder)], "adversarial", io.BytesIO(), choice)}


def chosen(file: LabelledFile) -> str:
    return "".join(row.text for row in file.rows if row.hard)


@pytest.mark.parametrize(
    ("selector", "texts"),
    [
        ("", "abcd"),
        (":label=1", "ab"),
        (":category=wish", "b"),
        (":category=wish,jailbreak", "ab"),
        (":category=wish, polite", "bc"),  # one value with a comma, or two
        (":category!=wish", "acd"),
        (":category!=wish,jailbreak", "cd"),
        (":mild=true", "a"),
        (":level=3", "b"),
        (":level!=3", "acd"),
    ],
)
def test_a_field_tells_rows_apart(selector: str, texts: str, folder: Path) -> None:
    file = read(folder, hard=[f"/one.jsonl{selector}"])["one"]
    assert chosen(file) == texts
    assert [row.label for row in file.rows] == [int(row.text in "ab" and row.text not in texts) for row in file.rows]
    assert (len(file.rows), file.unlabelled) == (4, 1)


def test_what_is_left_out_is_counted_and_need_not_be_sound(folder: Path) -> None:
    write(folder / "one.jsonl", [*ROWS, {"text": "f", "label": 7, "category": "odd"}])
    file = read(folder, left_out=["/one.jsonl:category=odd,jailbreak"], hard=["/one.jsonl:label=1"])["one"]
    assert ([row.text for row in file.rows], file.left_out, chosen(file)) == (["b", "c", "d"], 2, "b")


def test_what_names_a_file_more_closely_replaces_what_names_its_folder(folder: Path) -> None:
    files = read(folder, hard=[":label=1", "/deep:category=wish"])
    assert (chosen(files["one"]), chosen(files["two"])) == ("ab", "b")
    files = read(folder, hard=[":label=1", "/deep/two.jsonl:label=0", "/deep/two.jsonl:level=3"])
    assert (chosen(files["one"]), chosen(files["two"])) == ("ab", "bcd")


@pytest.mark.parametrize(
    ("selector", "complaint"),
    [
        ("/absent.jsonl", "--hard-negatives .*absent.jsonl: is none of the files, nor a folder of them"),
        ("/one.jsonl:category=typo", "--hard-negatives .*one.jsonl:category=typo: fits no row"),
        (":colour=red", "fits no row"),
    ],
)
def test_a_selector_that_chooses_nothing_is_refused(selector: str, complaint: str, folder: Path) -> None:
    with pytest.raises(ConfigError, match=complaint):
        read(folder, hard=[":label=1", selector])


def test_a_folder_that_is_overruled_everywhere_is_refused(folder: Path) -> None:
    with pytest.raises(ConfigError, match="fits no row of the files that nothing names closer"):
        read(folder, hard=["/deep:label=1", "/deep/two.jsonl:label=0"])


def test_standard_input_and_names_with_signs_in_them(tmp_path: Path) -> None:
    (file,) = read_files(["-"], "adversarial", io.BytesIO(lines(ROWS)), RowChoice(hard=["-:label=1"]))
    assert chosen(file) == "ab"
    odd = write(tmp_path / "x:label=1", ROWS)
    (file,) = read_files(
        [str(odd)], "adversarial", io.BytesIO(), RowChoice(left_out=[f"{odd}:label=0"], hard=[str(odd)])
    )
    assert (chosen(file), file.left_out) == ("ab", 2)
