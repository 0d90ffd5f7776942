"""The latest findings with their redacted evidence, in bounded memory: what the console shows and an operator marks."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice, repeat
from typing import Any, Final, TypeAlias

import msgspec

from agent.events import Direction
from agent.pipeline import RecordOutcome
from agent.scores import Dimension, Evidence, Finding
from agent.windows.partition import OTHER

__all__ = ["HeldEvidence", "HeldFinding", "RecentFindings", "of_model", "with_marks"]

_MOST_HELD: Final = 600
_MOST_CHARS: Final = 2_000_000
_MOST_CHARS_OF_ONE: Final = 4_000
#: Two numbers and their tuple take as much memory as so many characters of four bytes.
_CHARS_OF_A_PLACE: Final = 32
_MOST_TEXTS: Final = 8
_MOST_FINDINGS: Final = 16
_LONGEST_NAME: Final = 256
_LONGEST_ID: Final = 512
_CUT: Final = "…"

_Bucket: TypeAlias = tuple[str, Dimension]


class HeldFinding(msgspec.Struct, frozen=True, gc=False):
    """A finding without its spans, whose offsets are those of texts that nobody holds."""

    category: str
    dimension: Dimension
    score: float
    threshold: float
    leaked: bool | None
    explanation: str
    critical: bool


class HeldEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept of one verdict's evidence. ``number`` rises with each; ``texts`` are the evidence's own, cut.

    ``replaced`` says for each of them where a type stands in place of a value, ``[start, end)`` in code points.
    ``scorers`` are the verdict's, name and version: a mark says which version it judges.
    """

    number: int
    id: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    time: str
    findings: tuple[HeldFinding, ...]
    texts: tuple[str, ...]
    replaced: tuple[tuple[tuple[int, int], ...], ...]
    scorers: Mapping[str, str]


class RecentFindings:
    """Evidence as it goes to its topic, the latest of each kind.

    Room is shared: when it is used up, the oldest of whichever model and dimension has most gives way, so that a burst
    of one kind does not push out the single leak beside it. Memory is bounded by the number of verdicts held (600) and
    by the characters of their texts (two millions, where each replaced place counts as 32); of one verdict at most
    4,000 characters and 16 findings are kept.

    Nothing is shown here that the evidence does not publish: texts are redacted, and none are held where
    ``evidence.keep_texts`` is false.
    """

    def __init__(self, most: int = _MOST_HELD, most_chars: int = _MOST_CHARS) -> None:
        self._most = most
        self._most_chars = most_chars
        self._held: OrderedDict[str, HeldEvidence] = OrderedDict()
        self._buckets: dict[_Bucket, OrderedDict[str, None]] = {}
        self._chars = 0
        self.number = 0

    def take(self, outcome: RecordOutcome) -> None:
        """Keep the evidence of a record that is done."""
        if not outcome.evidence:
            return
        scorers = {verdict.id: verdict.scorers for verdict in outcome.verdicts}
        for evidence in outcome.evidence:
            if evidence.findings:
                self._keep(evidence, scorers.get(evidence.id, {}))

    def get(self, verdict_id: str) -> HeldEvidence | None:
        return self._held.get(verdict_id)

    def __len__(self) -> int:
        return len(self._held)

    def latest(
        self,
        *,
        model: Callable[[str], bool] = lambda _model: True,
        dimension: str | None = None,
        after: int = 0,
        most: int = 50,
    ) -> list[HeldEvidence]:
        """The newest first, of those that are asked for; ``after`` leaves out what has been seen already."""
        return list(islice(self._matching(model, dimension, after), most))

    def _matching(self, model: Callable[[str], bool], dimension: str | None, after: int) -> Iterator[HeldEvidence]:
        for held in reversed(self._held.values()):
            if held.number <= after:
                return
            if not model(held.model):
                continue
            if dimension is None or any(finding.dimension == dimension for finding in held.findings):
                yield held

    def _keep(self, evidence: Evidence, scorers: Mapping[str, str]) -> None:
        if evidence.id in self._held:
            self._drop(evidence.id)  # a record that came again
        self.number += 1
        texts, replaced = _cut(evidence.texts, evidence.replaced)
        held = HeldEvidence(
            number=self.number,
            id=evidence.id,
            inference_id=evidence.inference_id[:_LONGEST_ID],
            source=evidence.source[:_LONGEST_NAME],
            model=evidence.model[:_LONGEST_NAME],
            direction=evidence.direction,
            time=evidence.time,
            findings=tuple(map(_held_finding, strongest_first(evidence.findings)[:_MOST_FINDINGS])),
            texts=texts,
            replaced=replaced,
            scorers=scorers,
        )
        self._hold(held)

    def hold(self, held: HeldEvidence) -> None:
        """Keep what another process of this worker holds, under a number of ours."""
        if held.id in self._held:
            self._drop(held.id)
        self.number += 1
        self._hold(msgspec.structs.replace(held, number=self.number))

    def _hold(self, held: HeldEvidence) -> None:
        self._held[held.id] = held
        self._buckets.setdefault(_bucket(held), OrderedDict())[held.id] = None
        self._chars += _chars(held)
        while len(self._held) > self._most or (self._chars > self._most_chars and len(self._held) > 1):
            largest = max(self._buckets.values(), key=len)
            self._drop(next(iter(largest)))

    def _drop(self, verdict_id: str) -> None:
        held = self._held.pop(verdict_id)
        bucket = _bucket(held)
        del self._buckets[bucket][verdict_id]
        if not self._buckets[bucket]:
            del self._buckets[bucket]
        self._chars -= _chars(held)


def strongest_first(findings: Sequence[Finding]) -> list[Finding]:
    """Of each category the strongest, those that are critical before the others."""
    by_category: dict[str, Finding] = {}
    for finding in findings:
        held = by_category.get(finding.category)
        if held is None or finding.score > held.score:
            by_category[finding.category] = finding
    return sorted(by_category.values(), key=lambda finding: (finding.severity != "critical", -finding.score))


def _held_finding(finding: Finding) -> HeldFinding:
    return HeldFinding(
        category=finding.category,
        dimension=finding.dimension,
        score=finding.score,
        threshold=finding.threshold,
        leaked=finding.leaked,
        explanation=finding.explanation[:_LONGEST_NAME],
        critical=finding.severity == "critical",
    )


def _bucket(held: HeldEvidence) -> _Bucket:
    return held.model, held.findings[0].dimension


def _chars(held: HeldEvidence) -> int:
    places = sum(map(len, held.replaced))
    return sum(map(len, held.texts)) + _CHARS_OF_A_PLACE * places + len(held.inference_id) + 128


def _cut(
    texts: Sequence[str], replaced: Sequence[Sequence[tuple[int, int]]]
) -> tuple[tuple[str, ...], tuple[tuple[tuple[int, int], ...], ...]]:
    """The first texts that are not empty, as much of them as there is room for, with what was replaced in that."""
    kept: list[str] = []
    marks: list[tuple[tuple[int, int], ...]] = []
    room = _MOST_CHARS_OF_ONE
    for text, places in zip(texts, chain(replaced, repeat(())), strict=False):
        if not text or room <= 0 or len(kept) == _MOST_TEXTS:
            continue
        kept.append(text if len(text) <= room else text[:room] + _CUT)
        marks.append(tuple((start, end) for start, end in places if end <= room))
        room -= len(text)
    return tuple(kept), tuple(marks)


def of_model(model: str | None, told_apart: Callable[[], Iterable[str]]) -> Callable[[str], bool]:
    """Says of a finding's model whether it is the one that is asked for; of all when none is.

    ``other`` means all that have no window of their own, and one that is truly called so.

    Parameters
    ----------
    told_apart
        Gives the models that have one.
    """
    if model is None:
        return lambda _model: True
    if model != OTHER:
        return lambda held: held == model
    known = frozenset(told_apart()) - {OTHER}
    return lambda held: held not in known


def with_marks(held: HeldEvidence, mark: Callable[[str, str], bool | None]) -> dict[str, Any]:
    """A finding as the API has it, with what operators said of its categories.

    Parameters
    ----------
    mark
        From the verdict's id and a category: right, wrong, or None where nothing holds.
    """
    said = {finding.category: mark(held.id, finding.category) for finding in held.findings}
    return {
        **{name: getattr(held, name) for name in held.__struct_fields__ if name != "scorers"},
        "marks": {category: each for category, each in said.items() if each is not None},
    }
