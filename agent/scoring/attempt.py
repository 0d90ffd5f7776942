"""One call of one scorer, with everything that may go wrong in it turned into missing scores."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from agent.errors import OutOfDeviceMemory
from agent.scores import Dimension, ScoreRow
from agent.scoring.base import Batch, Scorer

__all__ = ["ISOLATION_CALLS", "MissingReason", "Outcome", "attempt"]

MissingReason: TypeAlias = Literal["error", "deadline", "busy", "memory"]

#: Enough to single out one poisonous text among 256, and nearly always two.
ISOLATION_CALLS = 32


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one call of a scorer gave.

    Attributes
    ----------
    rows
        One per text of the batch, in order; the reason where there is no row.
    error_type
        Name of the exception's class, "" when there was none. Never the exception's text: it may hold payload.
    flaw
        How the scorer broke its contract, "" when it kept it.
    """

    rows: list[ScoreRow | MissingReason]
    error_type: str = ""
    flaw: str = ""


class _Patience:
    """How many more calls may go into finding the texts that a scorer cannot stand."""

    __slots__ = ("calls",)

    def __init__(self, calls: int) -> None:
        self.calls = calls


def attempt(scorer: Scorer, batch: Batch, given_up: Callable[[], bool], patience: _Patience | None = None) -> Outcome:
    """Score a batch; never raises.

    A batch that does not fit into memory is halved until its parts fit; a single text that does not is missing. A
    batch on which the scorer fails is halved as well, so that one poisonous text cannot blind the scorer for all its
    neighbours; but only for `ISOLATION_CALLS` calls, since a scorer that always fails would make it pointless.

    Parameters
    ----------
    given_up
        Asked before each half: nobody waits for the rows any more.
    """
    try:
        rows: object = scorer.score(batch)
        return _checked(scorer, batch, rows)
    # Everything: scorers are other people's code, and a panic in a Rust tokeniser, or a library that calls sys.exit,
    # is no Exception. It must cost this scorer's rows, not the lane's thread.
    except BaseException as error:
        error_type = type(error).__name__
        out_of_memory = _is_out_of_memory(error)
    # Outside of the handler: the exception's frames would keep the memory that the halves need.
    patience = patience or _Patience(ISOLATION_CALLS)
    reason: MissingReason = "memory" if out_of_memory else "error"
    if len(batch) == 1 or given_up() or (not out_of_memory and patience.calls < 2):
        return Outcome([reason] * len(batch), error_type)
    if not out_of_memory:
        patience.calls -= 2
    first, second = (attempt(scorer, half, given_up, patience) for half in batch.split())
    return Outcome(first.rows + second.rows, first.error_type or second.error_type, first.flaw or second.flaw)


def _is_out_of_memory(error: BaseException) -> bool:
    # By name, so that torch.OutOfMemoryError is known without importing torch.
    return isinstance(error, OutOfDeviceMemory | MemoryError) or any(
        cls.__name__ == "OutOfMemoryError" for cls in type(error).__mro__
    )


def _checked(scorer: Scorer, batch: Batch, rows: object) -> Outcome:
    """Hold the scorer to its contract: a wrong row reaches metrics as a label or a number that nobody can undo."""
    if not isinstance(rows, Sequence) or isinstance(rows, str | bytes):
        return Outcome(["error"] * len(batch), flaw="did not return a sequence of rows")
    if len(rows) != len(batch):
        # Which rows belong to which texts is anybody's guess.
        return Outcome(["error"] * len(batch), flaw=f"returned {len(rows)} rows for {len(batch)} texts")
    checked: list[ScoreRow | MissingReason] = []
    flaw = ""
    categories = scorer.categories
    for item, row in zip(batch.items, rows, strict=True):
        found = _flaw(row, categories, len(item.raw))
        checked.append("error" if found else row)
        flaw = flaw or found
    return Outcome(checked, flaw=flaw)


def _flaw(row: object, categories: Mapping[str, Dimension], length: int) -> str:
    if not isinstance(row, ScoreRow):
        return "returned something that is no ScoreRow"
    if not row.judged and (row.scores or row.spans):
        return "returned scores of a text that it did not judge"
    for category, score in row.scores.items():
        if category not in categories:
            return "returned a category that it does not declare"
        if not _is_score(score):
            return "returned a score outside [0, 1]"
    for span in row.spans:
        if not 0 <= span.start < span.end <= length:
            return "returned a span outside of its text"
        if span.category not in categories:
            return "returned a span of a category that it does not declare"
    return ""


def _is_score(score: object) -> bool:
    # NaN fails both comparisons. A bool or a numpy float32 would not survive the JSON of the verdict.
    return isinstance(score, float | int) and not isinstance(score, bool) and 0.0 <= score <= 1.0
