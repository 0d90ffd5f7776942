"""The report of ``harmwatch anonymize``: one JSON object, or a page. Names of columns stand in it, never a value."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

from agent.assess.anonymize.columns import Columns
from agent.assess.anonymize.tally import Tally
from agent.assess.policy import Policy
from agent.assess.protection import ProtectionKey
from agent.report.page import page, table

__all__ = ["figures_of", "html_report"]


def figures_of(
    tally: Tally, columns: Columns, policy: Policy, policy_name: str, key: ProtectionKey | None, scorer_version: str
) -> dict[str, Any]:
    """Counts by type and column, and what they do not say.

    ``share_with_any`` is the share of rows in which something was found, or which hold a value in a declared column of
    an identifying type: the method's share of sensitive data. It counts what the scorer finds, and no more.
    """
    return {
        "policy": {
            "name": policy_name,
            "fingerprint": policy.fingerprint,
            "key_check": key.check if key is not None and policy.needs_key else None,
        },
        "scorer": scorer_version,
        "rows": tally.rows,
        "rows_with_any": tally.rows_with_any,
        "share_with_any": tally.rows_with_any / tally.rows if tally.rows else None,
        "cells": sum(column.cells for column in tally.columns.values()),
        "types": tally.by_type(),
        "columns": {name: column.as_plain() for name, column in tally.columns.items()},
        "notes": _notes(tally, columns, policy),
    }


def _notes(tally: Tally, columns: Columns, policy: Policy) -> list[str]:
    notes = []
    scanned = any(columns.rule(name).treat == "text" for name in tally.columns)
    if scanned and not tally.by_type().get("NAME", {}).get("found"):
        notes.append(
            "No name of a person was found or declared. Names have no form: they are told by the title of their column "
            "or key, by words that announce them, or by a scorer that recognises entities. Declare "
            "columns of names, or read a sample."
        )
    for name, column in tally.columns.items():
        if column.looks_like is not None:
            notes.append(
                f"Column {name} looks like single values of {column.looks_like}: declare it "
                f"(columns: {{{name}: {{treat_as: {column.looks_like}}}}}), so that other cells are replaced too."
            )
        if column.emptied:
            notes.append(
                f"Column {name}: {column.emptied} numbers became null, since something was found in them and the "
                "column is one of numbers. Declare it, or write JSON Lines."
            )
    kept = [name for name in columns.unreadable if columns.rule(name).treat == "keep"]
    if kept:
        types = ", ".join(f"{name} ({columns.unreadable[name]})" for name in kept)
        notes.append(f"Not looked at, since their type holds no text: {types}.")
    unverified = sum(column.unverified for column in tally.columns.values())
    if unverified:
        notes.append(
            f"{unverified} texts in the form of a hash or pseudonym were left alone, unverified: an author of the "
            "data could have put anything into that form."
        )
    if columns.loses_metadata:
        notes.append("Metadata of the Parquet file and its fields, such as pandas' index, are left out.")
    if policy.other_columns == "keep":
        notes.append("Columns that are not declared were kept as they are.")
    if tally.names_with_any:
        notes.append(
            f"Something was found in {len(tally.names_with_any)} keys of nested objects; keys are kept as they are."
        )
    notes.append(
        "What was not found is still there, and who knows other facts may tell a person from what is left. Measure "
        "k-anonymity before the data are given away."
    )
    return notes


def html_report(figures: Mapping[str, Any]) -> str:
    """The page of ``--report FILE.html``; `figures` is what ``--json`` prints."""
    share = figures["share_with_any"]
    policy = figures["policy"]
    head = (
        f"<p><b>{escape(figures['file'])}</b>: {figures['rows']} rows, {figures['cells']} cells. In "
        f"{figures['rows_with_any']} rows ({'-' if share is None else f'{100 * share:.2f} %'}) something was found or "
        f"declared. Policy <b>{escape(policy['name'])}</b>, fingerprint {policy['fingerprint']}"
        + (f", key {policy['key_check']}" if policy["key_check"] else "")
        + f"; scorer {escape(figures['scorer'])}. {escape(figures['created'])}</p>"
    )
    types = [[escape(kind), _counts(row["done"]), str(row["found"])] for kind, row in figures["types"].items()]
    columns = [
        [
            escape(name),
            escape(row["treatment"]),
            str(row["cells"]),
            str(row["cells_with_any"]),
            escape(", ".join(f"{kind} {count}" for kind, count in row["found"].items()) or "-"),
            escape(row.get("looks_like") or "-"),
        ]
        for name, row in figures["columns"].items()
    ]
    notes = "".join(f"<li>{escape(note)}</li>" for note in figures["notes"])
    return page(
        "harmwatch: anonymised data",
        [
            head,
            "<h2>By type</h2>",
            table(("type", "replaced by", "found"), types),
            "<h2>By column</h2>",
            table(("column", "treatment", "cells", "with any", "found", "looks like"), columns),
            f"<h2>What this does not say</h2><ul>{notes}</ul>",
        ],
    )


def _counts(done: Mapping[str, int]) -> str:
    return escape(", ".join(f"{operator} {count}" for operator, count in done.items()) or "-")
