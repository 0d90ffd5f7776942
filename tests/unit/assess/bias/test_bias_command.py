"""``harmwatch assess`` with protected attributes, as a user calls it."""

from __future__ import annotations

import json
import random
import re
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from streams.cli import main
from tests.brokers.layers import find_chromium
from tests.unit.assess.command_builders import assessed

HEAD = ("row_id", "性别", "region", "height", "remark", "approved", "part")


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """Women are fewer, are approved less often, and are told by their height; ten rows stand in both splits."""
    draw = random.Random(0)
    rows = []
    for number in range(600):
        female = draw.random() < 0.3
        height = f"{draw.gauss(165 if female else 178, 6):.4f}"
        approved = int(draw.random() < (0.2 if female else 0.6))
        remark = "" if draw.random() < (0.5 if female else 0.1) else "seen"
        sex, region = ("女" if female else "男"), draw.choice(["north", "south"])
        rows.append(f"{number},{sex},{region},{height},{remark},{approved},train")
    rows[0] = "0,zqxj,north,170.0,seen,1,train"
    rows += [f"{600 + place},{rows[place + 1].split(',', 1)[1].replace(',train', ',test')}" for place in range(10)]
    path = tmp_path / "people.csv"
    path.write_text("\n".join([",".join(HEAD), *rows]) + "\n", encoding="utf-8")
    return path


WORDS = ("--protected", "性别", "region", "--label", "approved", "--positive", "1", "--split", "part")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["assess", *words]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def test_what_was_planted_is_in_the_json(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    reference = tmp_path / "population.yaml"
    reference.write_text("性别: {女: 0.5, 男: 0.5}\n", encoding="utf-8")
    found = assessed(capsys, str(table), *WORDS, "--reference", str(reference))
    sex = found["representation"]["by_attribute"]["性别"]
    assert sex["groups"]["女"]["ratio"] < 0.8
    assert sex["test"]["significant"]
    assert found["representation"]["by_attribute"]["region"]["test"] is None
    spd = found["labels"]["disparities"]["by_attribute"]["性别"]["spd"]
    assert (spd["favoured"], spd["disfavoured"]) == ("男", "女")
    assert spd["interval"][0] > 0.1
    columns = found["proxies"]["by_attribute"]["性别"]["columns"]
    assert columns["height"]["proxy"]
    assert not found["proxies"]["by_attribute"]["region"]["columns"]["height"]["proxy"]
    assert found["proxies"]["left_out"] == ["row_id", "part"]
    gap = found["missing_values"]["gaps"][0]
    assert (gap["column"], gap["attribute"], gap["most_missing"]) == ("remark", "性别", "女")
    assert gap["significant"]
    leaks = {(pair["split"], pair["stands_in"]): pair["rows"] for pair in found["repeats"]["rows"]["leakage"]["pairs"]}
    assert leaks == {("train", "test"): 10, ("test", "train"): 10}
    assert "zqxj" not in json.dumps(found)


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_terminal_and_page_say_it(table: Path, tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.html"
    assert main(["assess", str(table), *WORDS, "--lang", lang, "--out", str(page)]) == 0
    shown = capsys.readouterr().out
    text = page.read_text(encoding="utf-8")
    for where in (shown, text):
        for words in {"en": ("Representation", "Proxies", "Missing values", "Leakage between splits"),
                      "zh": ("代表性", "代理变量", "缺失值", "划分间的泄漏")}[lang]:  # fmt: skip
            assert words in where
        assert "zqxj" not in where
    assert not re.search(r"https?://|<script|src=", text)
    pictures = re.findall(r"<svg.*?</svg>", text)
    assert len(pictures) > 10
    for picture in pictures:
        for part in ElementTree.fromstring(picture).findall("rect"):
            assert 0.0 <= float(part.attrib["width"]) <= 470.0


def test_a_group_of_the_page_cannot_bring_markup(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, page = tmp_path / "people.csv", tmp_path / "page.html"
    rows = ["<b>x</b>,1", "plain,0"] * 40
    path.write_text("\n".join(["group,y", *rows]) + "\n", encoding="utf-8")
    words = ("--protected", "group", "--label", "y", "--positive", "1", "--out", str(page))
    assert main(["assess", str(path), *words]) == 0
    capsys.readouterr()
    assert "<b>" not in page.read_text(encoding="utf-8")
    assert "&lt;b&gt;x" in page.read_text(encoding="utf-8")


@pytest.mark.layer("chromium")
def test_chromium_renders_the_page(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page, picture = tmp_path / "page.html", tmp_path / "page.png"
    assert main(["assess", str(table), *WORDS, "--out", str(page)]) == 0
    capsys.readouterr()
    profile = f"--user-data-dir={tmp_path / 'profile'}"
    command = [find_chromium(), "--headless", "--no-sandbox", "--disable-gpu", profile,
               "--window-size=1200,3000", f"--screenshot={picture}", page.as_uri()]  # fmt: skip
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    # A blank page of this size compresses to a tenth of it.
    assert picture.stat().st_size > 100_000


def test_nothing_of_it_is_in_a_release(table: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ("--protected", "性别", "--label", "approved", "--positive", "1", "--dp-epsilon", "1")
    found = assessed(capsys, str(table), *words, "--dp-groups", "性别", "女", "男")
    assert set(found) == {"file", "created", "release"}


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--dp-epsilon", "1", "--split", "part"), "--split: numbers of leaked rows are exact figures"),
        (("--dp-epsilon", "1", "--id", "row_id"), "--id: numbers of repeated rows are exact figures"),
        (("--dp-epsilon", "1", "--reference", "x.yaml", "--protected", "region"), "--reference: shares and tests are"),
        (("--reference", "x.yaml"), "--reference needs --protected"),
        (("--reference", "x.yaml", "--protected", "region"), "x.yaml: cannot be read"),
        (("--split", "half"), "has no column 'half'"),
        (("--id", "number"), "has no column 'number'"),
        (("--id", "row_id", "row_id"), "--id names column 'row_id' twice"),
        (("--split", "approved", "--label", "approved"), "--split: column 'approved' is protected or the label"),
        (("--id", "region", "--protected", "region"), "--id: column 'region' is protected or the label"),
        (("--id", "part", "--split", "part"), "both the split and an --id"),
    ],
)
def test_wrong_usage_is_one_line(
    table: Path, words: tuple[str, ...], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert says in refused(capsys, str(table), *words)
