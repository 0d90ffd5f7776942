"""What a release holds, fixed before the data are looked at: queries, sensitivities, how epsilon is divided."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from fractions import Fraction

from agent.errors import ConfigError

__all__ = ["MOST_GROUPS", "OUTCOMES", "CountQuery", "ReleasePlan", "epsilon_of", "plan_release"]

#: What a row is under a label: its positive value, another one, none.
OUTCOMES = ("positive", "negative", "unlabelled")
MOST_GROUPS = 50
_LARGEST_EPSILON = 20
_LARGEST_BUDGET = 1000
_SMALLEST_EPSILON = Decimal("0.0001")
_MOST_ROWS_PER_UNIT = 100_000


@dataclass(frozen=True, slots=True)
class CountQuery:
    """A vector of counts that is released together.

    Attributes
    ----------
    name
        ``rows``, ``types``, ``label`` or ``group:<column>``.
    cells
        How many counts.
    row_changes
        By how much one row changes the counts in all: 1 where the cells are disjoint, their number where a row may
        count in each of them.
    sensitivity
        By how much one unit changes them: `row_changes` times the rows that count of one unit.
    epsilon
        Its share of the release's epsilon.
    """

    name: str
    cells: int
    row_changes: int
    sensitivity: int
    epsilon: Fraction


@dataclass(frozen=True, slots=True)
class ReleasePlan:
    """A release without data.

    Attributes
    ----------
    epsilon
        Of the whole release, as the user wrote it.
    types
        Types of personal data, a list that does not depend on the data.
    unit
        Column whose values tell the protected units apart; None when each row is one.
    rows_per_unit
        Rows that count of one unit; its further rows are left out.
    groups
        By protected column the names of its groups, given by the user: names out of the data would tell who is in it.
        All other values, and rows without one, count as a group of their own.
    label, positive
        Label column and the value that counts as positive; None without a label.
    """

    epsilon: Decimal
    types: tuple[str, ...]
    unit: str | None
    rows_per_unit: int
    groups: Mapping[str, tuple[str, ...]]
    label: str | None
    positive: str | None
    queries: tuple[CountQuery, ...]


def epsilon_of(words: str, option: str) -> Decimal:
    """An epsilon that makes sense, exact as written: a budget of 1 shall give ten releases of 0.1.

    Raises
    ------
    ConfigError
        When it is no number, not positive, or so large that it promises nothing.
    """
    try:
        value = Decimal(words)
    except InvalidOperation:
        raise ConfigError(f"{option} must be a number, such as 1 or 0.5") from None
    if not value.is_finite() or not 0 < value <= _LARGEST_BUDGET:
        raise ConfigError(f"{option} must be more than 0 and at most {_LARGEST_BUDGET}, such as 1 or 0.5")
    if value < _SMALLEST_EPSILON or len(value.as_tuple().digits) > 12:
        raise ConfigError(f"{option} must be at least {_SMALLEST_EPSILON}, with at most 12 digits")
    return value


def plan_release(
    epsilon: Decimal,
    types: Sequence[str],
    *,
    unit: str | None = None,
    rows_per_unit: int = 1,
    groups: Mapping[str, Sequence[str]] | None = None,
    label: str | None = None,
    positive: str | None = None,
) -> ReleasePlan:
    """Divide epsilon equally over the queries.

    ``rows`` counts rows with and without personal data; ``types`` rows with each type; ``group:<column>`` rows by
    group, and by outcome when there is a label; ``label`` rows by outcome, when no protected column is given.

    Raises
    ------
    ConfigError
        When epsilon is too large to mean anything, or groups or rows per unit are out of range.
    """
    if epsilon > _LARGEST_EPSILON:
        raise ConfigError(
            f"--dp-epsilon {epsilon} promises nothing: it lets one person change probabilities by e^{epsilon}; "
            f"give at most {_LARGEST_EPSILON}, usual are 0.1 to 3"
        )
    if not 1 <= rows_per_unit <= _MOST_ROWS_PER_UNIT:
        raise ConfigError(f"--dp-rows-per-unit must lie between 1 and {_MOST_ROWS_PER_UNIT}")
    named = {column: _group_names(column, names) for column, names in (groups or {}).items()}
    outcomes = 1 if label is None else len(OUTCOMES)
    shapes = [("rows", 2, 1), ("types", len(types), len(types))]
    shapes += [(f"group:{column}", (len(names) + 1) * outcomes, 1) for column, names in named.items()]
    if label is not None and not named:
        shapes.append(("label", outcomes, 1))
    share = Fraction(epsilon) / len(shapes)
    queries = tuple(CountQuery(name, cells, change, change * rows_per_unit, share) for name, cells, change in shapes)
    return ReleasePlan(epsilon, tuple(types), unit, rows_per_unit, named, label, positive, queries)


def _group_names(column: str, names: Sequence[str]) -> tuple[str, ...]:
    if not names or len(set(names)) < len(names) or len(names) > MOST_GROUPS:
        raise ConfigError(f"--dp-groups {column}: name 1 to {MOST_GROUPS} groups, each once")
    return tuple(names)
