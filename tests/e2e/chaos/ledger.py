"""The books of a long experiment, in a few bytes a call.

What was promised is noted by number as it is published; the verdict topic is read through once; each half of a call has
one verdict, or several that say the same under the same id; and what the windows count is what the first verdicts say.
Scores are missing only in verdicts that were made while a scorer was broken, and each record that is no event has its
dead letter.
"""

from __future__ import annotations

from array import array
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np

from agent.events import DIRECTIONS
from agent.scores import DIMENSIONS, Verdict
from streams.ports import Record
from tests.e2e.accounts import Totals, differences
from tests.e2e.traffic import MODELS, Ledger

from .feed import UNSOUND, number_of

__all__ = ["Books", "Letters", "Spell", "Verdicts", "read_letters"]

BROKEN_DIMENSION: Final = "output"
"""Of the scorer that is broken by some faults."""

_decode = msgspec.json.Decoder(Verdict).decode
_SIDE: Final = {direction: place for place, direction in enumerate(DIRECTIONS)}
_DIMENSION: Final = {dimension: place for place, dimension in enumerate(DIMENSIONS)}
_MODEL: Final = {model: place for place, model in enumerate(MODELS)}


def _digest(*parts: object) -> int:
    return int.from_bytes(blake2b(msgspec.json.encode(parts), digest_size=7).digest(), "big") + 1


@dataclass(slots=True)
class Verdicts:
    """What a pass over the verdict topic found.

    Attributes
    ----------
    records, duplicates
        How many there are, and how many of them are not the first of their half.
    contradicting
        Duplicates that do not say what the first said.
    retold
        Duplicates that say of a broken scorer what the first did not, or the other way round, and else the same: a
        record that was read again when the scorer was well again.
    renamed
        Duplicates with another id than the first.
    uninvited
        Verdicts on halves that were never published.
    """

    records: int = 0
    duplicates: int = 0
    contradicting: int = 0
    retold: int = 0
    renamed: int = 0
    uninvited: int = 0
    examples: list[str] = field(default_factory=list)

    def tell(self, example: str) -> None:
        if len(self.examples) < 10:
            self.examples.append(example)


class Spell(NamedTuple):
    """A time in which scores may be missing, seconds since the Unix epoch, for these reasons."""

    kind: str
    begin: float
    end: float
    reasons: frozenset[str]


class Letters(NamedTuple):
    """What the dead-letter topic holds: records without those that came again, and those that are sound."""

    records: int
    duplicates: int
    sound: int


def read_letters(records: Iterable[Record]) -> Letters:
    """Dead letters, once through."""
    origins: set[tuple[bytes, bytes]] = set()
    count = sound = 0
    for record in records:
        headers = dict(record.headers)
        count += 1
        sound += not (record.value or b"").startswith(UNSOUND)
        origins.add((headers["partition"], headers["offset"]))
    return Letters(len(origins), count - len(origins), sound)


class Books:
    """Of at most `calls` calls."""

    def __init__(self, calls: int) -> None:
        self._promised = np.zeros(calls, np.uint8)
        self._seen = np.zeros(calls, np.uint8)
        self._said = np.zeros((calls, 2), np.uint64)
        self._said_by_others = np.zeros((calls, 2), np.uint64)
        self._lacking = np.zeros(calls, np.uint8)
        self._ids = np.zeros((calls, 2), np.uint64)
        self._harms = np.zeros(calls, np.uint8)
        self._model = np.zeros(calls, np.uint8)
        self._scored: dict[str, Counter[str]] = defaultdict(Counter)
        self._categories: dict[str, Counter[str]] = defaultdict(Counter)
        self._missing: Counter[str] = Counter()
        #: By reason, when verdicts were made in which a score is missing.
        self._missing_at: dict[str, array[float]] = defaultdict(lambda: array("d"))
        self.verdicts = Verdicts()

    def promise(self, ledger: Ledger) -> None:
        """Calls that are about to be published."""
        for call, directions in ledger.directions.items():
            number = number_of(call[1])
            self._promised[number] = sum(1 << _SIDE[direction] for direction in directions)
            self._model[number] = _MODEL[ledger.models[call]]

    def read(self, records: Iterable[Record]) -> None:
        """Verdicts, once through."""
        for record in records:
            self._take(_decode(record.value or b""))

    def _take(self, verdict: Verdict) -> None:
        number, side = number_of(verdict.inference_id), _SIDE[verdict.direction]
        found = self.verdicts
        found.records += 1
        for missing in verdict.missing:
            self._missing_at[missing.reason].append(datetime.fromisoformat(verdict.scored_at).timestamp())
        if not self._promised[number] >> side & 1:
            found.uninvited += 1
            return
        said = _digest(
            verdict.model, sorted(verdict.scores.items()), verdict.findings, verdict.missing, verdict.truncated
        )
        others = [finding for finding in verdict.findings if finding.dimension != BROKEN_DIMENSION]
        said_by_others = _digest(verdict.model, others, verdict.truncated)
        name = _digest(verdict.id)
        if self._seen[number] >> side & 1:
            found.duplicates += 1
            one_lacks = bool(verdict.missing) or bool(self._lacking[number] >> side & 1)
            if self._said[number, side] == said:
                pass
            elif one_lacks and self._said_by_others[number, side] == said_by_others:
                found.retold += 1
            else:
                found.contradicting += 1
                found.tell(f"{verdict.inference_id} {verdict.direction}: {verdict.missing}")
            if self._ids[number, side] != name:
                found.renamed += 1
            return
        self._seen[number] |= 1 << side
        self._said[number, side], self._ids[number, side] = said, name
        self._said_by_others[number, side] = said_by_others
        self._lacking[number] |= bool(verdict.missing) << side
        model = verdict.model
        if verdict.scores:
            self._scored[model][verdict.direction] += 1
        self._missing[model] += len(verdict.missing)
        for finding in verdict.findings:
            self._harms[number] |= 1 << _DIMENSION[finding.dimension]
            self._categories[model][f"{verdict.direction} {finding.category}"] += 1

    def without_verdict(self) -> int:
        """Halves that were published and have none."""
        left = self._promised & ~self._seen
        return int(sum(int(np.count_nonzero(left >> side & 1)) for side in _SIDE.values()))

    def halves(self) -> int:
        """Halves that were published."""
        return int(sum(int(np.count_nonzero(self._promised >> side & 1)) for side in _SIDE.values()))

    @property
    def missing(self) -> int:
        """Missing scores in first verdicts."""
        return sum(self._missing.values())

    def missing_outside(self, spells: Sequence[Spell]) -> int:
        """Missing scores, of duplicates too, that no spell explains."""
        return sum(
            not any(reason in spell.reasons and spell.begin <= at <= spell.end for spell in spells)
            for reason, times in self._missing_at.items()
            for at in times
        )

    def missing_in(self, spell: Spell) -> int:
        """Missing scores that this one explains."""
        return sum(
            spell.begin <= at <= spell.end for reason in spell.reasons for at in self._missing_at.get(reason, ())
        )

    def truth(self) -> dict[str, Totals]:
        """What windows should count, by model."""
        found = {}
        for model, place in _MODEL.items():
            here = (self._model == place) & (self._seen > 0)
            harms = self._harms[here]
            by_dimension = {
                dimension: float(np.count_nonzero(harms >> bit & 1)) for dimension, bit in _DIMENSION.items()
            }
            found[model] = Totals(
                events=float(np.count_nonzero(here)),
                harmful_any=float(np.count_nonzero(harms)),
                missing=float(self._missing[model]),
                scored={key: float(value) for key, value in self._scored[model].items()},
                harmful=by_dimension,
                categories={key: float(value) for key, value in self._categories[model].items()},
            )
        return found

    def against(self, windows: Mapping[str, Totals]) -> list[str]:
        """One line per number in which windows differ from the truth."""
        return differences(self.truth(), windows)

    def numbers(self) -> dict[str, Any]:
        """For the table and ``--json``."""
        found = self.verdicts
        return {
            "halves_published": self.halves(),
            "verdict_records": found.records,
            "halves_without_verdict": self.without_verdict(),
            "duplicate_verdicts": found.duplicates,
            "duplicates_with_another_id": found.renamed,
            "contradicting_duplicates": found.contradicting,
            "duplicates_with_or_without_a_missing_score": found.retold,
            "uninvited_verdicts": found.uninvited,
            "missing_scores": self.missing,
        }
