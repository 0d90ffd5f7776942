"""What a benchmark of bias is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Protocol, Self

from agent.probe.question import Outcome, Question
from agent.probe.rows import Row
from agent.probe.score import Score

__all__ = ["Benchmark", "BenchmarkClass", "Measured"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What outcomes come to.

    Attributes
    ----------
    scores
        By name, of all items. The first is the benchmark's own.
    by_category
        By category, in it by name.
    counts
        What else there is to know, such as ties and items that cannot be scored.
    telling
        Items that were answered with the stereotype: id, and the letters of the answers as they were shown. Neither
        question nor answer.
    """

    scores: Mapping[str, Score]
    by_category: Mapping[str, Mapping[str, Score]]
    counts: Mapping[str, int | float | str | None]
    telling: Sequence[tuple[str, str]] = field(default=())


class Benchmark(Protocol):
    """One benchmark over the rows of one file."""

    @property
    def items(self) -> int:
        """What is counted: questions, pairs or texts of the benchmark."""

    def sample(self, most: int) -> Self:
        """So many items, by the hash of their ids: the same ones each time, whatever their order."""

    def questions(self, log_likelihoods: bool) -> Sequence[Question]:
        """What to ask.

        Parameters
        ----------
        log_likelihoods
            Whether the model gives them; benchmarks that have no use for them take no notice.
        """

    def measure(self, outcomes: Mapping[str, Outcome]) -> Measured:
        """Scores of outcomes by the keys of `questions`; keys may be missing."""


class BenchmarkClass(Protocol):
    """How to make one."""

    #: Whether questions depend on log-likelihoods being there.
    uses_log_likelihoods: ClassVar[bool]

    def recognises(self, fields: Mapping[str, Any]) -> bool:
        """Whether a row with such fields is of this benchmark; never raises."""

    def read(self, rows: Sequence[Row]) -> Benchmark:
        """Make it of rows.

        Raises
        ------
        DataError
            When a row is not what it should be, with its line; no message holds a text.
        """
