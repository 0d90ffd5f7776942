"""Ground truth that comes on its own, hours or days after the decision that it belongs to: joined once, whatever fails.

Decisions about people that are counted without a label wait here; labels that nobody waits for wait for their decision
for a while, since a topic of their own may be faster. Both waits are bounded in number, and the oldest leave first.

**What survives.** Waiting decisions are written to a topic beside the window state (`take_unwritten`), before the
offsets of their events are committed, and read back by whoever takes the partition over (`restore`). Which decisions
have their label stands in the window state itself (`agent.windows.labelled`), with the counts that it changed: so a
label changes them once, however often it comes and whichever of the topics a crash left behind. From where labels have
to be offered again stands there as well (`positions`, `rewind`).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import blake2b
from heapq import heapify, heappop, heappush
from typing import Final, NamedTuple

import msgspec

from agent.clock import Clock
from agent.events import InferenceEvent
from agent.joining import Origin
from agent.metrics import Metrics
from agent.windows.base import Observation, PartitionKey
from agent.windows.bounded import MAX_NAME_LENGTH
from agent.windows.engine import WindowEngine
from agent.windows.labelled import PLACES, decision_key

__all__ = ["LabelPlace", "LateLabels"]

_CHUNK_VERSION: Final = 1
#: Well below the megabyte that topics take unless told otherwise.
_CHUNK_BYTES: Final = 256 * 1024
#: Hundreds of attributes of a stranger's making are not worth the memory.
_LARGEST_DECISION: Final = 2_048
_LONGEST_NAME: Final = 2 * MAX_NAME_LENGTH
#: Places of labels are gone through when they are twice as many as labels that wait, and so many more.
_MOST_PLACES_MORE: Final = 64


class LabelPlace(NamedTuple):
    """Where a label stood in its topic."""

    partition: int
    offset: int


class _Decision(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is needed of a decision to count it again with its label."""

    key: int
    model: str
    time: float
    weight: float
    decision: str | None
    score: float | None
    attributes: dict[str, str]

    def observation(self) -> Observation:
        return Observation(
            model=self.model,
            time=self.time,
            weight=self.weight,
            decision=self.decision,
            decision_score=self.score,
            attributes=self.attributes,
        )


class _Chunk(msgspec.Struct, frozen=True, array_like=True):
    """Some waiting decisions of one partition: by digest of the call, encoded. One value of the topic."""

    version: int
    topic: str
    partition: int
    generation: int
    decisions: list[tuple[bytes, bytes]]


class _Early(NamedTuple):
    """A label whose decision has not come yet."""

    label: str
    place: LabelPlace
    arrived: float


_encoder = msgspec.msgpack.Encoder()
_decision_decoder = msgspec.msgpack.Decoder(_Decision)
_chunk_decoder = msgspec.msgpack.Decoder(_Chunk)


class LateLabels:
    """Joins decisions and labels. One thread owns it, the pipeline's.

    Parameters
    ----------
    windows
        Where decisions are counted.
    max_waiting
        Decisions that wait for a label at most; about 400 bytes each.
    max_early
        Labels that wait for a decision at most, and labels of other workers' decisions wait too.
    early_seconds
        How long a label waits.
    """

    def __init__(
        self,
        windows: WindowEngine,
        metrics: Metrics,
        clock: Clock,
        *,
        max_waiting: int = 200_000,
        max_early: int = 100_000,
        early_seconds: float = 3_600.0,
    ) -> None:
        self._windows = windows
        self._metrics = metrics
        self._clock = clock
        self._max_waiting = max_waiting
        self._max_early = max_early
        self._early_seconds = early_seconds
        self._waiting: OrderedDict[bytes, tuple[PartitionKey, bytes]] = OrderedDict()
        self._unwritten: dict[PartitionKey, list[tuple[bytes, bytes]]] = {}
        self._early: OrderedDict[bytes, _Early] = OrderedDict()
        # By partition of the labels a heap, since after a rewind lower offsets follow higher ones. Some of them have
        # found their decision since.
        self._early_offsets: dict[int, list[tuple[int, bytes]]] = {}
        self._next: dict[int, int] = {}
        self._unsaved: set[PartitionKey] = set()
        #: Rises with every `rewind`: what was read before it is not to be offered after it.
        self.rewinds = 0

    # Decisions

    def label_of(self, event: InferenceEvent) -> str | None:
        """The label that came before its decision, once."""
        early = self._early.pop(_digest(event.source, event.inference_id), None)
        return early.label if early is not None else None

    @staticmethod
    def awaits(event: InferenceEvent, seen: Observation) -> bool:
        """Whether a label may still come: for a decision, or a score, about a person of whom something is known."""
        has_decided = seen.decision is not None or seen.decision_score is not None
        return event.label is None and has_decided and bool(seen.attributes)

    def note(self, origin: Origin, event: InferenceEvent, seen: Observation, was_covered: bool) -> None:
        """A decision about a person, after the windows were given it.

        Parameters
        ----------
        origin
            The record of the decision, and its place there.
        seen
            As given to the windows; its label, if there is one, came from elsewhere than the decision's own event.
        was_covered
            The windows had counted the record in an earlier life: perhaps without the label that is known now.
        """
        key = decision_key(origin.offset, origin.place)
        partition = (origin.topic, origin.partition)
        part = self._windows.held(partition)
        if key is None or part is None or part.is_labelled(seen.model, key):
            return
        if seen.label is not None and not was_covered:
            part.mark_labelled(seen.model, key)
            self._joined(seen, None)
        elif seen.label is not None:
            if part.relabel(key, seen, seen.label):
                self._joined(seen, seen.label)
        else:
            self._wait(partition, _digest(event.source, event.inference_id), key, seen)

    def _wait(self, partition: PartitionKey, digest: bytes, key: int, seen: Observation) -> None:
        packed = _encoder.encode(
            _Decision(
                key=key,
                model=seen.model,
                time=seen.time,
                weight=seen.weight,
                decision=None if seen.decision is None else seen.decision[:_LONGEST_NAME],
                score=seen.decision_score,
                # As they came, since metrics show them so; nobody looks at more of them.
                attributes={name[:_LONGEST_NAME]: group[:_LONGEST_NAME] for name, group in seen.attributes.items()},
            )
        )
        if len(packed) > _LARGEST_DECISION:
            self._metrics.decision_given_up()
            return
        self._keep(partition, digest, packed)
        self._unwritten.setdefault(partition, []).append((digest, packed))

    def _keep(self, partition: PartitionKey, digest: bytes, packed: bytes) -> None:
        self._waiting[digest] = (partition, packed)
        self._waiting.move_to_end(digest)
        if len(self._waiting) > self._max_waiting:
            self._waiting.popitem(last=False)
            self._metrics.decision_given_up()

    # Labels

    def offer(self, source: str, inference_id: str, label: str, place: LabelPlace) -> None:
        """A label from its topic; of one partition in order."""
        self._next[place.partition] = place.offset + 1
        digest = _digest(source, inference_id)
        waiting = self._waiting.get(digest)
        if waiting is not None:
            partition, packed = waiting
            decision = _decision_decoder.decode(packed)
            part = self._windows.held(partition)
            if part is not None:
                seen = decision.observation()
                if part.relabel(decision.key, seen, label):
                    del self._waiting[digest]
                    self._joined(seen, label)
                    return
                if part.is_labelled(decision.model, decision.key):
                    del self._waiting[digest]
                    if part.is_too_old(decision.model, decision.key):
                        self._metrics.decision_given_up()
                    return
        if digest in self._early:
            return  # the first one counts
        self._early[digest] = _Early(label[:_LONGEST_NAME], place, self._clock.monotonic())
        if len(self._early) > self._max_early:
            self._early.popitem(last=False)
            self._metrics.label("unknown")
        offsets = self._early_offsets.setdefault(place.partition, [])
        heappush(offsets, (place.offset, digest))
        if len(offsets) > 2 * len(self._early) + _MOST_PLACES_MORE:
            # Most of them have found their decision, behind one that waits.
            offsets[:] = [each for each in offsets if self._is_early(place.partition, each)]
            heapify(offsets)

    def invalid(self, place: LabelPlace) -> None:
        """A record of the labels' topic that holds none."""
        self._next[place.partition] = place.offset + 1
        self._metrics.label("invalid")

    def _joined(self, seen: Observation, label: str | None) -> None:
        """``label`` None: the decision itself was counted with it."""
        self._metrics.label("joined")
        if label is not None and seen.decision is not None:
            for attribute, group in seen.attributes.items():
                self._metrics.late_label(seen.model, attribute, group, seen.decision, label, seen.weight)

    # Keeping

    def positions(self) -> dict[int, int]:
        """By partition of the labels, from where they have to be offered again to whoever goes on from here."""
        return {partition: self._first_needed(partition, following) for partition, following in self._next.items()}

    def _first_needed(self, partition: int, following: int) -> int:
        offsets = self._early_offsets.get(partition)
        while offsets:
            if self._is_early(partition, offsets[0]):
                return min(offsets[0][0], following)
            heappop(offsets)
        return following

    def _is_early(self, partition: int, offset_and_digest: tuple[int, bytes]) -> bool:
        offset, digest = offset_and_digest
        early = self._early.get(digest)
        return early is not None and early.place == (partition, offset)

    def start(self, positions: Mapping[int, int]) -> None:
        """Partitions of the labels, and where they are read from unless a state that was taken over says otherwise."""
        for partition, offset in positions.items():
            # A state that was taken over and says nothing of this partition has been offered nothing of it.
            self._next.setdefault(partition, 0 if self.rewinds else offset)

    def rewind(self, positions: Mapping[int, int]) -> None:
        """A state was taken over to which labels from here on have not been offered; none, if it says nothing."""
        for partition in {*positions, *self._next}:
            offset = positions.get(partition, 0)
            self._next[partition] = min(offset, self._next.get(partition, offset))
        self.rewinds += 1

    @property
    def read_from(self) -> Mapping[int, int]:
        """By partition of the labels, the next offset to offer."""
        return self._next

    def take_unwritten(self, partition: PartitionKey) -> list[bytes]:
        """Values to write before the offsets of these decisions are committed."""
        decisions = self._unwritten.pop(partition, [])
        part = self._windows.held(partition)
        generation = part.generation if part else 0
        return [_encoder.encode(_Chunk(_CHUNK_VERSION, *partition, generation, chunk)) for chunk in _chunks(decisions)]

    def restore(self, partition: PartitionKey, values: Iterable[bytes]) -> int:
        """Take up the waiting decisions of a partition whose window state has been restored.

        Values of other partitions, of an earlier life of the topic, and damaged ones are passed over.

        Returns
        -------
        int
            Decisions that wait now.
        """
        part = self._windows.held(partition)
        if part is None:
            return 0
        before = len(self._waiting)
        for value in values:
            for digest, packed in _read_chunk(value, partition, part.floor):
                try:
                    decision = _decision_decoder.decode(packed)
                except (msgspec.DecodeError, UnicodeDecodeError):
                    continue
                is_counted = part.covers(decision.model, decision.key // PLACES)
                if is_counted and not part.is_labelled(decision.model, decision.key):
                    self._keep(partition, digest, packed)
        return len(self._waiting) - before

    def forget(self, partitions: Collection[PartitionKey]) -> None:
        """Partitions that are no longer ours."""
        lost = frozenset(partitions)
        self._unsaved.update(key for key in lost if (part := self._windows.held(key)) and part.is_relabelled)
        for digest in [digest for digest, (partition, _) in self._waiting.items() if partition in lost]:
            del self._waiting[digest]
        for partition in lost:
            self._unwritten.pop(partition, None)

    def owes(self, partition: PartitionKey) -> bool:
        """Whether it was lost with labels that no state has: they must be offered again, also to a state that says
        nothing. Asked once, when it comes back.
        """
        owed = partition in self._unsaved
        self._unsaved.discard(partition)
        return owed

    def expire(self) -> None:
        """Let go of labels that waited too long. Cheap: looks at the oldest first and stops."""
        horizon = self._clock.monotonic() - self._early_seconds
        while self._early and next(iter(self._early.values())).arrived <= horizon:
            self._early.popitem(last=False)
            self._metrics.label("unknown")
        self._metrics.decisions_awaiting_label(len(self._waiting))


def _digest(source: str, inference_id: str) -> bytes:
    return blake2b(f"{len(source)}:{source}{inference_id}".encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _chunks(decisions: Iterable[tuple[bytes, bytes]]) -> Iterator[list[tuple[bytes, bytes]]]:
    chunk: list[tuple[bytes, bytes]] = []
    room = _CHUNK_BYTES
    for decision in decisions:
        chunk.append(decision)
        room -= len(decision[1])
        if room <= 0:
            yield chunk
            chunk, room = [], _CHUNK_BYTES
    if chunk:
        yield chunk


def _read_chunk(value: bytes, partition: PartitionKey, floor: int) -> Sequence[tuple[bytes, bytes]]:
    try:
        chunk = _chunk_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return ()
    is_ours = (chunk.topic, chunk.partition) == partition and chunk.generation >= floor
    return chunk.decisions if is_ours and chunk.version == _CHUNK_VERSION else ()
