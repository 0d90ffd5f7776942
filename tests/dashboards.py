"""Dashboards as their JSON says: panels, queries, variables, and the queries' syntax trees."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import promql_parser as promql

__all__ = ["COMMITTED", "Node", "Query", "filled", "nodes", "panels", "queries", "read", "variables"]

COMMITTED = sorted((Path(__file__).parents[1] / "grafana" / "dashboards").glob("*.json"))

#: As wide as what Grafana would put there, when only the syntax matters.
EXAMPLE = {
    "__rate_interval": "5m",
    "__range": "6h",
    "job": ".+",
    "model": ".+",
    "window": "5m",
}
_VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Query:
    """One query of a panel."""

    dashboard: str
    panel: str
    ref: str
    expression: str
    instant: bool
    exemplar: bool


class Node(NamedTuple):
    """A node of a syntax tree with those above it, the nearest first."""

    expression: Any
    above: tuple[Any, ...]


def read(file: Path) -> dict[str, Any]:
    return json.loads(file.read_text(encoding="utf-8"))


def panels(dashboard: Mapping[str, Any]) -> list[dict[str, Any]]:
    """All panels but the rows, which only hold titles."""
    return [panel for panel in dashboard["panels"] if panel["type"] != "row"]


def queries(dashboard: Mapping[str, Any]) -> Iterator[Query]:
    for panel in panels(dashboard):
        for target in panel["targets"]:
            yield Query(
                dashboard["uid"],
                panel["title"],
                target["refId"],
                target["expr"],
                target.get("instant", False),
                target.get("exemplar", False),
            )


def variables(dashboard: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {variable["name"]: variable for variable in dashboard["templating"]["list"]}


def filled(expression: str, values: Mapping[str, str] = EXAMPLE) -> str:
    """With variables put in, as Grafana does it; a variable that has no value is a KeyError."""
    return _VARIABLE.sub(lambda found: values[found[1] or found[2]], expression)


def nodes(expression: Any, above: tuple[Any, ...] = ()) -> Iterator[Node]:
    """Depth first, the expression itself included."""
    if isinstance(expression, str):
        expression = promql.parse(expression)
    yield Node(expression, above)
    below = (expression, *above)
    for child in _children(expression):
        yield from nodes(child, below)


def _children(expression: Any) -> tuple[Any, ...]:
    match expression:
        case promql.BinaryExpr():
            return (expression.lhs, expression.rhs)
        case promql.Call():
            return tuple(expression.args)
        case promql.AggregateExpr():
            # The parameter of topk is an expression, that of count_values a string.
            parameter = expression.param
            return (expression.expr,) if parameter is None else (parameter, expression.expr)
        case promql.MatrixSelector():
            return (expression.vector_selector,)
        case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
            return (expression.expr,)
        case _:
            return ()
