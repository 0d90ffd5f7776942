"""The alerts that ship, and what is said about them: rules, their tests, runbooks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import promql_parser
import yaml

from agent.metrics import CATALOGUE as WORKERS
from agent.metrics.catalogue_edge import INGEST_METRICS

__all__ = [
    "ALERTMANAGER",
    "PROMETHEUS",
    "RULE_FILES",
    "RUNBOOKS",
    "Alert",
    "alerts",
    "queries_of",
    "records",
    "series_of",
    "unknown",
]

#: Of all processes.
CATALOGUE = {**WORKERS, **INGEST_METRICS}

ROOT = Path(__file__).parents[1]
PROMETHEUS = ROOT / "deploy" / "prometheus"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"
RUNBOOKS = ROOT / "docs" / "runbooks"
RULE_FILES = sorted((PROMETHEUS / "rules").glob("*.yaml"))
_LOADED = {file.stem: yaml.safe_load(file.read_text(encoding="utf-8")) for file in RULE_FILES}


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert rule. Several may share a name."""

    name: str
    subject: str
    expression: str
    labels: dict[str, str]
    annotations: dict[str, str]


def _rules() -> Iterator[tuple[str, dict[str, Any]]]:
    for subject, document in _LOADED.items():
        for group in document["groups"]:
            for rule in group["rules"]:
                yield subject, rule


def alerts() -> list[Alert]:
    """In the order of the files."""
    return [
        Alert(rule["alert"], subject, rule["expr"], rule.get("labels", {}), rule.get("annotations", {}))
        for subject, rule in _rules()
        if "alert" in rule
    ]


def records() -> dict[str, list[str]]:
    """Expressions of the recording rules, by the record's name."""
    found: dict[str, list[str]] = {}
    for _, rule in _rules():
        if "record" in rule:
            found.setdefault(rule["record"], []).append(rule["expr"])
    return found


def queries_of(page: Path) -> list[str]:
    """Queries of a runbook's blocks, which blank lines divide."""
    blocks = re.findall(r"^```promql\n(.*?)^```$", page.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    return [query.strip() for block in blocks for query in block.split("\n\n")]


def series_of(expression: str) -> set[tuple[str, frozenset[str]]]:
    """Metrics that an expression selects, each with the labels that it is selected by.

    A selector without a name (``{__name__=~"..."}``) is left out. Raises ValueError when the expression does not parse.
    """
    found: set[tuple[str, frozenset[str]]] = set()

    def visit(node: object) -> None:
        if isinstance(node, promql_parser.VectorSelector) and node.name:
            found.add((node.name, frozenset(matcher.name for matcher in node.matchers.matchers)))
        for attribute in ("expr", "lhs", "rhs", "vector_selector", "param"):
            if (child := getattr(node, attribute, None)) is not None:
                visit(child)
        for argument in getattr(node, "args", None) or ():
            visit(argument)

    visit(promql_parser.parse(expression))
    return found


def unknown(expression: str) -> set[str]:
    """Metrics, and labels in selectors, that no worker exposes and no rule records."""
    recorded = {*records(), "model_dimension:harmwatch_harm_budget:own"}
    # Of the target: every rule keeps them, and no record's name tells them.
    kept = {"cluster", "namespace", "job"}
    wrong: set[str] = set()
    for name, labels in series_of(expression):
        if name in recorded:
            levels = {*name.partition(":")[0].split("_")}
            wrong |= {f"{name}{{{label}}}" for label in labels - levels - kept}
        elif name != "up":
            base = re.sub(r"_(bucket|sum|count)$", "", name)
            spec = CATALOGUE.get(name) or CATALOGUE.get(base)
            if spec is None or (name != spec.name and spec.kind != "histogram"):
                wrong.add(name)
            else:
                wrong |= {f"{name}{{{label}}}" for label in labels - {*spec.labels, *kept, "instance", "le"}}
    return wrong
