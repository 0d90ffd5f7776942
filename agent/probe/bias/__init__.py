"""Benchmarks of bias: one file each, and one line in `BENCHMARKS`, a table of strings that loads nothing.

What a file of rows is a benchmark of shows in its fields: `benchmark_of` asks each class in turn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import cast

from agent.errors import ConfigError
from agent.probe.bias.base import BenchmarkClass
from agent.probe.rows import Row

__all__ = ["BENCHMARKS", "benchmark_class", "benchmark_of"]

BENCHMARKS: dict[str, str] = {
    "crows_pairs": "agent.probe.bias.crows_pairs:CrowsPairs",
    "winobias": "agent.probe.bias.winobias:WinoBias",
    "winogender": "agent.probe.bias.winogender:Winogender",
    "bbq": "agent.probe.bias.bbq:Bbq",
    "cbbq": "agent.probe.bias.cbbq:Cbbq",
    "identity_templates": "agent.probe.bias.identity_templates:IdentityTemplates",
}


def benchmark_class(name: str) -> BenchmarkClass:
    """The class of a row of the table."""
    return cast(BenchmarkClass, resolve_name(BENCHMARKS[name]))


def benchmark_of(rows: Sequence[Row], file: str) -> str:
    """The name of the benchmark that rows are of.

    Raises
    ------
    ConfigError
        When they are of none.
    """
    for name in BENCHMARKS:
        if benchmark_class(name).recognises(rows[0].fields):
            return name
    raise ConfigError(
        f"{file}: its first row has the fields of no benchmark ({', '.join(BENCHMARKS)}); docs/probe.md says "
        f"what each has"
    )
