"""The readings of a rebalancing: one surveys, one more ranks where that is asked for, the last one writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import chain, repeat
from pathlib import Path
from typing import Any, TypeAlias

from agent.assess.analysis import read_through
from agent.assess.rebalance.cost import Ranker, model_figures
from agent.assess.rebalance.disparities import DECIDED, by_attribute, slots
from agent.assess.rebalance.method import Applied, Method
from agent.assess.rebalance.ranks import Ranks
from agent.assess.rebalance.readings import table_changed
from agent.assess.rebalance.repair import Distributions, Repair, largest_distance
from agent.assess.rebalance.request import Request
from agent.assess.rebalance.resample import Resample, Uniform, preferential
from agent.assess.rebalance.reweigh import Reweigh
from agent.assess.rebalance.strata import Strata, Stratum, sizes
from agent.assess.rebalance.survey import Survey
from agent.assess.tables import Batch, TableReader, advancing, open_writer
from agent.assess.tables.parquet_file import taken
from agent.windows.intervals import effective_count

__all__ = ["Opened", "rebalance", "surveyed"]

Opened: TypeAlias = Callable[[str], AbstractContextManager[tuple[TableReader, Callable[[int], None]]]]
"""Opens the table anew: told what it is read for, gives a reader and what is told how much has been read."""


def surveyed(request: Request, opened: Opened) -> Survey:
    """A survey by a reading of its own.

    Raises
    ------
    ConfigError, DataError
        As `Survey` and `read_through` do.
    """
    survey = Survey(request)
    with opened("counting") as (reader, advance):
        _, columns = read_through(reader, lambda _: (survey,), request.needed, advance)
    survey.check(columns)
    return survey


def rebalance(survey: Survey, opened: Opened, out: Path) -> dict[str, Any]:
    """Write the rebalanced table, and say what has changed.

    Parameters
    ----------
    survey
        Of the whole table, checked.
    opened
        Must give the same rows every time.
    out
        Appears when it is whole; what stands there before is replaced.

    Returns
    -------
    dict
        Plain data for JSON. Holds no cell of the table but names of large groups.

    Raises
    ------
    ConfigError
        When the format of `out` cannot be written.
    DataError
        When the table cannot be read or written, or is not the one that was surveyed.
    """
    request = survey.request
    with _method(survey, opened) as method:
        tally = _write(method, survey, opened, out)
    strata = survey.strata
    figures: dict[str, Any] = {
        "method": request.method,
        "out": str(out),
        "seed": request.seed,
        "protected": list(request.protected),
        "label": request.label,
        "left_out": list(survey.left_out),
        "rows": strata.rows,
        "groups": len(strata.groups),
        **tally.figures(),
    }
    if isinstance(method, Repair):
        figures |= {"level": request.level, "repaired": tally.repaired(method, survey)}
    elif isinstance(method, Reweigh):
        figures["weight_column"] = method.column
    else:
        figures["sampling"] = request.sampling
    figures["labels"] = {
        when: by_attribute(numbers, rows, strata.groups, request.protected, ("spd", "dir"))
        for when, numbers, rows in (
            ("before", _before(strata), _rows_of_groups(strata)),
            ("after", tally.numbers, tally.rows),
        )
    }
    figures["model"] = model_figures(
        survey.sample.rows,
        strata.groups,
        request.protected,
        survey.features,
        survey.distributions.numeric,
        repaired=isinstance(method, Repair),
        seed=request.seed,
    )
    return figures


@contextmanager
def _method(survey: Survey, opened: Opened) -> Iterator[Method]:
    request = survey.request
    counts = survey.strata.counts
    if request.method == "reweigh":
        yield Reweigh(survey.strata, request.weight_column)
    elif request.method == "disparate-impact-remover":
        yield Repair(survey.distributions, survey.repaired, request.level, request.seed)
    elif request.sampling == "uniform":
        yield Resample(Uniform(counts, request.seed))
    else:
        ranks = Ranks()
        try:
            ranker = Ranker(survey.sample.rows, survey.features, survey.distributions.numeric)
            with opened("ranking") as (reader, advance):
                for batch in advancing(reader.batches(), advance):
                    places = survey.strata.places(batch)
                    ranks.add(places, ranker.closeness(batch.rows, [place.positive for place in places]))
            yield Resample(preferential(counts, ranks, request.seed))
        finally:
            ranks.close()


def _write(method: Method, survey: Survey, opened: Opened, out: Path) -> _Tally:
    tally = _Tally(len(survey.strata.groups), method)
    with opened("writing") as (reader, advance):
        writer = open_writer(out, reader, changed=method.changed, floats=method.floats)
        try:
            for batch in advancing(reader.batches(), advance):
                places = survey.strata.places(batch)
                applied = method.apply(batch, places)
                writer.write(_written(batch, applied, method, tally.written))
                tally.add(places, applied)
                survey.sample.note(batch, applied)
            if tally.read != survey.strata.counts:
                raise table_changed()
            writer.commit()
        finally:
            writer.discard()
    return tally


def _written(batch: Batch, applied: Applied, method: Method, before: int) -> Batch:
    rows = list(_repeated(applied.rows, applied.copies))
    columns = tuple(dict.fromkeys((*batch.columns, *method.floats)))
    arrow = batch.arrow
    if arrow is not None and any(copies != 1 for copies in applied.copies):
        arrow = taken(arrow, list(_repeated(range(len(applied.copies)), applied.copies)))
    return Batch(columns, rows, before + 1, batch.done, arrow)


def _repeated(items: Iterable[Any], copies: Sequence[int]) -> Iterator[Any]:
    return chain.from_iterable(map(repeat, items, copies))


class _Tally:
    """What has been written."""

    def __init__(self, groups: int, method: Method) -> None:
        self.read: Counter[Stratum] = Counter()
        self.written = self._left_out = self._copied = 0
        self._weight = self._squares = self._largest = 0.0
        self.numbers = slots(groups)
        self.rows = [0] * groups
        self._repaired: tuple[str, ...] = method.columns if isinstance(method, Repair) else ()
        self._after = Distributions((), sketched=True)

    def add(self, places: Sequence[Stratum], applied: Applied) -> None:
        self.read.update(places)
        for place, copies, weight in zip(places, applied.copies, applied.weights, strict=True):
            self.written += copies
            self.rows[place.group] += copies
            self._left_out += copies == 0
            self._copied += max(0, copies - 1)
            # Copies are no rows of their own: together they count as one of so much weight.
            whole = copies * weight
            at = DECIDED[None, place.positive]
            self.numbers[place.group, at] += whole
            self.numbers[place.group, at + 1] += whole * whole
            self._weight += whole
            self._squares += whole * whole
            self._largest = max(self._largest, whole)
        if self._repaired:
            self._after.observe(Batch(self._repaired, applied.rows, 1, 0), places)

    def figures(self) -> dict[str, Any]:
        return {
            "rows_written": self.written,
            "rows_left_out": self._left_out,
            "rows_added": self._copied,
            "total_weight": self._weight,
            "effective_rows": effective_count(self._weight, self._squares),
            "largest_weight": self._largest,
        }

    def repaired(self, method: Repair, survey: Survey) -> dict[str, Any]:
        """By column, how far apart the groups were and are (Kolmogorov's distance of the two farthest)."""
        return {
            column: {
                "distance_before": largest_distance(survey.distributions.of(column)),
                "distance_after": largest_distance(self._after.of(column)),
            }
            for column in method.columns
        }


def _rows_of_groups(strata: Strata) -> list[int]:
    groups, _ = sizes(strata.counts)
    return [groups[number] for number in range(len(strata.groups))]


def _before(strata: Strata) -> Any:
    numbers = slots(len(strata.groups))
    for place, count in strata.counts.items():
        at = DECIDED[None, place.positive]
        numbers[place.group, at : at + 2] += count
    return numbers
