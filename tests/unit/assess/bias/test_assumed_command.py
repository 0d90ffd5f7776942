"""``harmwatch assess`` without ``--positive``: the usual one of two values is taken, and that is said."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from tests.unit.assess.command_builders import assessed, refused

WORDS = ("--protected", "性别", "--label", "结果")


def write(path: Path, labels: Sequence[str]) -> Path:
    """Women get the first label in a quarter of 80 rows, men in half of them; further labels have 12 rows each."""
    yes, no, *more = labels
    rows = [("女", yes)] * 20 + [("女", no)] * 60 + [("男", yes)] * 40 + [("男", no)] * 40
    rows += [("男", label) for label in more for _ in range(12)]
    if path.suffix == ".csv":
        path.write_text("性别,结果\n" + "".join(f"{sex},{label}\n" for sex, label in rows), encoding="utf-8")
    else:
        lines = (json.dumps({"性别": sex, "结果": label}, ensure_ascii=False) for sex, label in rows)
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def without(found: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: part for name, part in found.items() if name not in names}


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize(("labels"), [("1", "0"), ("1.0", "0.0"), ("Yes", "no"), ("通过", "拒绝"), ("是", "否", "")])
def test_the_usual_value_is_taken_as_if_it_had_been_named(
    tmp_path: Path, suffix: str, labels: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / f"t{suffix}", labels)
    named, assumed = assessed(capsys, str(path), *WORDS, "--positive", labels[0]), assessed(capsys, str(path), *WORDS)
    for section, part in (("groups", assumed["groups"]), ("labels", assumed["labels"]["disparities"])):
        assert (section, part["positive"], part["positive_assumed"]) == (section, labels[0], True)
        part["positive_assumed"] = False
    assert without(assumed, "created") == without(named, "created")
    assert assumed["labels"]["disparities"]["by_attribute"]["性别"]["spd"]["value"] == 0.25


@pytest.mark.parametrize(("lang", "says"), [("en", "--positive was not given"), ("zh", "未指定 --positive")])
def test_terminal_and_page_say_so(tmp_path: Path, lang: str, says: str, capsys: pytest.CaptureFixture[str]) -> None:
    path, page = write(tmp_path / "t.csv", ("通过", "拒绝")), tmp_path / "page.html"
    assert main(["assess", str(path), *WORDS, "--lang", lang, "--out", str(page)]) == 0
    for where in (" ".join(capsys.readouterr().out.split()), page.read_text(encoding="utf-8")):
        # Where the rates by group stand, and where groups are compared.
        assert where.count(says) == 2
    assert main(["assess", str(path), *WORDS, "--positive", "通过", "--lang", lang, "--out", str(page)]) == 0
    assert says not in capsys.readouterr().out + page.read_text(encoding="utf-8")


def test_standard_input_is_read_once(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    lines = "".join(json.dumps({"sex": "fm"[number % 2], "y": number % 3 == 0}) + "\n" for number in range(120))
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(lines.encode())))
    found = assessed(capsys, "-", "--protected", "sex", "--label", "y")
    assert found["labels"]["disparities"]["positive"] == "true"
    assert found["groups"]["positive_rate"]["value"] == pytest.approx(1 / 3)


def test_a_positive_value_of_few_rows_is_assumed_and_not_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "t.csv"
    path.write_text("性别,结果\n" + "女,0\n男,0\n" * 40 + "男,1\n" * 9, encoding="utf-8")
    found = assessed(capsys, str(path), *WORDS)["labels"]["disparities"]
    assert (found["positive"], found["positive_assumed"]) == (None, True)
    assert main(["assess", str(path), *WORDS]) == 0
    assert "--positive was not given" in capsys.readouterr().out


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("labels", [("yes", "no", "maybe"), ("通过", "拒绝", "待定"), ("1", "2"), ("1", "1"), ("", "")])
def test_nothing_is_assumed_of_other_labels(
    tmp_path: Path, suffix: str, labels: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    found = assessed(capsys, str(write(tmp_path / f"t{suffix}", labels)), *WORDS)
    assert "disparities" not in found["labels"]
    assert not {"positive", "positive_assumed", "positive_rate"} & set(found["groups"])


def test_without_protected_attributes_nothing_is_assumed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = assessed(capsys, str(write(tmp_path / "t.csv", ("1", "0"))), "--label", "结果")
    assert "groups" not in found
    assert "disparities" not in found["labels"]


def test_a_release_assumes_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path / "t.csv", ("1", "0"))
    code, line = refused(capsys, str(path), *WORDS, "--dp-epsilon", "1", "--dp-groups", "性别", "女", "男")
    assert (code, "needs --positive VALUE" in line) == (2, True)


@pytest.mark.parametrize("suffix", [".csv", ".jsonl"])
@pytest.mark.parametrize("method", ["reweigh", "resample", "disparate-impact-remover"])
def test_a_table_is_rebalanced_by_the_usual_value(
    tmp_path: Path, suffix: str, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / f"t{suffix}"
    rows = [{"sex": "fm"[n % 2], "points": n % 7, "hired": "否" if n % 3 + n % 2 > 1 else "是"} for n in range(60)]
    if suffix == ".csv":
        lines = [",".join(rows[0]), *(",".join(map(str, row.values())) for row in rows)]
    else:
        lines = [json.dumps(row) for row in rows]
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    words = (str(path), "--protected", "sex", "--label", "hired", "--rebalance-method", method, "--rebalance")
    named, assumed = tmp_path / f"named{suffix}", tmp_path / f"assumed{suffix}"
    one = assessed(capsys, *words, str(named), "--positive", "是")["rebalance"]
    other = assessed(capsys, *words, str(assumed))["rebalance"]
    assert assumed.read_bytes() == named.read_bytes()
    assert without(one, "out") == without(other, "out")


@pytest.mark.parametrize(
    ("labels", "says"),
    [
        (("low", "high", "middle"), "'high', 'low', 'middle'"),
        (("good", "bad"), "'bad', 'good'"),
        (("1", "1"), "'1'"),
        (("通过", "拒绝", "待定"), "'拒绝', '通过', '待定'"),
        (("c" * 200, "d"), f"'d', '{'c' * 40}...'"),
        (tuple("abcdefg"), "'b', 'a', 'c', 'd', 'e', ..."),
    ],
)
def test_labels_that_tell_no_direction_are_named_to_choose_from(
    tmp_path: Path, labels: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.csv"
    code, line = refused(capsys, str(write(tmp_path / "t.csv", labels)), *WORDS, "--rebalance", str(out))
    assert line.endswith(
        f"no value of column '结果' is known to be in a person's favour; give --positive, one of {says}"
    )
    assert (code, out.exists()) == (2, False)


def test_labels_of_few_rows_are_not_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, words = tmp_path / "t.csv", (*WORDS, "--rebalance", str(tmp_path / "out.csv"))
    path.write_text("性别,结果\n" + "女,good\n男,bad\n" * 10 + "男,zqxj\n" * 9, encoding="utf-8")
    assert refused(capsys, str(path), *words)[1].endswith("one of 'bad', 'good', ...")
    path.write_text("性别,结果\n" + "女,zqxj\n男,zqxk\n" * 9, encoding="utf-8")
    code, line = refused(capsys, str(path), *words)
    assert (code, "zqx" in line) == (2, False)
    assert line.endswith("give --positive (no value has 10 rows, and rarer ones are not named)")


def test_a_numeric_target_is_bounded(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("性别,结果\n" + "".join(f"{'女男'[n % 2]},{n}.5\n" for n in range(3000)), encoding="utf-8")
    code, line = refused(capsys, str(path), *WORDS, "--rebalance", str(tmp_path / "out.csv"))
    assert (code, "no value has 10 rows" in line) == (2, True)


def test_a_label_without_values_is_said_first(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "t.csv"
    path.write_text("性别,结果\n" + "女,\n男,\n" * 5, encoding="utf-8")
    code, line = refused(capsys, str(path), *WORDS, "--rebalance", str(tmp_path / "out.csv"))
    assert (code, "10 of 10 rows have no label" in line) == (1, True)
