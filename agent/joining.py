"""Joins the halves of a call by id, and finds duplicates; bounded in entries, characters and time.

A call may arrive whole, or as request and response in any order, on any partition, more than once, or only half. The
store remembers for a while which directions of ``(source, inference_id)`` have been seen and by which record. So

- the response's personal data can be told from an echo of the request (its texts are kept until both halves are in),
- an event counts once per dimension, whichever half shows the harm,
- a direction that comes again from *another* record, or from another place in the same record, is a duplicate; from
  the *same* place it is a replay after a rebalance and is scored again. One whose texts its sender had removed is none
  of which the texts come later: OpenTelemetry tells a call in a span, without them, and in an event, with them.

A half whose other half never came by the time it leaves the store is an orphan.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping
from types import MappingProxyType
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from agent.clock import Clock
from agent.counted_as import NOTHING, CountedAs
from agent.events import Direction, InferenceEvent, Role
from agent.scores import Dimension, Stance

__all__ = [
    "Admission",
    "AttackSeen",
    "JoinStore",
    "JoinedCall",
    "Origin",
    "TextOrigin",
    "event_chars",
    "given_origins",
]

_NO_ATTRIBUTES: Mapping[str, str] = MappingProxyType({})

TextOrigin: TypeAlias = Role | Literal["context"]
"""Who said a text that the model was given; ``context`` for a passage beside the conversation."""


class AttackSeen(NamedTuple):
    """The attack that a call's input was found to carry.

    Attributes
    ----------
    score
        The highest of its findings.
    direct
        Whether the user's own words carry it, and not only passages or tool results.
    places
        Where, among the texts that the model was given: the input's, then its passages. No text.
    """

    score: float
    direct: bool
    places: tuple[int, ...]


class Origin(msgspec.Struct, frozen=True, gc=False):
    """The record that an event came from, and its place among the record's events: that comes again the same."""

    topic: str
    partition: int
    offset: int
    place: int = 0

    def event(self, index: int) -> Origin:
        """The origin of the record's event at ``index``, counted from 0."""
        return Origin(self.topic, self.partition, self.offset, index) if index else self


class JoinedCall(msgspec.Struct, gc=False, eq=False):
    """What is remembered of one call.

    A hundred thousand of them are held for a quarter of an hour. Each is alone with what it refers to, so the collector
    of cycles need not look at them: with them, one of its full passes took seconds, in which nothing else was done.

    Attributes
    ----------
    model
        As the half that came first named it: servers answer under a longer name than they were asked for, and what
        harms and what it is divided by must stand under one.
    time
        Event time of the half that came first, seconds since the Unix epoch: both halves count in its pane.
    input_origin, output_origin
        Which event of which record brought which direction; None while it has not been seen.
    input_hidden, output_hidden
        Whether its sender had removed the texts of the half that has been seen.
    known_texts
        Texts of the input and context, kept for a response that comes later; None while no input has been seen.
    known_origins
        What each of them was: the speaker's role, or ``context``. As many as texts.
    input_counted, output_counted
        What each half has counted.
    lost_input, lost_output
        Whence a half came whose partition was lost, until it is counted again.
    attributes
        Protected attributes that came with the request alone; they belong to the decision, which comes later.
    label
        Ground truth that came with the request alone; it belongs to the decision, which comes later.
    counted
        The half by which the call was counted as an event; None while it was not.
    attack
        What its input was found to carry; None when it carried nothing.
    input_judged
        Whether what `attack` says is known.
    stance
        How its output takes the request, kept for an input that is judged later; None when it is not known.
    outcome_in
        The half whose verdict says whether an attack succeeded: the one that was judged second.
    weight
        With which its halves count; 0 when they are passed by, None while that is not decided, or nothing is sampled.
    representative
        Whether it would be scored whatever its stratum: calls of which this is true are a fair sample of all.
    live
        At least one half has come since the start; what is known only from before is no orphan again.
    remembered, remembered_chars
        The half that was judged before a restart, while its other half is still to come; what it adds to the
        characters held.
    """

    time: float
    arrived: float
    format: str
    model: str
    input_origin: Origin | None = None
    output_origin: Origin | None = None
    input_hidden: bool = False
    output_hidden: bool = False
    known_texts: tuple[str, ...] | None = None
    known_origins: tuple[TextOrigin, ...] = ()
    held_chars: int = 0
    input_counted: CountedAs = NOTHING
    output_counted: CountedAs = NOTHING
    lost_input: Origin | None = None
    lost_output: Origin | None = None
    attributes: Mapping[str, str] = _NO_ATTRIBUTES
    attribute_chars: int = 0
    label: str | None = None
    counted: tuple[Origin, Direction] | None = None
    attack: AttackSeen | None = None
    input_judged: bool = False
    stance: Stance | None = None
    outcome_in: Direction | None = None
    weight: float | None = None
    representative: bool = True
    live: bool = False
    remembered: InferenceEvent | None = None
    remembered_chars: int = 0

    @classmethod
    def first(cls, event: InferenceEvent, event_time: float, arrived: float) -> JoinedCall:
        """The call of a half, or of a whole event, that nobody has seen before; ``arrived`` is of a monotonic clock."""
        return cls(event_time, arrived, event.format, event.model)

    def counted_before(self, direction: Direction) -> CountedAs:
        """What has been counted of the call when this half is; without what the half itself counted and was lost.

        Its partition was lost and came back, with windows as they were before: it is judged again, and whatever it
        counted is to be counted again.
        """
        return self._own(direction).union(self.output_counted if direction == "input" else self.input_counted)

    def count(self, direction: Direction, harmful: frozenset[Dimension], scored: frozenset[Dimension]) -> None:
        """This half has been counted in these dimensions, as far as the call had not been."""
        counted = self._own(direction).plus(harmful, scored, self.counted_before(direction))
        if direction == "input":
            self.input_counted, self.lost_input = counted, None
        else:
            self.output_counted, self.lost_output = counted, None

    def _own(self, direction: Direction) -> CountedAs:
        if direction == "input":
            counted, lost, origin = self.input_counted, self.lost_input, self.input_origin
        else:
            counted, lost, origin = self.output_counted, self.lost_output, self.output_origin
        return NOTHING if lost is not None and lost == origin else counted

    @property
    def whole(self) -> bool:
        """True once both directions have been seen."""
        return self.input_origin is not None and self.output_origin is not None


class Admission(NamedTuple):
    """Which directions of an event are to be scored, and what else is known of the call."""

    call: JoinedCall
    directions: tuple[Direction, ...]
    duplicates: int


class JoinStore:
    """The bounded, expiring store.

    Parameters
    ----------
    max_entries, max_chars
        Upper bounds; the oldest calls leave first.
    ttl_seconds
        How long a call is remembered after its first half arrived.
    on_orphan
        Called with the wire format's name for each half that leaves without its other half.
    """

    def __init__(
        self,
        *,
        max_entries: int,
        max_chars: int,
        ttl_seconds: float,
        clock: Clock,
        on_orphan: Callable[[str], None],
    ) -> None:
        self._max_entries = max_entries
        self._max_chars = max_chars
        self._ttl_seconds = ttl_seconds
        self._clock = clock
        self._on_orphan = on_orphan
        self._calls: OrderedDict[tuple[str, str], JoinedCall] = OrderedDict()
        self._chars = 0

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def chars(self) -> int:
        """Characters held for halves that wait for their other half, those from before a restart included."""
        return self._chars

    def admit(
        self, event: InferenceEvent, origin: Origin, event_time: float, *, before_restart: bool = False
    ) -> Admission:
        """Remember the event and say which of its directions are new.

        Parameters
        ----------
        before_restart
            The event was judged, and reported as an orphan if it was one, by an earlier life of this worker: a call
            known from such events alone is no orphan of ours.
        """
        key = (event.source, event.inference_id)
        call = self._calls.get(key)
        if call is None:
            call = JoinedCall.first(event, event_time, self._clock.monotonic())
            self._calls[key] = call
        fresh: list[Direction] = []
        duplicates = 0
        if event.input is not None:
            shown = call.input_hidden and not event.redacted
            if call.input_origin is None or call.input_origin == origin or shown:
                call.input_origin, call.input_hidden = origin, event.redacted
                if shown:
                    call.known_texts = None
                fresh.append("input")
            else:
                duplicates += 1
        if event.output is not None:
            if call.output_origin in (None, origin) or (call.output_hidden and not event.redacted):
                call.output_origin, call.output_hidden = origin, event.redacted
                fresh.append("output")
            else:
                duplicates += 1
        if fresh and not before_restart:
            call.live = True
        awaited = call.output_origin is None or call.output_hidden
        if event.input is not None and awaited and call.known_texts is None:
            self._chars -= call.held_chars
            call.known_texts = tuple(part.text for part in event.input.texts) + event.context
            call.known_origins = given_origins(event)
            call.held_chars = sum(map(len, call.known_texts))
            self._chars += call.held_chars
        if event.output is None and fresh:
            self._keep_attributes(call, event)
        if len(self._calls) > self._max_entries or self._chars > self._max_chars:
            self._shrink()
        return Admission(call, tuple(fresh), duplicates)

    def _keep_attributes(self, call: JoinedCall, event: InferenceEvent) -> None:
        if event.label is not None and call.label is None:
            call.label = event.label
        if event.attributes and not call.attributes:
            call.attributes = event.attributes
            # Held as long as the call: when only the decision's partition is replayed, they do not come again.
            call.attribute_chars = sum(len(name) + len(group) for name, group in event.attributes.items())
            self._chars += call.attribute_chars

    def remember(self, call: JoinedCall, event: InferenceEvent) -> None:
        """Keep a half that was judged before a restart until its other half comes; a whole call needs nothing kept."""
        self._drop_remembered(call)
        held = self._calls.get((event.source, event.inference_id)) is call
        if call.whole or not event.directions or not held:
            return
        call.remembered = event
        if not call.held_chars:  # else they are the texts that `known_texts` holds
            call.remembered_chars = event_chars(event)
            self._chars += call.remembered_chars
            if self._chars > self._max_chars:
                self._shrink()

    def recall(self, call: JoinedCall) -> InferenceEvent | None:
        """The half that `remember` kept, once."""
        event = call.remembered
        self._drop_remembered(call)
        return event

    def _drop_remembered(self, call: JoinedCall) -> None:
        self._chars -= call.remembered_chars
        call.remembered, call.remembered_chars = None, 0

    def expire(self) -> None:
        """Let go of calls older than the time to live. Cheap: looks at the oldest first and stops."""
        horizon = self._clock.monotonic() - self._ttl_seconds
        while self._calls:
            key, call = next(iter(self._calls.items()))
            if call.arrived > horizon:
                return
            self._release(key, call)

    def forget(self, partitions: Collection[tuple[str, int]]) -> None:
        """Drop what came from partitions that are no longer ours; their records will come again elsewhere.

        One pass over all calls, however many partitions: give those that are lost together together.
        """
        lost = frozenset(partitions)
        for key, call in list(self._calls.items()):
            if _is_from(call.input_origin, lost):
                call.lost_input, call.input_origin = call.input_origin, None
            if _is_from(call.output_origin, lost):
                call.lost_output, call.output_origin = call.output_origin, None
                # What `settle` has let go of is not known any more when the output comes again: as good as never seen,
                # and not a request without words, by which all that the output tells would be a leak.
                call.known_texts = call.known_texts or None
            if call.input_origin is None and call.output_origin is None:
                self._let_go(call)
                del self._calls[key]

    def calls(self) -> Iterator[JoinedCall]:
        """All calls held, oldest first."""
        return iter(self._calls.values())

    def settle(self, call: JoinedCall) -> None:
        """Let go of the texts of a call whose output has been judged. They are known to have been there.

        Not where the output's texts had been removed, and may still come.
        """
        if call.held_chars and not call.output_hidden:
            self._chars -= call.held_chars
            call.held_chars = 0
            call.known_texts = ()
            call.known_origins = ()

    def _shrink(self) -> None:
        while self._calls and (len(self._calls) > self._max_entries or self._chars > self._max_chars):
            self._release(*next(iter(self._calls.items())))

    def _release(self, key: tuple[str, str], call: JoinedCall) -> None:
        del self._calls[key]
        self._let_go(call)
        if call.live and not call.whole:
            self._on_orphan(call.format)

    def _let_go(self, call: JoinedCall) -> None:
        """What a call that leaves holds stays readable for a verdict in flight; it only stops counting as held."""
        self._chars -= call.held_chars + call.attribute_chars
        call.held_chars = call.attribute_chars = 0
        self._drop_remembered(call)


def event_chars(event: InferenceEvent) -> int:
    """Characters of all texts that an event keeps in memory."""
    chars = sum(map(len, event.context))
    for payload in (event.input, event.output):
        if payload is not None:
            chars += sum([len(part.text) for part in payload.texts])
    return chars


def given_origins(event: InferenceEvent) -> tuple[TextOrigin, ...]:
    """What each text of the input and, after them, of the context was."""
    said: list[TextOrigin] = [] if event.input is None else [part.role for part in event.input.texts]
    said += ["context"] * len(event.context)
    return tuple(said)


def _is_from(origin: Origin | None, partitions: frozenset[tuple[str, int]]) -> bool:
    return origin is not None and (origin.topic, origin.partition) in partitions
