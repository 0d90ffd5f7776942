"""``harmwatch assess --rebalance`` as a user calls it."""

from __future__ import annotations

import csv
import io
import json
import random
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from tests.unit.assess.command_builders import assessed, refused

METHODS = ("reweigh", "resample", "disparate-impact-remover")
BASIC = ("--protected", "sex", "--label", "hired", "--positive", "yes", "--text", "job", "--quasi", "job")
HEAD = ("id", "sex", "region", "points", "years", "job", "hired")


def people(count: int = 600, seed: int = 1) -> list[tuple[str, ...]]:
    draw = random.Random(seed)
    rows = []
    for number in range(count):
        male = draw.random() < 0.6
        points = round(draw.gauss(55 if male else 50, 10), 2)
        hired = draw.random() < (0.6 if points > 52 else 0.2) * (1.0 if male else 0.6)
        sex, region = "m" if male else "f", draw.choice(("north", "south"))
        job = draw.choice(("cook", "nurse") if male else ("nurse", "clerk"))
        rows.append((str(number), sex, region, str(points), str(draw.randrange(9)), job, "yes" if hired else "no"))
    return rows


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "people.csv"
    path.write_text("\n".join(map(",".join, [HEAD, *people()])) + "\n", encoding="utf-8")
    return path


def result(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    found: dict[str, Any] = assessed(capsys, *words)["rebalance"]
    return found


def read(path: Path) -> list[dict[str, Any]]:
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    if path.suffix == ".parquet":
        import pyarrow.parquet

        found: list[dict[str, Any]] = pyarrow.parquet.read_table(path).to_pylist()
        return found
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_reweighing_adds_weights_and_nothing_else(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "deep" / "weighted.csv"
    found = result(capsys, str(table), *BASIC, "--id", "id", "--rebalance", str(out))
    before, after = read(table), read(out)
    assert [{k: v for k, v in row.items() if k != "weight"} for row in after] == before
    rates = {}
    for sex in "fm":
        rows = [row for row in after if row["sex"] == sex]
        hired = sum(float(row["weight"]) for row in rows if row["hired"] == "yes")
        rates[sex] = hired / sum(float(row["weight"]) for row in rows)
    assert rates["f"] == pytest.approx(rates["m"], abs=1e-12)
    assert sum(float(row["weight"]) for row in after) == pytest.approx(600, abs=1e-9)
    assert (found["method"], found["rows_written"], found["weight_column"]) == ("reweigh", 600, "weight")
    assert found["total_weight"] == pytest.approx(600)
    assert found["largest_weight"] == pytest.approx(max(float(row["weight"]) for row in after))
    assert 0 < found["effective_rows"] < 600
    labels = found["labels"]
    assert labels["before"]["sex"]["spd"]["value"] > 0.1
    assert labels["after"]["sex"]["spd"]["value"] == pytest.approx(0.0, abs=1e-12)
    assert labels["after"]["sex"]["dir"]["value"] == pytest.approx(1.0, abs=1e-12)
    model = found["model"]
    assert model["features"] == ["region", "points", "years", "job"]
    assert model["change"]["spd_reduction"]["sex"]["value"] > 0.0


@pytest.mark.parametrize("sampling", ["uniform", "preferential"])
def test_resampling_repeats_and_leaves_out_whole_rows(
    table: Path, tmp_path: Path, sampling: str, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "sample.csv"
    words = (str(table), *BASIC, "--rebalance", str(out), "--rebalance-method", "resample", "--sampling", sampling)
    found = result(capsys, *words, "--seed", "4")
    before, after = (Counter(tuple(row.values()) for row in read(path)) for path in (table, out))
    assert set(after) <= set(before)
    assert after.total() == before.total() == found["rows_written"]
    assert found["rows_added"] == sum(count - 1 for count in after.values())
    assert found["rows_left_out"] == len(before) - len(after)
    groups = Counter((row["sex"], row["hired"]) for row in read(out))
    rates = [groups[sex, "yes"] / (groups[sex, "yes"] + groups[sex, "no"]) for sex in "fm"]
    assert abs(rates[0] - rates[1]) < 2 / 200
    content = out.read_bytes()
    result(capsys, *words, "--seed", "4")
    assert out.read_bytes() == content
    result(capsys, *words, "--seed", "5")
    assert (out.read_bytes() == content) is (sampling == "preferential")


def test_the_remover_repairs_numbers_alone(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "repaired.csv"
    words = (str(table), *BASIC, "--id", "id", "--rebalance", str(out))
    found = result(capsys, *words, "--rebalance-method", "disparate-impact-remover")
    assert list(found["repaired"]) == ["points", "years"]
    assert found["repaired"]["points"]["distance_before"] > 0.15
    assert found["repaired"]["points"]["distance_after"] < 0.01
    before, after = read(table), read(out)
    for old, new in zip(before, after, strict=True):
        assert {k: v for k, v in old.items() if k not in ("points", "years")}.items() <= new.items()
    assert "after_repaired_inputs" in found["model"]
    result(capsys, *words, "--rebalance-method", "disparate-impact-remover", "--level", "0")
    assert out.read_bytes() == table.read_bytes()
    result(capsys, *words, "--rebalance-method", "disparate-impact-remover", "--repair", "years")
    assert [row["points"] for row in read(out)] == [row["points"] for row in before]


def test_what_tells_rows_apart_is_neither_repaired_nor_a_feature(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "repaired.csv"
    words = (str(table), *BASIC, "--rebalance", str(out), "--rebalance-method", "disparate-impact-remover")
    found = result(capsys, *words)
    assert (found["left_out"], list(found["repaired"])) == (["id"], ["points", "years"])
    assert found["model"]["features"] == ["region", "points", "years", "job"]
    assert [row["id"] for row in read(out)] == [row["id"] for row in read(table)]
    # Unless it is asked for.
    assert list(result(capsys, *words, "--repair", "id")["repaired"]) == ["id"]


def test_the_split_and_columns_of_id_stay_as_they_are(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "repaired.csv"
    words = (str(table), *BASIC, "--rebalance", str(out), "--rebalance-method", "disparate-impact-remover")
    found = result(capsys, *words, "--id", "years", "--split", "job")
    assert (found["left_out"], list(found["repaired"])) == (["id"], ["points"])
    assert found["model"]["features"] == ["region", "points"]
    for old, new in zip(read(table), read(out), strict=True):
        assert (old["years"], old["job"]) == (new["years"], new["job"])


@pytest.mark.parametrize("method", METHODS)
def test_labels_before_are_those_of_the_section_on_labels(
    table: Path, tmp_path: Path, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    for number in range(1, 60):
        # Of some nobody knows the region: they are in no group of it, here and there.
        lines[number] = lines[number].replace(",north,", ",,").replace(",south,", ",,")
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    out = ("--rebalance", str(tmp_path / "out.csv"), "--rebalance-method", method)
    found = assessed(capsys, str(table), "--protected", "sex", "region", *BASIC[2:], *out)
    disparities = found["labels"]["disparities"]
    expected = {**disparities["by_attribute"], **disparities["intersections"]}
    before = found["rebalance"]["labels"]["before"]
    for side in before.values():
        for group in side["groups"].values():
            assert group.pop("effective_rows") == pytest.approx(group["rows"])
    assert before == expected


@pytest.mark.parametrize("method", METHODS)
def test_formats_give_the_same_rows_and_figures(
    table: Path, tmp_path: Path, method: str, capsys: pytest.CaptureFixture[str]
) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    rows = [
        dict(zip(HEAD, (int(row[0]), *row[1:3], float(row[3]), int(row[4]), *row[5:]), strict=True)) for row in people()
    ]
    rows[3]["years"] = None
    lines, parquet = tmp_path / "people.jsonl", tmp_path / "people.parquet"
    lines.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    pa.parquet.write_table(pa.Table.from_pylist(rows), parquet)
    written, figures = [], []
    for source, suffix in ((lines, "jsonl"), (lines, "parquet"), (parquet, "parquet"), (parquet, "csv")):
        out = tmp_path / f"out.{suffix}"
        words = (str(source), *BASIC, "--id", "id", "--rebalance", str(out), "--rebalance-method", method)
        figures.append(result(capsys, *words))
        written.append(read(out))
        figures[-1].pop("out")
    assert figures[0] == figures[1] == figures[2] == figures[3]
    assert written[0] == written[1] == written[2]
    assert [row["id"] for row in written[3]] == [str(row["id"]) for row in written[0]]
    if method == "reweigh":
        assert pyarrow.parquet.read_schema(tmp_path / "out.parquet").field("weight").type == pa.float64()
    if method == "disparate-impact-remover":
        schema = pyarrow.parquet.read_schema(tmp_path / "out.parquet")
        assert [schema.field(name).type for name in ("points", "years")] == [pa.float64()] * 2
        assert schema.field("id").type == pa.int64()


def test_csv_becomes_parquet_with_a_column_of_numbers(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "weighted.parquet"
    result(capsys, str(table), *BASIC, "--rebalance", str(out), "--weight-column", "w")
    assert all(isinstance(row["w"], float) and isinstance(row["years"], str) for row in read(out))


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_table_and_page_show_it(table: Path, tmp_path: Path, lang: str, capsys: pytest.CaptureFixture[str]) -> None:
    page, out = tmp_path / "page.html", tmp_path / "out.csv"
    for method in METHODS:
        words = ("--rebalance", str(out), "--rebalance-method", method, "--out", str(page), "--lang", lang)
        assert main(["assess", str(table), *BASIC, *words]) == 0
        shown = capsys.readouterr().out
        for where in (shown, page.read_text(encoding="utf-8")):
            assert "SPD" in where
            assert ("再平衡后的数据" if lang == "zh" else "Rebalanced data") in where
            assert "nurse" not in where


def test_intersections_and_the_protected_as_features(
    table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = (str(table), "--protected", "sex", "region", *BASIC[2:], "--rebalance", str(tmp_path / "out.csv"))
    found = result(capsys, *words, "--with-protected", "--id", "id")
    assert list(found["labels"]["after"]) == ["sex", "region", "sex+region"]
    for side in found["labels"]["after"].values():
        assert side["spd"]["value"] == pytest.approx(0.0, abs=1e-12)
    assert found["groups"] == 4
    assert found["model"]["features"] == ["sex", "region", "points", "years", "job"]


def test_a_table_of_few_rows_has_no_model(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table, out = tmp_path / "few.csv", tmp_path / "out.csv"
    table.write_text("\n".join(map(",".join, [HEAD, *people(40)])) + "\n", encoding="utf-8")
    for method in METHODS:
        assert (
            result(capsys, str(table), *BASIC, "--rebalance", str(out), "--rebalance-method", method)["model"] is None
        )
    words = ("--rebalance", str(out), "--rebalance-method", "resample", "--sampling", "preferential")
    assert result(capsys, str(table), *BASIC, *words)["rows_written"] == 40


REBALANCE = ("--rebalance", "out.csv")
REMOVER = (*REBALANCE, "--rebalance-method", "disparate-impact-remover")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ((*BASIC, "--rebalance-method", "resample"), "--rebalance-method needs --rebalance OUT"),
        ((*BASIC, "--seed", "0"), "--seed needs --rebalance OUT"),
        ((*BASIC, "--with-protected"), "--with-protected needs --rebalance OUT"),
        ((*BASIC[:2], *REBALANCE), "needs --protected COL... and --label COL"),
        ((*BASIC[2:], *REBALANCE), "needs --protected COL... and --label COL"),
        ((*BASIC[:3], "job", *REBALANCE), "give --positive, one of 'nurse', 'cook', 'clerk'"),
        ((*BASIC, *REBALANCE, "--sampling", "uniform"), "--sampling needs --rebalance-method resample"),
        ((*BASIC, *REBALANCE, "--level", "0.5"), "--level needs --rebalance-method disparate-impact-remover"),
        ((*BASIC, *REMOVER, "--weight-column", "w"), "--weight-column needs --rebalance-method reweigh"),
        ((*BASIC, *REMOVER, "--level", "1.5"), "--level must lie between 0 and 1"),
        ((*BASIC, *REMOVER, "--level", "nan"), "--level must lie between 0 and 1"),
        ((*BASIC, *REMOVER, "--repair", "job"), "--repair job: holds what is no number"),
        ((*BASIC, *REMOVER, "--repair", "height"), "has no column 'height'"),
        ((*BASIC, *REMOVER, "--repair", "years", "years"), "names column 'years' twice"),
        ((*BASIC, *REMOVER, "--repair", "sex"), "is the label or a protected attribute"),
        ((*BASIC, *REMOVER, "--repair", "years", "--id", "years"), "--repair years: is the split or an --id"),
        ((*BASIC, *REMOVER, "--id", "id", "points", "years"), "no column of numbers is left"),
        ((*BASIC, *REMOVER, "--repair", "years", "--split", "years"), "--repair years: is the split or an --id"),
        ((*BASIC, *REBALANCE, "--id", "height"), "has no column 'height'"),
        ((*BASIC, *REBALANCE, "--weight-column", "years"), "has a column 'years' already"),
        ((*BASIC, *REBALANCE, "--weight-column", " "), "--weight-column must not be empty"),
        ((*BASIC, *REBALANCE, "--seed", "-1"), "--seed must not be negative"),
        ((*BASIC, "--rebalance", "out.xlsx"), "unknown kind of file"),
        ((*BASIC, "--rebalance", "people.csv"), "is the file that is being read"),
        ((*BASIC, "--rebalance", "hard.csv"), "is the file that is being read"),
        ((*BASIC, "--reference", "shares.csv", "--rebalance", "shares.csv"), "is the file of --reference"),
        ((*BASIC, "--rebalance", "page.csv", "--out", "page.html"), "is the page of --out"),
        ((*BASIC[:6], *REBALANCE, "--dp-epsilon", "1", "--dp-groups", "sex", "f"), "which --dp-epsilon keeps back"),
    ],
)
def test_wrong_usage_is_one_line_and_writes_nothing(
    table: Path, words: tuple[str, ...], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(table.parent)
    Path("hard.csv").hardlink_to(table)
    Path("page.html").touch()
    Path("shares.csv").write_text("sex\nf\nm\n", encoding="utf-8")
    Path("page.csv").symlink_to("page.html")
    before = {path: path.read_bytes() for path in table.parent.iterdir()}
    code, line = refused(capsys, "people.csv", *words)
    assert says in line
    assert code == 2
    assert {path: path.read_bytes() for path in table.parent.iterdir()} == before


def test_a_place_that_cannot_be_written_is_said_before_anything_is_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder.csv").mkdir()
    for place in (tmp_path / "file" / "out.csv", tmp_path / "folder.csv"):
        # There is no such table, which is found out later.
        code, line = refused(capsys, str(tmp_path / "none.csv"), *BASIC, "--rebalance", str(place))
        assert (code, f"--rebalance {place}: cannot be written" in line) == (2, True)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_run_leaves_no_file_behind(tmp_path: Path, ending: signal.Signals) -> None:
    body = "".join(",".join(row) + "\n" for row in people(3000))
    (tmp_path / "people.csv").write_text(",".join(HEAD) + "\n" + body * 4, encoding="utf-8")
    out = tmp_path / "out.csv"
    out.write_text("before", encoding="utf-8")
    command = [sys.executable, "-m", "streams.cli", "assess", str(tmp_path / "people.csv"), *BASIC]
    with subprocess.Popen(
        [*command, "--rebalance", str(out), "--rebalance-method", "disparate-impact-remover", "--quiet"],
        stderr=subprocess.PIPE,
        # A job in the background of a script is told to ignore it, and hands that down.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    ) as process:
        while not any(path.stat().st_size for path in tmp_path.glob(".out.csv.*")):
            assert process.poll() is None
        process.send_signal(ending)
        process.communicate()
    assert process.returncode == 1
    assert out.read_text(encoding="utf-8") == "before"
    assert {path.name for path in tmp_path.iterdir()} == {"people.csv", "out.csv"}


@pytest.mark.parametrize(
    ("cells", "says"),
    [
        ({"hired": ""}, "1 of 600 rows have no label in column 'hired'"),
        ({"sex": "x"}, "groups of sex have no row"),
    ],
)
def test_data_that_cannot_be_rebalanced_are_said_and_what_stood_there_stays(
    table: Path, tmp_path: Path, cells: dict[str, str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [dict(zip(HEAD, row, strict=True)) for row in people()]
    rows[5] |= cells
    table.write_text("\n".join([",".join(HEAD), *(",".join(row.values()) for row in rows)]) + "\n", encoding="utf-8")
    out = tmp_path / "out.csv"
    out.write_text("mine", encoding="utf-8")
    code, line = refused(capsys, str(table), *BASIC, "--rebalance", str(out))
    assert (code, says in line) == (1, True)
    assert out.read_text(encoding="utf-8") == "mine"
    assert {path.name for path in tmp_path.iterdir()} == {"people.csv", "out.csv"}


def test_one_group_only(table: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([lines[0], *(line for line in lines if ",f," in line)]) + "\n", encoding="utf-8")
    code, line = refused(capsys, str(table), *BASIC, "--rebalance", str(tmp_path / "out.csv"))
    assert (code, "one group only" in line) == (1, True)


def test_standard_input_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b'{"sex": "f", "hired": "yes"}\n')))
    code, line = refused(capsys, "-", *BASIC, "--rebalance", str(tmp_path / "out.csv"))
    assert (code, "standard input" in line) == (2, True)


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_memory_does_not_grow_with_the_table(tmp_path: Path, method: str) -> None:
    """Peaks of a process at 30,000 rows and then at 90,000: beyond the sample nothing is held for each row."""
    body = "".join(",".join(row) + "\n" for row in people(6000))
    for times in (5, 15):
        (tmp_path / f"{times}.csv").write_text(",".join(HEAD) + "\n" + body * times, encoding="utf-8")
    program = f"""
import resource
from pathlib import Path
from agent.assess.rebalance import Request, rebalance, surveyed
from streams.commands.assess_rebalance import opened_by
request = Request(("sex",), "hired", "yes", {method!r}, ignored=("id",), sampling="preferential")
for times in (5, 15):
    opened = opened_by(Path(f"{{times}}.csv"), quiet=True)
    rebalance(surveyed(request, opened), opened, Path("out.csv"))
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    first, second = map(int, done.stdout.split())
    assert second < 1.15 * first
