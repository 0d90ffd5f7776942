"""Which columns are quasi-identifiers, and which hold personal data."""

from __future__ import annotations

from typing import Any

import pytest

from agent.assess.bias.columns import ColumnTexts
from agent.assess.groups import Groups
from agent.assess.quasi import QuasiIdentifiers
from agent.assess.quasi_names import kind_by_name
from agent.assess.sensitivity import Sensitivity
from agent.assess.tables import Batch


def batch(rows: list[dict[str, Any]]) -> Batch:
    return Batch(tuple(dict.fromkeys(column for row in rows for column in row)), rows, 1, 0)


@pytest.mark.parametrize(
    ("column", "kind"),
    [
        ("age", "age"), ("patientAge", "age"), ("AGE_GROUP", "age"), ("age_2", "age"), ("年龄段", "age"),
        ("Gender", "sex"), ("性别", "sex"), ("zip", "postcode"), ("home_zip_code", "postcode"),
        ("邮政编码", "postcode"),
        ("date_of_birth", "birth"), ("dob", "birth"), ("birthYear", "birth"), ("出生日期", "birth"),
        ("city", "place"), ("籍贯", "place"), ("job title", "occupation"), ("职业", "occupation"),
        ("民族", "ethnicity"),
        ("native_country", "place"), ("marital.status", "marital status"), ("学历", "education"),
        ("page", None), ("agency", None), ("city_budget", None), ("message", None), ("capacity", None),
        ("备注", None), ("usage", None), ("", None), ("1", None), ("income", None),
    ],
)  # fmt: skip
def test_names_of_quasi_identifiers(column: str, kind: str | None) -> None:
    assert kind_by_name(column) == kind


def test_roles_follow_from_names_and_from_what_a_sample_shows() -> None:
    rows = [
        {
            "id": number, "age": number % 60, "branch": f"b{number % 50}", "flag": number % 2, "y": number % 2,
            "note": "a long text that nobody knows by heart " + str(number), "empty": None,
        }
        for number in range(400)
    ]  # fmt: skip
    analysis = QuasiIdentifiers(["branch"], ["y"])
    analysis.observe(batch(rows[:100]))
    analysis.observe(batch(rows[100:]))
    columns = analysis.figures()["columns"]
    roles = {column: part["role"] for column, part in columns.items()}
    assert roles == {
        "id": "identifier", "age": "candidate", "branch": "used", "flag": "other", "y": "other", "note": "other",
        "empty": "other",
    }  # fmt: skip
    assert columns["flag"]["separation"] == pytest.approx(0.5, abs=0.01)
    assert columns["id"]["distinctness"] == 1.0


def test_the_sample_is_bounded_and_drawn_from_all_rows() -> None:
    analysis = QuasiIdentifiers([])
    for start in range(0, 10_000, 1000):
        analysis.observe(batch([{"part": start // 5000, "n": start + place} for place in range(1000)]))
    figures = analysis.figures()
    assert figures["sample_rows"] == 2000
    # Half of the sample lies in each half of the table: two values that separate half of the pairs.
    assert figures["columns"]["part"]["separation"] == pytest.approx(0.5, abs=0.01)


def test_shares_of_rows_and_columns_with_personal_data() -> None:
    analysis = Sensitivity()
    analysis.observe(
        batch(
            [
                {"phone": 13812345678.0, "note": "mail a@example.org or b@example.org", "n": 1},
                {"phone": None, "note": "nothing", "n": 2},
                {"phone": float("nan"), "note": "a@example.org", "n": True},
                {"phone": 13812345678, "note": "", "n": {"deep": ["c@example.org"]}},
            ]
        )
    )
    found = analysis.figures()
    assert (found["rows"], found["rows_with_personal_data"]) == (4, 3)
    assert found["p_privacy"]["value"] == 0.75
    low, high = found["p_privacy"]["interval"]
    assert 0.0 < low < 0.75 < high < 1.0
    assert found["by_type"]["EMAIL"]["rows"] == 3
    assert found["by_type"]["PHONE"]["rows"] == 2
    assert found["by_column"]["note"] == found["by_column"]["note"] | {
        "cells": 3, "rows": 2, "by_type": {"EMAIL": 2},
    }  # fmt: skip
    assert found["by_column"]["phone"]["cells"] == 2
    assert found["by_column"]["n"]["by_type"] == {"EMAIL": 1}


def test_only_the_named_columns_are_searched_and_their_names_are_no_finding() -> None:
    row = {"a@example.org": "nothing", "b": "b@example.org"}
    everything, named = Sensitivity(), Sensitivity(["a@example.org"])
    for analysis in (everything, named):
        analysis.observe(batch([row]))
    assert everything.figures()["rows_with_personal_data"] == 1
    assert named.figures()["rows_with_personal_data"] == 0


def test_groups_are_counted_and_small_ones_are_not_named() -> None:
    rows = [{"g": "f", "y": str(number % 2)} for number in range(20)]
    rows += [{"g": "m", "y": "1" if number else ""} for number in range(20)]
    rows += [{"g": "a rare value", "y": "1"}] * 9 + [{"y": "0"}]
    analysis = Groups(ColumnTexts(), ["g"], "y", "1")
    analysis.observe(batch(rows))
    found = analysis.figures()
    groups = found["by_attribute"]["g"]
    assert set(groups["by_group"]) == {"f", "m"}
    assert groups["by_group"]["f"]["positive_rate"]["value"] == 0.5
    assert groups["by_group"]["m"]["rows"] == 20
    assert groups["by_group"]["m"]["positive_rate"]["value"] == 1.0
    assert groups["other"]["rows"] == 10
    assert found["positive_rate"]["value"] == pytest.approx(38 / 49)
    assert "rare" not in str(found)
