"""Writes the rules as an installation needs them: with its own addresses, and, for tests, with time compressed.

    python deploy/prometheus/adapt.py --out rules --grafana https://grafana.corp --runbooks https://wiki.corp/harmwatch
    python deploy/prometheus/adapt.py --out rules --runbooks https://git.corp/docs/runbooks/zh-CN --runbook-suffix .md
    python deploy/prometheus/adapt.py --out rules --faster 60

Run it again after an upgrade: a ``budgets.yaml`` that is there stays as it is, since it is the file to change, unless
``--budgets`` is given. All others are written anew. ``--job`` makes the budgets hold for one job alone, so that those
of several installations can stand side by side in one Prometheus.

``--faster 60`` divides every duration by sixty: ranges, offsets, subquery steps, ``for``, ``keep_firing_for``,
``interval``, and the label ``window``, whose values are durations, in labels and matchers. An alert of five minutes
then takes five seconds. What is no duration stays: counts, shares, the bucket ``le="300"``, prose. Not covered, since
it is Prometheus's and the worker's: scrape intervals, the look-back (``--query.lookback-delta=5s`` for 60), and windows
of the gauges (``windows.windows_seconds`` of the worker).

Needs PyYAML alone. Comments of the rule files are not kept.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

import yaml

__all__ = ["faster_duration", "faster_expression", "faster_rules", "main", "of_job", "with_addresses"]

RULES = Path(__file__).parent / "rules"
GRAFANA = "https://grafana.example.com"
RUNBOOKS = "https://runbooks.example.com"
BUDGETS = "budgets.yaml"

_MILLISECONDS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
_UNITS = r"([0-9]+)(ms|[smhdw])"
_DURATION = r"(?:[0-9]+(?:ms|[smhdw]))+"
#: A string, with the matcher of `window` that it may belong to; a range or the range and step of a subquery; an offset.
_TOKENS = re.compile(
    r"""(\bwindow\s*(?:=~|!~|!=|=)\s*)?("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
    rf"""|\[\s*{_DURATION}\s*(?::\s*(?:{_DURATION}\s*)?)?\]|\boffset\s+-?{_DURATION}"""
)
_DURATION_KEYS = ("interval", "for", "keep_firing_for")


def faster_duration(duration: str, factor: float) -> str:
    """A Prometheus duration (``1h30m``) divided by a factor, in the largest unit that holds it whole.

    Raises
    ------
    ValueError
        When it is no duration, or less than a millisecond is left of it.
    """
    if not re.fullmatch(_DURATION, duration):
        raise ValueError(f"{duration!r} is no duration of Prometheus")
    total = sum(int(number) * _MILLISECONDS[unit] for number, unit in re.findall(_UNITS, duration))
    left = round(total / factor)
    if total and not left:
        raise ValueError(f"{duration} by {factor:g} is less than a millisecond")
    for unit in ("d", "h", "m", "s"):
        if left and left % _MILLISECONDS[unit] == 0:
            return f"{left // _MILLISECONDS[unit]}{unit}"
    return f"{left}ms" if left else "0s"


def faster_expression(expression: str, factor: float) -> str:
    """A PromQL expression with all its durations divided; of strings only those that ``window`` is compared with."""

    def shorter(token: re.Match[str]) -> str:
        matcher, string = token.group(1), token.group(2)
        if string is not None and matcher is None:
            return token.group()
        return re.sub(_DURATION, lambda found: faster_duration(found.group(), factor), token.group())

    return _TOKENS.sub(shorter, expression)


def faster_rules(document: dict[str, Any], factor: float) -> dict[str, Any]:
    """A rule file, as YAML gives it, with all its durations divided. The original stays as it is."""
    groups = []
    for group in document["groups"]:
        rules = []
        for rule in group["rules"]:
            changed = {**rule, "expr": faster_expression(str(rule["expr"]), factor)}
            if "window" in rule.get("labels", {}):
                changed["labels"] = {**rule["labels"], "window": faster_duration(rule["labels"]["window"], factor)}
            rules.append(_faster_keys(changed, factor))
        groups.append({**_faster_keys(group, factor), "rules": rules})
    return {**document, "groups": groups}


def _faster_keys(part: dict[str, Any], factor: float) -> dict[str, Any]:
    return {key: faster_duration(value, factor) if key in _DURATION_KEYS else value for key, value in part.items()}


def with_addresses(document: dict[str, Any], grafana: str, runbooks: str, suffix: str = "") -> dict[str, Any]:
    """A rule file whose alerts lead to these addresses instead of the examples; runbooks' names end in ``suffix``."""
    groups = []
    for group in document["groups"]:
        rules = []
        for rule in group["rules"]:
            annotations = {
                key: value.replace(GRAFANA, grafana.rstrip("/")).replace(RUNBOOKS, runbooks.rstrip("/"))
                for key, value in rule.get("annotations", {}).items()
            }
            if "runbook_url" in annotations:
                annotations["runbook_url"] += suffix
            rules.append({**rule, "annotations": annotations} if annotations else rule)
        groups.append({**group, "rules": rules})
    return {**document, "groups": groups}


def of_job(document: dict[str, Any], job: str) -> dict[str, Any]:
    """A file of budgets that holds for one job; harm.yaml prefers it to one that names none."""
    groups = [
        {**group, "rules": [{**rule, "labels": {"job": job} | rule["labels"]} for rule in group["rules"]]}
        for group in document["groups"]
    ]
    return {**document, "groups": groups}


def main(arguments: list[str] | None = None) -> int:
    """Write every rule file, adapted, to a folder."""
    parser = argparse.ArgumentParser(description="Write the rules with your addresses, or with time compressed.")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--grafana", default=GRAFANA, help="where Grafana is")
    parser.add_argument("--runbooks", default=RUNBOOKS, help="where docs/runbooks is; /<AlertName> is appended")
    parser.add_argument("--runbook-suffix", default="", help="what follows <AlertName>: .md for files in a repository")
    parser.add_argument("--job", help="budgets hold for this job alone")
    parser.add_argument("--budgets", action="store_true", help="write budgets.yaml anew though there is one")
    parser.add_argument("--faster", type=float, default=1.0, help="divide all durations by this, for tests")
    chosen = parser.parse_args(arguments)
    if not chosen.faster > 0:
        parser.error("--faster must be above 0")
    chosen.out.mkdir(parents=True, exist_ok=True)
    for file in sorted(RULES.glob("*.yaml")):
        document = with_addresses(
            yaml.safe_load(file.read_text(encoding="utf-8")), chosen.grafana, chosen.runbooks, chosen.runbook_suffix
        )
        if file.name == BUDGETS and chosen.job:
            document = of_job(document, chosen.job)
        if chosen.faster != 1.0:
            document = faster_rules(document, chosen.faster)
        written = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)
        place = chosen.out / file.name
        if file.name == BUDGETS and not chosen.budgets and place.exists():
            if place.read_text(encoding="utf-8") != written:
                sys.stderr.write(f"{place} is kept as it is; --budgets writes it anew\n")
            continue
        place.write_text(written, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
