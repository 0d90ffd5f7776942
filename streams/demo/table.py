"""The demo's live table in the terminal, its plain lines where there is none, and its final summary.

English, or Chinese when the environment says so (``LC_ALL``, ``LC_MESSAGES``, ``LANG``, the first that is set).
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Literal, Self, TypedDict

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from agent.clock import Clock, SystemClock
from agent.scores import DIMENSIONS
from streams.demo.words import WORDS, Words

__all__ = [
    "DemoStatus",
    "DemoTable",
    "FairnessStatus",
    "IncidentStatus",
    "ModelStatus",
    "chosen_words",
    "demo_console",
    "render_status",
    "render_summary",
    "sparkline",
]

_BARS: Final = "▁▂▃▄▅▆▇█"
_SPARK_WIDTH: Final = 12
_WIDE_COLUMNS: Final = 118
_PLAIN_INTERVAL_SECONDS: Final = 5.0
_SHOWN_CATEGORIES: Final = 8


class ModelStatus(TypedDict):
    """One model. Shares are in [0, 1], by dimension; None where too little was scored."""

    model: str
    events: int
    events_per_second: float
    shares: Mapping[str, float | None]
    history: Mapping[str, Sequence[float]]  #: the same shares over time, oldest first, for the sparklines
    harm_index: float | None  #: the sum form, in [0, 4]


class FairnessStatus(TypedDict):
    """One fairness measure with its 95 % interval."""

    model: str
    attribute: str
    measure: str
    value: float | None
    lower: float | None
    upper: float | None


class IncidentStatus(TypedDict):
    """An incident that the detector has found."""

    name: str
    model: str
    at_seconds: float  #: since the start of the run
    share: float
    baseline: float
    detail: str


class DemoStatus(TypedDict):
    """Everything that the live table shows; the caller fills it from the metrics, the verdicts and the detector."""

    elapsed_seconds: float
    total_seconds: float
    events: int
    events_per_second: float
    verdicts: int
    lag_records: int
    lag_seconds: float | None  #: event time to metric
    dead_letters: int
    models: Sequence[ModelStatus]
    findings: Mapping[str, int]  #: by category
    fairness: Sequence[FairnessStatus]
    incidents: Sequence[IncidentStatus]


def chosen_words(environment: Mapping[str, str] = os.environ) -> Words:
    """The words of the language that the environment asks for."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        if value := environment.get(name):
            return WORDS["zh" if value.lower().startswith("zh") else "en"]
    return WORDS["en"]


def demo_console(*, json_output: bool) -> Console:
    """Where the demo draws: standard error when standard output belongs to the JSON object."""
    return Console(stderr=json_output, highlight=False)


def sparkline(values: Sequence[float], width: int = _SPARK_WIDTH) -> str:
    """The newest ``width`` values as bars, scaled to the largest of them; flat when all are zero."""
    newest = values[-width:]
    largest = max(newest, default=0.0)
    if largest <= 0:
        return _BARS[0] * len(newest)
    return "".join(_BARS[min(len(_BARS) - 1, int(max(0.0, value) / largest * len(_BARS)))] for value in newest)


class DemoTable:
    """A context manager that shows statuses while the demo runs.

    On a terminal a table is redrawn in place; elsewhere a plain line comes out every five seconds, and one for each
    incident as it is found.
    """

    def __init__(self, console: Console, words: Words | None = None, clock: Clock | None = None) -> None:
        self._console = console
        self._words = words or chosen_words()
        self._clock = clock or SystemClock()
        self._live: Live | None = None
        self._last_line = -_PLAIN_INTERVAL_SECONDS
        self._told = 0

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            # We refresh by hand: a thread of rich's own would compete with the worker for the interpreter.
            self._live = Live(console=self._console, auto_refresh=False)
            self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.__exit__(kind, error, traceback)
            self._live = None

    def update(self, status: DemoStatus) -> None:
        """Show the newest status. ``status["incidents"]`` only ever grows during a run."""
        if self._live is not None:
            self._live.update(render_status(status, self._words, self._console.width), refresh=True)
            return
        for incident in status["incidents"][self._told :]:
            self._line(_incident_line(incident, self._words))
        self._told = len(status["incidents"])
        now = self._clock.monotonic()
        if now - self._last_line >= _PLAIN_INTERVAL_SECONDS:
            self._last_line = now
            self._line(_status_line(status, self._words))

    def _line(self, text: str) -> None:
        self._console.print(text, markup=False, soft_wrap=True)


def render_status(status: DemoStatus, words: Words, columns: int = _WIDE_COLUMNS) -> Group:
    """The whole live view; without sparklines where the terminal is too narrow for them."""
    head = Text(_status_line(status, words), style="bold")
    models = Table(expand=False, pad_edge=False)
    models.add_column(words["model"], no_wrap=True)
    models.add_column(words["per_second"], justify="right")
    for dimension in DIMENSIONS:
        models.add_column(words[dimension], justify="left", no_wrap=True)
    models.add_column("H", justify="right")
    bars = sparkline if columns >= _WIDE_COLUMNS else lambda history: ""
    for row in status["models"]:
        shares = [
            Text(f"{_percent(row['shares'].get(dimension)):>6} {bars(row['history'].get(dimension, ()))}".rstrip())
            for dimension in DIMENSIONS
        ]
        models.add_row(
            Text(row["model"]),
            f"{row['events_per_second']:.0f}",
            *shares,
            _number(row["harm_index"]),
            style=_colour(row),
        )
    parts: list[Table | Text] = [head, models]
    if status["findings"]:
        parts.append(Text(f"{words['findings']}: {_leading(status['findings'])}"))
    parts += [Text(_fairness_line(row, words)) for row in status["fairness"] if row["value"] is not None]
    parts += [Text(_incident_line(row, words), style="bold red") for row in status["incidents"]]
    return Group(*parts)


def render_summary(summary: Mapping[str, Any], words: Words | None = None) -> Group:
    """The final summary.

    Parameters
    ----------
    summary
        The object of ``demo --json`` : ``events``, ``verdicts``, ``dead_letters``,
        ``events_per_second``, ``findings``, ``incidents``, ``harm``; ``false_alarms`` (a number) may be added.
    """
    words = words or chosen_words()
    totals = Table(show_header=False, pad_edge=False)
    totals.add_row(words["events"], f"{summary['events']:,}")
    totals.add_row(words["verdicts"], f"{summary['verdicts']:,}")
    totals.add_row(words["per_second"], f"{summary['events_per_second']:,.0f}")
    totals.add_row(words["dead_letters"], f"{summary['dead_letters']:,}")
    if "false_alarms" in summary:
        totals.add_row(words["false_alarms"], f"{summary['false_alarms']}")
    incidents = Table(words["incident"], words["model"], words["found"], words["after"], pad_edge=False)
    for name, row in summary["incidents"].items():
        after = row.get("after_seconds")
        incidents.add_row(
            words.get(name, name),
            Text(row.get("model", "")),
            _found(row, words),
            "-" if after is None else f"{after:.1f} s",
            style="green" if row["found"] else "yellow" if row.get("too_few_events") else "red",
        )
    harm = Table(words["model"], "H", *(words[dimension] for dimension in DIMENSIONS), pad_edge=False)
    for model, row in summary["harm"].items():
        components = row.get("components") or {}
        cells = [_component(components.get(dimension)) for dimension in DIMENSIONS]
        harm.add_row(Text(model), _number(row.get("index")), *cells)
    findings = Table(words["findings"], words["count"], pad_edge=False)
    for category, count in sorted(summary["findings"].items(), key=lambda item: -item[1]):
        findings.add_row(Text(category), f"{count:,}")
    return Group(totals, incidents, harm, findings)


def _found(row: Mapping[str, Any], words: Words) -> str:
    if row.get("too_few_events"):
        return words["too_few_events"].format(row["least_events"])
    return words["yes"] if row["found"] else words["no"]


def _status_line(status: DemoStatus, words: Words) -> str:
    lag = "-" if status["lag_seconds"] is None else f"{status['lag_seconds']:.1f} s"
    return (
        f"{status['elapsed_seconds']:.0f}/{status['total_seconds']:.0f} s  "
        f"{words['events']} {status['events']:,}  {words['per_second']} {status['events_per_second']:,.0f}  "
        f"{words['verdicts']} {status['verdicts']:,}  {words['lag']} {status['lag_records']:,} / {lag}  "
        f"{words['dead_letters']} {status['dead_letters']:,}"
    )


def _incident_line(incident: IncidentStatus, words: Words) -> str:
    return (
        f"! {incident['at_seconds']:.1f} s  {words.get(incident['name'], incident['name'])}  {incident['model']}  "
        f"{incident['baseline']:.3f} -> {incident['share']:.3f}  {incident['detail']}"
    )


def _fairness_line(row: FairnessStatus, words: Words) -> str:
    bounds = f"[{_number(row['lower'])}, {_number(row['upper'])}]"
    measure = row["measure"].upper()
    return f"{words['fairness']}: {row['model']} {row['attribute']} {measure} {_number(row['value'])} {bounds}"


def _component(value: float | Mapping[str, float | None] | None) -> str:
    """A component as a plain number or as ``{"value", "lower", "upper"}``."""
    return _percent(value.get("value") if isinstance(value, Mapping) else value)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _leading(findings: Mapping[str, int]) -> str:
    leading = sorted(findings.items(), key=lambda item: -item[1])
    shown = "  ".join(f"{category} {count:,}" for category, count in leading[:_SHOWN_CATEGORIES])
    return shown + (f"  +{len(leading) - _SHOWN_CATEGORIES}" if len(leading) > _SHOWN_CATEGORIES else "")


def _colour(row: ModelStatus) -> Literal["", "yellow", "red"]:
    index = row["harm_index"] or 0.0
    return "red" if index >= 0.2 else "yellow" if index >= 0.05 else ""
