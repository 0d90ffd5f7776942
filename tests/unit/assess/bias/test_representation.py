"""Who is in the data: shares, intersections, the population beside them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from scipy import stats

from agent.assess.bias.columns import ColumnTexts
from agent.assess.bias.groups import Attributes
from agent.assess.bias.reference import Reference, read_reference
from agent.assess.bias.representation import Representation, evenness, imbalance_ratio
from agent.errors import ConfigError
from tests.unit.assess.bias.builders import feed, rows_of


def figures(rows: list[dict[str, Any]], protected: list[str], reference: Reference | None = None) -> dict[str, Any]:
    analysis = Representation(Attributes(ColumnTexts(), protected), reference)
    feed(analysis, rows)
    return analysis.figures()


def people(**counts: int) -> list[dict[str, Any]]:
    return [
        dict(zip(("sex", "race"), name.split("_"), strict=True)) for name, count in counts.items() for _ in range(count)
    ]


def test_shares_have_goodmans_intervals_and_small_groups_no_name() -> None:
    found = figures([*people(f_a=300, m_a=690, m_z=9), {"sex": ""}], ["sex", "race"])
    sex = found["by_attribute"]["sex"]
    assert (sex["rows"], sex["rows_without_group"]) == (999, 1)
    # Goodman (1965): the quadratic with the upper 0.05 / 2 point of chi-square with one degree of freedom.
    critical, n, x = stats.chi2.ppf(1 - 0.05 / 2, 1), 999, 300
    half = (critical * (critical + 4 * x * (n - x) / n)) ** 0.5
    low, high = sex["groups"]["f"]["share"]["interval"]
    assert (low, high) == pytest.approx(
        [(critical + 2 * x + sign * half) / (2 * (n + critical)) for sign in (-1, 1)], abs=1e-12
    )
    race = found["by_attribute"]["race"]
    assert set(race["groups"]) == {"a"}
    assert (race["other_rows"], race["evenness"], race["imbalance_ratio"]) == (9, None, None)
    assert set(found["intersections"]["sex+race"]["groups"]) == {"f+a", "m+a"}
    assert "z" not in str(found)


def test_evenness_and_imbalance() -> None:
    assert evenness([5, 5, 5]) == pytest.approx(1.0)
    assert evenness([90, 10]) == pytest.approx(stats.entropy([0.9, 0.1], base=2))
    assert imbalance_ratio([90, 10]) == 9.0
    assert (evenness([7]), imbalance_ratio([7]), evenness([])) == (None, None, None)


def test_a_population_is_compared_with_and_missing_groups_are_named() -> None:
    reference = {"sex": {"f": 0.5, "m": 0.4, "x": 0.1}, "race": {"a": 0.9, "b": 0.1}}
    found = figures(people(f_a=450, m_a=450, m_b=90, u_b=10), ["sex", "race"], reference)
    sex = found["by_attribute"]["sex"]
    assert sex["rows_outside_reference"] == 10
    expected = [0.5 * 990, 0.4 * 990, 0.1 * 990]
    theirs = stats.chisquare([450, 540, 0], expected)
    assert sex["test"]["statistic"] == pytest.approx(theirs.statistic)
    assert sex["test"]["significant"]
    assert sex["groups"]["x"] == {
        "rows": None,
        "fewer_than": 10,
        "share": {"value": None, "interval": [0.0, 1.0]},
        "expected_share": 0.1,
        "ratio": None,
        "ratio_interval": None,
    }
    assert sex["groups"]["f"]["ratio"] == pytest.approx((450 / 990) / 0.5)
    low, high = sex["groups"]["f"]["ratio_interval"]
    assert low < 450 / 990 / 0.5 < high
    race = found["by_attribute"]["race"]["test"]
    assert race["p_adjusted"] == pytest.approx(race["p"])
    assert not race["significant"]
    assert found["tests"] == 2
    assert found["intersections"]["sex+race"]["test"] is None


def test_a_pair_that_should_be_frequent_and_is_not_there_is_shown() -> None:
    found = figures(people(f_a=300, m_a=300, m_b=300, f_b=4), ["sex", "race"])
    (rare,) = found["intersections"]["sex+race"]["rare"]
    assert rare["group"] == "f+b"
    assert rare["rows_if_independent"] == pytest.approx(904 * (304 / 904) * (304 / 904))


def test_groups_are_bounded() -> None:
    found = figures(rows_of(sex=[f"g{number % 500}" for number in range(30_000)]), ["sex"])["by_attribute"]["sex"]
    assert len(found["groups"]) == 50
    # Of 500 values 200 are kept apart.
    assert found["rows"] == 200 * 60
    assert (found["rows_without_group"], found["rows_of_later_groups"]) == (0, 300 * 60)


# ---------------------------------------------------------------- the population's file


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_a_reference_of_shares_or_of_people(tmp_path: Path) -> None:
    shares = written(tmp_path, "shares.yaml", "性别: {女: 0.51, 男: 0.49}\nsex+race: {f+1: 0.5, m+1: 0.5}\n")
    assert read_reference(shares, ["性别"])["性别"] == {"女": 0.51, "男": 0.49}
    people = written(tmp_path, "people.json", '{"age": {"1": 30, "2": 10}}')
    assert read_reference(people, ["age"]) == {"age": {"1": 0.75, "2": 0.25}}


def test_a_reference_table_gives_intersections_too(tmp_path: Path) -> None:
    rows = "sex,race,x\n" + "f,a,1\n" * 30 + "m,a,1\n" * 50 + "m,b,1\n" * 20
    found = read_reference(written(tmp_path, "census.csv", rows), ["sex", "race", "age"])
    assert found["sex"] == {"m": 0.7, "f": 0.3}
    assert found["sex+race"] == {"m+a": 0.5, "f+a": 0.3, "m+b": 0.2}


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.yaml", "sex: {f: 30, m: 40, f: 30}\n", "the key 'f' stands twice"),
        ("a.json", '{"sex": {"\\ud800": 0.5, "m": 0.5}}', "half of a character"),
        ("a.yaml", "sex: !!int x\n", "is no YAML or JSON"),
        ("a.yaml", "sex: {f: 0.5, m: 0.4}", "add up to 0.9"),
        ("a.yaml", "sex: {f: 0.5}", "two groups or more"),
        ("a.yaml", "sex: [f, m]", "two groups or more"),
        ("a.yaml", "sex: {f: half, m: 0.5}", "must be numbers"),
        ("a.yaml", "sex: {f: -0.5, m: 1.5}", "must be numbers"),
        ("a.yaml", "sex: {yes: 0.5, no: 0.5}", "put it in quotes"),
        ("a.yaml", "age: {f: 0.5, m: 0.5}", "says nothing of sex"),
        ("a.yaml", "- 1", "must hold attribute"),
        ("a.json", "{", "is no YAML or JSON"),
        ("a.csv", "age\n1\n", "says nothing of sex"),
        ("a.txt", "", "unknown kind of file"),
    ],
)
def test_a_wrong_reference_is_one_line(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        read_reference(written(tmp_path, name, text), ["sex"])


def test_a_reference_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        read_reference(tmp_path / "none.yaml", ["sex"])


def test_all_pairs_of_the_first_six_attributes_are_looked_at() -> None:
    names = Attributes(ColumnTexts(), list("abcdefg")).names
    pairs = names[7:]
    assert len(pairs) == 15
    assert set(pairs) == {f"{one}+{two}" for one in "abcdef" for two in "abcdef" if one < two}
