"""From the body of a request to the records that go to Kafka: all of them, or the reason why none."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from agent.clock import Clock
from agent.errors import DecodeError
from agent.events import InferenceEvent
from streams.formats import Decoder
from streams.formats.base import FORMAT_HEADER, ID_HEADER, MAX_BYTES, TIME_HEADER
from streams.ingest.otlp import Copies, Where, split_singly
from streams.ingest.routes import Part, TapRoute
from streams.ports import Headers, Message, Record

__all__ = ["Intake", "Taken"]

_MOST_ID: Final = 128
#: Beside a value of `max_record_bytes` a topic has no more room unless it was given more.
_MOST_HEADERS: Final = 32 * 1024


@dataclass(frozen=True, slots=True)
class Taken:
    """What a body gave.

    Attributes
    ----------
    messages
        One per part that holds an inference, its bytes as they came, keyed by model.
    events
        How many inferences, by format.
    ignored
        Parts that are well formed and hold none.
    rejected
        Log records or spans that were left out, and why the first of them was, and where it stands: only of OTLP, which
        has a way to say so.
    """

    messages: Sequence[Message]
    events: Mapping[str, int]
    ignored: int
    rejected: int = 0
    reason: str = ""


class Intake:
    """Reads bodies as the worker will read them, so that what is acknowledged is no dead letter.

    Parameters
    ----------
    topic
        Of the records.
    max_record_bytes
        A larger part is refused.
    """

    def __init__(self, topic: str, max_record_bytes: int, clock: Clock) -> None:
        self._topic = topic
        self._max_record_bytes = max_record_bytes
        self._clock = clock
        self._decoder = Decoder(max_bytes=MAX_BYTES)

    def take(self, route: TapRoute, body: bytes, headers: Mapping[str, str]) -> Taken:
        """The records of one request; may run in another thread.

        Parameters
        ----------
        headers
            Of the request, by lower-case name.

        Raises
        ------
        DecodeError
            When one of the parts is bad; ``detail`` says which, and never what stands there.
        """
        now = self._clock.now()
        parts = route.split(body, headers, self._max_record_bytes)
        messages: list[Message] = []
        events: Counter[str] = Counter()
        ignored = rejected = 0
        problem: tuple[str, str] | None = None  # not the error: in a frame of its own traceback it would be a cycle
        copies = Copies(len(body))
        for number, part in enumerate(parts):
            try:
                message, found = self._message(route, part, now)
            except DecodeError as error:
                if route.partial:
                    good, bad = self._singly(route, part, now, copies)
                    problem = problem or next(iter(bad), None)
                    messages += [message for message, found in good if found]
                    events.update(event.format for _, found in good for event in found)
                    ignored += sum(not found for _, found in good)
                    rejected += len(bad)
                    continue
                if len(parts) == 1:
                    raise
                raise DecodeError(error.reason, f"part {number}: {error.detail}".rstrip(": ")) from None
            if found:
                messages.append(message)
                events.update(event.format for event in found)
            else:
                ignored += 1
        if problem and not messages and not ignored:
            raise DecodeError(*problem)
        return Taken(messages, events, ignored, rejected, ": ".join(filter(None, problem or ())))

    def _singly(
        self, route: TapRoute, part: Part, now: float, copies: Copies
    ) -> tuple[list[tuple[Message, Sequence[InferenceEvent]]], list[tuple[str, str]]]:
        """One bad log record of a collector's batch does not cost the others, which may come from anywhere; unless
        they come to too much, each with its resource and scope.
        """
        media = dict(part.headers).get("content-type", b"").decode("latin-1")
        good: list[tuple[Message, Sequence[InferenceEvent]]] = []
        problems: list[tuple[str, str]] = []
        # First by span: the messages of a call that all can be read stay one call.
        for span in split_singly(part.value, media, copies, by_span=True):
            try:
                good.append(self._message(route, Part(span.value, part.headers), now))
                continue
            except DecodeError as failure:
                problem = failure.reason, failure.detail
            where = span.where.within(part.where) if span.where else part.where
            singles = split_singly(span.value, media, copies)
            if len(singles) == 1:
                problems.append(_placed(problem, where))
                continue
            for single in singles:
                try:
                    good.append(self._message(route, Part(single.value, part.headers), now))
                except DecodeError as failure:
                    place = single.where.within(where) if single.where else where
                    problems.append(_placed((failure.reason, failure.detail), place))
        return good, problems

    def _message(self, route: TapRoute, part: Part, now: float) -> tuple[Message, Sequence[InferenceEvent]]:
        value, headers, _ = part
        if len(value) > self._max_record_bytes:
            raise DecodeError("too_large", "record")
        if sum(len(name) + len(content) for name, content in headers) > _MOST_HEADERS:
            raise DecodeError("too_large", "attributes of the event")
        own: Headers = ((TIME_HEADER, b"%.3f" % now),)
        if route.format is not None:
            own = ((FORMAT_HEADER, route.format.encode()), *own)
        record = Record(self._topic, 0, 0, now, None, value, (*headers, *own))
        found = self._decoder.decode(record)
        place = f"{self._topic}-0-0"
        if any(event.inference_id.startswith(place) for event in found):
            own = (*own, (ID_HEADER, uuid.uuid4().hex.encode()))
        return Message(self._topic, _key(found), value, (*headers, *own)), found


def _placed(problem: tuple[str, str], where: Where | None) -> tuple[str, str]:
    """What is wrong with a record, and at which place of the request it stands."""
    reason, detail = problem
    if where is None:
        return problem
    # A record that is no object is told by the name of its list, which the place has, too.
    inner = "" if where.listed.rpartition(".")[2] == detail else f": {detail}" if detail else ""
    return reason, f"{where.first}{inner}"


def _key(events: Sequence[InferenceEvent]) -> bytes | None:
    """The model, as everywhere on this topic; None when there are several, which then have no order."""
    models = {event.model for event in events}
    return models.pop().encode("utf-8", "replace") if len(models) == 1 else None
