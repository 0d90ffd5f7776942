"""The micro-batch policy: when to stop collecting and score what is there.

A batch closes for one of four reasons, its trigger: its token budget is full (``tokens``), it holds the largest number
of items (``count``), its first item has waited long enough (``wait``), or the worker shuts down (``drain``). The shape
of the policy follows huggingface/text-embeddings-inference: a budget of tokens, not of texts, bounds the work.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Generic, Literal, TypeAlias, TypeVar

from agent.clock import Clock
from agent.errors import ConfigError
from agent.tokens import estimate_tokens

__all__ = ["Emitted", "MicroBatcher", "Trigger", "estimate_tokens"]

T = TypeVar("T")

Trigger: TypeAlias = Literal["tokens", "count", "wait", "drain"]

# A sleep of exactly `due_in_seconds` must not end one rounding error before the bound.
_CLOCK_GRAIN_SECONDS = 1e-6


@dataclass(frozen=True, slots=True)
class Emitted(Generic[T]):
    """A closed batch.

    Attributes
    ----------
    items
        In order of arrival; never empty.
    tokens
        Sum over the items. Above the budget only when there is a single item.
    trigger
        Why the batch closed.
    """

    items: tuple[T, ...]
    tokens: int
    trigger: Trigger


class MicroBatcher(Generic[T]):
    """Collects items into batches; keeps their order, drops none. Not thread-safe.

    The batcher bounds batches, not how much is pending: a caller that adds without polling piles up closed batches.

    Parameters
    ----------
    max_items, max_tokens
        Bounds of one batch, at least 1. A single item above `max_tokens` becomes a batch of its own.
    max_wait_seconds
        How long an item may wait for company; 0 makes every poll emit what is there. Kept as far as `poll` is called
        in time: sleep for `due_in_seconds`.
    clock
        Read once per batch in `add`, and in `poll`.

    Raises
    ------
    ConfigError
        When a bound is out of range.
    """

    def __init__(self, max_items: int, max_tokens: int, max_wait_seconds: float, clock: Clock) -> None:
        if max_items < 1 or max_tokens < 1 or not 0.0 <= max_wait_seconds < float("inf"):
            raise ConfigError("batching: max_items and max_tokens must be 1 or more, max_wait_seconds 0 or more")
        self._max_items = max_items
        self._max_tokens = max_tokens
        self._max_wait_seconds = max_wait_seconds
        self._clock = clock
        self._open: list[T] = []
        self._open_tokens = 0
        self._open_since = 0.0
        self._closed: deque[tuple[float, Emitted[T]]] = deque()
        self._closed_items = 0

    @property
    def pending(self) -> int:
        """Number of items added and not emitted yet."""
        return self._closed_items + len(self._open)

    def oldest_age(self) -> float:
        """Seconds since the oldest pending item came; 0.0 when nothing is pending."""
        since = self._oldest_since()
        return 0.0 if since is None else max(self._clock.monotonic() - since, 0.0)

    def due_in_seconds(self) -> float | None:
        """Seconds until `poll` will emit a batch if nothing more arrives; None when nothing is pending."""
        if self._closed:
            return 0.0
        if not self._open:
            return None
        return max(self._open_since + self._max_wait_seconds - self._clock.monotonic(), 0.0)

    def add(self, item: T, tokens: int) -> None:
        """Append an item of `tokens` tokens (0 or more, see `estimate_tokens`)."""
        if self._open and self._open_tokens + tokens > self._max_tokens:
            self._close("tokens")
        if not self._open:
            self._open_since = self._clock.monotonic()
        self._open.append(item)
        self._open_tokens += tokens
        if self._open_tokens >= self._max_tokens:
            self._close("tokens")
        elif len(self._open) >= self._max_items:
            self._close("count")

    def poll(self) -> Emitted[T] | None:
        """The next batch that is due, None when none is. Call until None: several may be due."""
        if not self._closed and self._open:
            waited = self._clock.monotonic() - self._open_since
            if waited >= self._max_wait_seconds - _CLOCK_GRAIN_SECONDS:
                self._close("wait")
        return self._pop()

    def flush(self) -> Emitted[T] | None:
        """The next batch, due or not; None when nothing is pending. For shutting down: call until None.

        Batches that were due already keep their own trigger, the rest gets ``drain``.
        """
        if not self._closed and self._open:
            self._close("drain")
        return self._pop()

    def _oldest_since(self) -> float | None:
        if self._closed:
            return self._closed[0][0]
        return self._open_since if self._open else None

    def _close(self, trigger: Trigger) -> None:
        emitted = Emitted(tuple(self._open), self._open_tokens, trigger)
        self._closed.append((self._open_since, emitted))
        self._closed_items += len(self._open)
        self._open.clear()
        self._open_tokens = 0

    def _pop(self) -> Emitted[T] | None:
        if not self._closed:
            return None
        emitted = self._closed.popleft()[1]
        self._closed_items -= len(emitted.items)
        return emitted
