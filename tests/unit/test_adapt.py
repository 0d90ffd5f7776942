"""deploy/prometheus/adapt.py: time compressed, addresses put in, everything else as it was."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from deploy.prometheus.adapt import faster_duration, faster_expression, faster_rules, main
from tests.alerts import RULE_FILES


@pytest.mark.parametrize(
    ("duration", "factor", "expected"),
    [
        ("5m", 60, "5s"),
        ("1d", 60, "24m"),
        ("1h30m", 60, "90s"),
        ("3d", 24, "3h"),
        ("1m", 8, "7500ms"),
        ("0s", 60, "0s"),
    ],
)
def test_durations_are_divided(duration: str, factor: float, expected: str) -> None:
    assert faster_duration(duration, factor) == expected


@pytest.mark.parametrize("duration", ["", "5", "5 m", "m", "5m!", "$__rate_interval"])
def test_what_is_no_duration_is_refused(duration: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        faster_duration(duration, 60)


def test_nothing_is_left_of_a_duration_that_is_too_short() -> None:
    with pytest.raises(ValueError, match="less than a millisecond"):
        faster_duration("5ms", 60)


@given(st.integers(1, 10_000), st.sampled_from(["s", "m", "h", "d"]), st.sampled_from([1, 2, 3, 5, 60]))
def test_a_duration_that_was_multiplied_comes_back(number: int, unit: str, factor: int) -> None:
    assert faster_duration(faster_duration(f"{number * factor}{unit}", factor), 1) == faster_duration(
        f"{number}{unit}", 1
    )


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("increase(a_total[5m] offset 1h) > 5", "increase(a_total[5s] offset 1m) > 5"),
        (
            "quantile_over_time(0.5, a:b_5m:c[1d:5m] offset -15m)",
            "quantile_over_time(0.5, a:b_5m:c[24m:5s] offset -15s)",
        ),
        ("max_over_time(a[1d:])", "max_over_time(a[24m:])"),
        ("""a{window="5m", le="300", x="5m"}""", """a{window="5s", le="300", x="5m"}"""),
        ("""a{window=~'5m|1h', other_window!="1d"}""", """a{window=~'5s|1m', other_window!="1d"}"""),
        (
            """label_replace(a, "b", "offset 5m [5m]", "c", "")""",
            """label_replace(a, "b", "offset 5m [5m]", "c", "")""",
        ),
    ],
)
def test_expressions_keep_all_but_their_durations(expression: str, expected: str) -> None:
    assert faster_expression(expression, 60) == expected


def durations_of(document: dict[str, Any]) -> list[str]:
    return [
        part[key]
        for group in document["groups"]
        for part in (group, *group["rules"], *(rule.get("labels", {}) for rule in group["rules"]))
        for key in ("interval", "for", "keep_firing_for", "window")
        if key in part
    ]


@pytest.mark.parametrize("file", RULE_FILES, ids=lambda path: path.stem)
def test_rules_by_one_are_the_rules_and_by_sixty_no_duration_is_left_out(file: Path) -> None:
    document = yaml.safe_load(file.read_text(encoding="utf-8"))
    assert faster_rules(document, 1) == document
    faster = faster_rules(document, 60)
    assert durations_of(faster) == [faster_duration(duration, 60) for duration in durations_of(document)]
    # Ranges and offsets of a shipped rule are a minute to a week: none of days is left.
    written = yaml.safe_dump(faster, width=10_000)
    assert not re.search(r"(\[|offset )[0-9]+[dw]", written)


def test_addresses_are_put_in_and_nothing_else_changes(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--grafana", "https://g.corp/", "--runbooks", "https://r.corp"]) == 0
    assert sorted(file.name for file in tmp_path.iterdir()) == [file.name for file in RULE_FILES]
    for file in RULE_FILES:
        written = (tmp_path / file.name).read_text(encoding="utf-8")
        assert "example.com" not in written
        back = written.replace("https://g.corp", "https://grafana.example.com").replace(
            "https://r.corp", "https://runbooks.example.com"
        )
        assert yaml.safe_load(back) == yaml.safe_load(file.read_text(encoding="utf-8"))


def test_time_does_not_stand_still(tmp_path: Path) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--out", str(tmp_path), "--faster", "0"])
    assert ended.value.code == 2


def test_budgets_that_were_changed_are_kept_and_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--out", str(tmp_path)]
    assert main(arguments) == 0
    assert main(arguments) == 0
    assert capsys.readouterr().err == ""
    budgets, others = tmp_path / "budgets.yaml", tmp_path / "harm.yaml"
    written = budgets.read_text(encoding="utf-8")
    budgets.write_text(changed := written.replace("0.005", "0.001"), encoding="utf-8")
    others.write_text("old", encoding="utf-8")
    assert main(arguments) == 0
    assert budgets.read_text(encoding="utf-8") == changed != written
    assert "budgets.yaml is kept" in capsys.readouterr().err
    assert others.read_text(encoding="utf-8") != "old"
    assert main([*arguments, "--budgets"]) == 0
    assert budgets.read_text(encoding="utf-8") == written


def test_runbooks_may_be_files_of_a_repository(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--runbooks", "https://r.corp/zh-CN", "--runbook-suffix", ".md"]) == 0
    for file in tmp_path.iterdir():
        for group in yaml.safe_load(file.read_text(encoding="utf-8"))["groups"]:
            for rule in group["rules"]:
                if "alert" in rule:
                    assert rule["annotations"]["runbook_url"] == f"https://r.corp/zh-CN/{rule['alert']}.md"


def test_budgets_may_be_of_one_job_and_no_other_rule_is(tmp_path: Path) -> None:
    assert main(["--out", str(tmp_path), "--job", "clinic"]) == 0
    for file in RULE_FILES:
        before = yaml.safe_load(file.read_text(encoding="utf-8"))
        after = yaml.safe_load((tmp_path / file.name).read_text(encoding="utf-8"))
        if file.name == "budgets.yaml":
            for group in before["groups"]:
                for rule in group["rules"]:
                    rule["labels"]["job"] = "clinic"
        assert after == before
