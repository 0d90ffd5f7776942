"""The process's side: what it answers when the parent asks. One method per question; each gives plain data."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

import msgspec

from agent.errors import HarmwatchError, TopicUnavailable, TransportError
from agent.metrics.snapshot import write_snapshot
from streams.console.findings import HeldEvidence
from streams.front import Face
from streams.processes.wire import Answer, Ask, ProcessState

__all__ = ["Answers"]

_MOST_HELD: Final = 600

Question = Callable[[Mapping[str, Any]], Awaitable[Any]]


class Answers:
    """Answers for a worker's face.

    Parameters
    ----------
    partitions
        How many partitions of events there are, 0 while it is not known; and how many are held here.
    """

    def __init__(self, face: Face, partitions: Callable[[], tuple[int, int]]) -> None:
        self._face = face
        self._partitions = partitions
        self._encode = msgspec.msgpack.Encoder(enc_hook=_plain_number).encode
        self._questions: dict[str, Question] = {
            "state": self._state,
            "metrics": self._metrics,
            "page": self._page,
            "model": self._model,
            "held": self._held,
            "book": self._book,
            "marks": self._marks,
            "mark": self._mark,
            "audit": self._audit,
            "reload": self._reload,
        }

    async def to(self, ask: Ask) -> Answer:
        """Never raises: what goes wrong is an answer too."""
        try:
            value = await self._questions[ask.what](ask.arguments)
            return Answer(ask.id, value if isinstance(value, bytes) else self._encode(value))
        except TopicUnavailable as error:
            return Answer(ask.id, problem="unavailable", detail=str(error))
        except TransportError as error:
            return Answer(ask.id, problem="transport", detail=str(error))
        except HarmwatchError as error:
            return Answer(ask.id, problem="error", detail=str(error))
        # A question must not end a worker; what it was about may hold texts.
        except Exception as error:
            return Answer(ask.id, problem="error", detail=type(error).__name__)

    def snapshot(self) -> bytes:
        """The metrics as of now."""
        return write_snapshot(self._face.status.freeze_metrics())

    async def _state(self, _: Mapping[str, Any]) -> ProcessState:
        status = self._face.status
        health, live, readiness = status.health(), status.liveness(), status.readiness()
        partitions, assigned = self._partitions()
        return ProcessState(
            health.alive,
            health.reason,
            live.alive,
            live.reason,
            readiness.ready,
            readiness.missing,
            assigned,
            partitions,
            status.console.configuration()["hash"],
        )

    async def _metrics(self, _: Mapping[str, Any]) -> bytes:
        return self.snapshot()

    async def _page(self, _: Mapping[str, Any]) -> Any:
        return self._face.status.snapshot(nearly_all_signs=True)

    async def _model(self, arguments: Mapping[str, Any]) -> Any:
        return self._face.status.console.model(arguments["name"], arguments["window"])

    async def _held(self, arguments: Mapping[str, Any]) -> Any:
        """Findings since a number: the newest first."""
        recent = self._face.status.console.recent
        return {"number": recent.number, "held": recent.latest(after=arguments["after"], most=_MOST_HELD)}

    async def _book(self, arguments: Mapping[str, Any]) -> Any:
        """Marks on some findings, and what goes with a list of them."""
        console = self._face.status.console
        answer = dict(console.findings(arguments["model"], None, console.recent.number, 0))
        return answer | {
            "marks": [console.book.mark(id, category) for id, category in arguments["findings"]],
            "models": [reading.model for reading in console.longest().values()],
        }

    async def _marks(self, _: Mapping[str, Any]) -> Any:
        return list(self._face.status.console.feedback())

    async def _mark(self, arguments: Mapping[str, Any]) -> Any:
        if self._face.desk is None:
            return None
        held = msgspec.convert(arguments["held"], HeldEvidence)
        return await self._face.desk.mark_held(held, arguments["category"], arguments["correct"], arguments["by"])

    async def _audit(self, _: Mapping[str, Any]) -> Any:
        return list(self._face.audit())

    async def _reload(self, arguments: Mapping[str, Any]) -> Any:
        return None if self._face.reload is None else await self._face.reload(arguments["by"])


def _plain_number(value: Any) -> Any:
    # numpy's scalars.
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} cannot be written")
    return item()
