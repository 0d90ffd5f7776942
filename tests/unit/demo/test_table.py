"""The table: a live view on a terminal, plain lines elsewhere, in the reader's language."""

from __future__ import annotations

import io
import sys

import pytest
from rich.console import Console

from agent.clock import ManualClock
from streams.demo.table import (
    DemoStatus,
    DemoTable,
    IncidentStatus,
    chosen_words,
    demo_console,
    render_status,
    render_summary,
    sparkline,
)
from streams.demo.words import WORDS

INCIDENT: IncidentStatus = {
    "name": "toxicity_burst",
    "model": "chat-assistant",
    "at_seconds": 8.25,
    "share": 0.31,
    "baseline": 0.002,
    "detail": "toxicity insult",
}


def make_status(incidents: tuple[IncidentStatus, ...] = (), elapsed_seconds: float = 9.0) -> DemoStatus:
    return {
        "elapsed_seconds": elapsed_seconds,
        "total_seconds": 25.0,
        "events": 7_200,
        "events_per_second": 801.4,
        "verdicts": 14_390,
        "lag_records": 35,
        "lag_seconds": 0.2,
        "dead_letters": 7,
        "models": [
            {
                "model": "chat-assistant",
                "events": 3_200,
                "events_per_second": 360.0,
                "shares": {"output": 0.31, "privacy": 0.0, "adversarial": None},
                "history": {"output": [0.0, 0.0, 0.1, 0.31], "privacy": [0.0, 0.0]},
                "harm_index": 0.31,
            },
            {
                "model": "[bold]odd[/bold]",
                "events": 0,
                "events_per_second": 0.0,
                "shares": {},
                "history": {},
                "harm_index": None,
            },
        ],
        "findings": {f"category-{n}": n for n in range(12)},
        "fairness": [
            {"model": "loan-scorer", "attribute": "gender", "measure": "spd", "value": 0.4, "lower": 0.3, "upper": 0.5},
            {"model": "loan-scorer", "attribute": "x", "measure": "dir", "value": None, "lower": None, "upper": None},
        ],
        "incidents": incidents,
    }


def make_console(terminal: bool) -> tuple[Console, io.StringIO]:
    out = io.StringIO()
    return Console(file=out, force_terminal=terminal, width=160, highlight=False, color_system=None), out


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "C.UTF-8"}, "en"),
        ({"LANG": "zh_CN.UTF-8"}, "zh"),
        ({"LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_TW", "LANG": "en_US"}, "zh"),
    ],
)
def test_the_language_follows_the_environment(environment: dict[str, str], language: str) -> None:
    assert chosen_words(environment) is {"en": WORDS["en"], "zh": WORDS["zh"]}[language]


def test_both_languages_have_the_same_words() -> None:
    assert WORDS["en"].keys() == WORDS["zh"].keys()


def test_sparklines() -> None:
    assert sparkline([]) == ""
    assert sparkline([0.0, 0.0]) == "▁▁"
    assert sparkline([0.0, 0.5, 1.0]) == "▁▅█"
    assert len(sparkline([0.1] * 40)) == 12


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_live_view_shows_everything(language: str) -> None:
    console, out = make_console(terminal=False)
    words = {"en": WORDS["en"], "zh": WORDS["zh"]}[language]
    console.print(render_status(make_status((INCIDENT,)), words))
    shown = out.getvalue()
    for text in (
        "chat-assistant",
        "[bold]odd[/bold]",  # a model's name is shown, not obeyed
        "31.0%",
        "0.31",
        words["adversarial"],
        words["toxicity_burst"],
        "category-11",
        "+4",
        "gender SPD 0.40 [0.30, 0.50]",
        "0.002 -> 0.310",
    ):
        assert text in shown
    assert "DIR" not in shown


def test_a_terminal_gets_a_table_that_is_redrawn() -> None:
    console, out = make_console(terminal=True)
    with DemoTable(console, WORDS["en"]) as table:
        table.update(make_status())
        table.update(make_status((INCIDENT,)))
    assert "burst of toxic answers" in out.getvalue()
    assert "\x1b[" in out.getvalue()


def test_no_terminal_gets_a_line_every_five_seconds_and_each_incident_once() -> None:
    console, out = make_console(terminal=False)
    clock = ManualClock()
    with DemoTable(console, WORDS["en"], clock) as table:
        for tick in range(20):
            table.update(make_status((INCIDENT,) if tick >= 8 else (), tick / 2))
            clock.advance(0.5)
    lines = out.getvalue().splitlines()
    assert [line for line in lines if line.startswith("! ")] == [
        "! 8.2 s  burst of toxic answers  chat-assistant  0.002 -> 0.310  toxicity insult"
    ]
    assert len(lines) == 3
    assert "\x1b" not in out.getvalue()


def test_json_output_has_standard_output_for_itself() -> None:
    assert demo_console(json_output=True).file is sys.stderr
    assert demo_console(json_output=False).file is sys.stdout


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_summary_shows_the_contracts_object(language: str) -> None:
    words = {"en": WORDS["en"], "zh": WORDS["zh"]}[language]
    summary = {
        "events": 20_000,
        "verdicts": 39_972,
        "dead_letters": 20,
        "events_per_second": 799.6,
        "false_alarms": 0,
        "findings": {"toxicity": 410, "pii.email": 120},
        "incidents": {
            "toxicity_burst": {"found": True, "after_seconds": 0.84, "model": "chat-assistant"},
            "pii_leak": {"found": False, "after_seconds": None},
        },
        "harm": {
            "chat-assistant": {"index": 0.12, "components": {"output": 0.1, "privacy": {"value": 0.02}, "bias": None}},
            "loan-scorer": {"index": None},
        },
    }
    console, out = make_console(terminal=False)
    console.print(render_summary(summary, words))
    shown = out.getvalue()
    for text in ("20,000", "39,972", "0.8 s", words["yes"], words["no"], "10.0%", "2.0%", "pii.email", "0.12"):
        assert text in shown


@pytest.mark.parametrize(
    ("language", "said"), [("en", "too few events to tell; from 500 on"), ("zh", "事件太少，无法判断；至少需要 500 个")]
)
def test_too_few_events_are_no_miss(language: str, said: str) -> None:
    words = {"en": WORDS["en"], "zh": WORDS["zh"]}[language]
    row = {"found": False, "after_seconds": None, "too_few_events": True, "least_events": 500}
    summary = {"events": 3, "verdicts": 6, "dead_letters": 0, "events_per_second": 1.5, "findings": {}, "harm": {}}
    console, out = make_console(terminal=False)
    console.print(render_summary(summary | {"incidents": {"disparity": row}}, words))
    assert said in out.getvalue()
    assert f" {words['no']} " not in out.getvalue()
