"""A call of a model that is going on: told as one event when it ends, with both halves."""

from __future__ import annotations

import time
from collections.abc import Mapping
from itertools import islice
from types import TracebackType
from typing import TYPE_CHECKING

from harmwatch_client.conversation import MAX_ENTRIES, messages_of
from harmwatch_client.events import Facts
from harmwatch_client.ids import new_id
from harmwatch_client.lenient import lenient
from harmwatch_client.plain import name_of
from harmwatch_client.trimmer import Trimmer

if TYPE_CHECKING:
    from harmwatch_client.tap import Tap

__all__ = ["Call"]

_FACTS = frozenset(
    {
        "model", "input", "output", "id", "time", "context", "attributes", "decision", "score", "label", "source",
        "model_version", "tenant", "trace_id", "redacted",
    }
)  # fmt: skip


class Call:
    """What is known of a call so far. None of its methods blocks or raises, whatever it is given, and however.

    Use one for one call, from one thread or task at a time.

    Attributes
    ----------
    id
        Of the call, to be given to whoever will know the ground truth later.
    """

    def __init__(self, tap: Tap, facts: Mapping[str, object], *, is_mended: bool = False) -> None:
        now = time.time()
        self.id: str = new_id(now)
        self._tap = tap
        self._facts: dict[str, object] = {}
        self._pieces: list[str] = []
        self._room = tap.max_event_bytes
        self._truncated = False
        self._mended = is_mended
        self._told = False
        self.set(**facts)
        try:
            self.id = name_of(self._facts.get("id"), 512) or self.id
            # Whether a strange object is true is its own to say, or to raise.
            self._facts["id"] = self._facts.get("id") or self.id
        except Exception:
            # The call is told under the id that was made for it, with all else that is known.
            self._facts["id"] = self.id
        if self._facts.get("time") is None:
            self._facts["time"] = now

    @lenient
    def output(self, output: object, *, decision: object = None, score: object = None) -> None:
        """What the model answered; said again, the latest counts."""
        self.set(output=output, decision=decision, score=score)

    @lenient
    def add(self, piece: object) -> None:
        """A piece of a text that comes in pieces. Memory is bounded: what is over the largest event is cut."""
        try:
            if not isinstance(piece, str):
                self._mended = self._mended or piece is not None
                return
            piece = str.__str__(piece)
            if len(piece) > self._room:
                self._truncated = True
                piece = piece[: self._room]
            self._room -= len(piece)
            if piece:
                self._pieces.append(piece)
        except Exception:
            self._truncated = True

    @lenient
    def set(self, /, **facts: object) -> None:
        """Further arguments of `Tap.log`. Names that it does not have are left out and counted; None is passed over."""
        for name, value in facts.items():
            if name not in _FACTS:
                self._mended = True
            elif value is not None:
                try:
                    self._facts[name] = self._as_it_is(value) if name in ("input", "output") else value
                except Exception:
                    self._facts.pop(name, None)
                    # What is told lacks a part of the call, and says so.
                    self._truncated = True

    def _as_it_is(self, value: object) -> object:
        """Messages as they are now: the server may go on to append to them."""
        if isinstance(value, Mapping):
            # One more than a row of features may have, so that it is marked as cut.
            entries = islice(value.items(), MAX_ENTRIES + 1)
            return {key: self._as_it_is(part) if key == "messages" else part for key, part in entries}
        found = messages_of(value)
        if found is None:
            return value
        trimmer = Trimmer(self._tap.max_event_bytes)
        messages = trimmer.messages(found)
        self._truncated = self._truncated or trimmer.cut
        self._mended = self._mended or trimmer.mended
        return messages

    @lenient
    def end(self, *, failed: bool = False, truncated: bool = False) -> bool:
        """Tell harmwatch, once; what comes later is not told. The block's end does this by itself."""
        try:
            if self._told:
                return False
            self._told = True
            facts = {**self._facts, "failed": failed, "truncated": self._truncated or truncated}
            if self._pieces and facts.get("output") is None:
                facts["output"] = "".join(self._pieces)
            return self._tap.tell(Facts(**facts), is_mended=self._mended)
        except Exception:
            self._tap.lose()
            return False

    def mend(self) -> None:
        """Note that something was left out (`Stats.mended`)."""
        self._mended = True

    def __enter__(self) -> Call:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Cancelled or left (asyncio.CancelledError, GeneratorExit, SystemExit): the call itself did not fail.
        interrupted = kind is not None and not issubclass(kind, Exception)
        # Pieces that came before an error are the beginning of an answer.
        is_part = kind is not None and bool(self._pieces) and self._facts.get("output") is None
        self.end(failed=kind is not None and not interrupted, truncated=interrupted or is_part)

    async def __aenter__(self) -> Call:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)
