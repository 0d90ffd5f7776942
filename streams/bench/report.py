"""The figures for people: tables with bars, on standard error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

__all__ = ["render"]

_WIDTH: Final = 20
_EIGHTHS: Final = " ▏▎▍▌▋▊▉"


def render(result: Mapping[str, Any], console: Console) -> None:
    """Print what `harmwatch bench` measured."""
    machine = result["machine"]
    title = f"{machine['cpu']}, {machine['cpus_usable']} CPUs, {machine['python']}, load {_number(result['load'])}"
    parts: list[RenderableType] = [Text(title, style="bold"), _stages(result["stages"]), _formats(result["stages"])]
    parts += [_end_to_end(result["end_to_end"]), _rivals(result["rivals"])]
    notes = [f"{job}: {row['unit']}. {row.get('note', '')}".strip() for job, row in result["rivals"].items()]
    parts += [Text(f"note: {note}", style="dim") for note in (*notes, *result["notes"])]
    console.print(Group(*parts))


def _bar(share: float) -> str:
    eighths = round(max(0.0, min(1.0, share)) * _WIDTH * 8)
    return "█" * (eighths // 8) + (_EIGHTHS[eighths % 8] if eighths % 8 else "")


def _number(value: float | None, unit: str = "") -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}{unit}" if abs(value) >= 100 else f"{value:,.2f}{unit}"


def _stages(stages: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title="CPU time by stage, one process", title_justify="left")
    for name in ("stage", "µs an event", "events/s alone", "share"):
        table.add_column(name, justify="left" if name == "stage" else "right")
    table.add_column("")
    whole = stages["whole"]
    on_path = {name: row for name, row in stages.items() if name != "whole" and not name.startswith("decode_")}
    widest = max((row["share"] for row in on_path.values()), default=1.0) or 1.0
    for name, row in sorted(on_path.items(), key=lambda pair: -pair[1]["share"]):
        bar = Text(_bar(row["share"] / widest), style="cyan")
        time, speed = _number(row["microseconds_per_event"]), _number(row["per_second"])
        table.add_row(name, time, speed, f"{row['share']:.1%}", bar, style="" if row["share"] else "dim")
    table.add_section()
    table.add_row("whole", _number(whole["microseconds_per_event"]), _number(whole["per_second"]), "100%", "")
    return table


def _formats(stages: Mapping[str, Mapping[str, float]]) -> Table:
    table = Table(title="Decoding, by wire format", title_justify="left")
    table.add_column("format")
    table.add_column("records/s", justify="right")
    table.add_column("")
    rows = {"native": stages["decode"]["per_second"]}
    rows |= {name.partition("_")[2]: row["per_second"] for name, row in stages.items() if name.startswith("decode_")}
    fastest = max(rows.values())
    for name, speed in sorted(rows.items(), key=lambda pair: -pair[1]):
        table.add_row(name, _number(speed), Text(_bar(speed / fastest), style="cyan"))
    return table


def _end_to_end(section: Mapping[str, Any]) -> Table:
    table = Table(title=f"End to end: {section['broker'] or 'no broker'}", title_justify="left", show_header=False)
    table.add_column()
    table.add_column(justify="right")
    rows = [
        ("events/s, scored, verdicts published, offsets committed", section["events_per_second"]),
        ("the same without the score cache", section["events_per_second_without_cache"]),
        ("CPU cores that it used", section["cores"]),
        ("CPU µs an event", section["cpu_microseconds_per_event"]),
        ("share of look-ups that the score cache answered", section["cache_hit_rate"]),
        ("our tap alone, records/s", section["tap_events_per_second"]),
        ("a bare confluent-kafka loop, records/s", section["bare_consumer_events_per_second"]),
        ("ratio of the two (aim: 0.5 or more)", section["ratio_to_bare_consumer"]),
    ]
    for name, value in rows:
        table.add_row(name, _number(value))
    return table


def _rivals(rivals: Mapping[str, Mapping[str, Any]]) -> Table:
    table = Table(title="Beside the neighbours", title_justify="left")
    for name in ("job", "beside", "ours", "theirs", "ratio"):
        table.add_column(name, justify="left" if name in ("job", "beside") else "right")
    for job, row in rivals.items():
        ratio = "-" if row["ratio"] is None else f"{row['ratio']:.2f}"
        table.add_row(job, row["name"], _number(row["ours"]), _number(row["rival"]), ratio)
    return table
