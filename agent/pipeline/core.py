"""The pipeline: events in, verdicts and measurements out. Synchronous; one thread owns it (the tap's event loop).

Five verbs, as in arroyo: `submit`, `poll`, `close`, `terminate`, `join`. Outcomes leave in the order of submission, so
that the window state always covers a contiguous prefix of each partition.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Collection, Sequence
from math import inf

from agent.batching import Emitted, MicroBatcher
from agent.campaigns.book import CampaignShare
from agent.clock import Clock, iso_time
from agent.errors import Backpressure
from agent.events import InferenceEvent
from agent.joining import Admission, JoinStore, Origin, event_chars
from agent.metrics import Metrics
from agent.normalize import normalize
from agent.overload.inclusion import Lots
from agent.overload.sampler import OverloadSampler
from agent.pipeline.campaign_watch import CampaignWatch
from agent.pipeline.counting import HalfCounter
from agent.pipeline.drift_windows import DriftWindows
from agent.pipeline.drifts import HalfWatcher
from agent.pipeline.embeddings import EmbeddingSample
from agent.pipeline.export import WindowExporter
from agent.pipeline.given import context_tokens
from agent.pipeline.late_labels import LateLabels
from agent.pipeline.measures import AnswerMeasures
from agent.pipeline.outcome import RecordOutcome
from agent.pipeline.parity_watch import ParityWatch
from agent.pipeline.pending import Half, PendingRecord, Slot
from agent.pipeline.pieces import Pieces, at_once
from agent.pipeline.rulebook import Rulebook
from agent.pipeline.sanitising import sanitised_texts
from agent.scores import CampaignEvidence, Evidence, FilteredTexts, SanitisedTexts, Verdict
from agent.scoring.base import Batch, ScoringItem
from agent.scoring.executor import Executor
from agent.tokens import estimate_tokens
from agent.windows.base import Observation
from agent.windows.engine import Reading, WindowEngine

__all__ = ["Pipeline", "RecordOutcome"]


class Pipeline:
    """Joins, batches, scores, judges and counts.

    Parameters
    ----------
    max_records, max_texts, max_chars
        How much may be in flight before `submit` raises Backpressure. ``max_chars`` bounds the memory: characters of
        all texts of the records not handed back yet; one record is always taken, however long.
    rules
        What is made of scores. They may be revised while it runs, between two polls.
    measures
        Counts what is no harm; None when nobody wants to know.
    drifts
        Compares scores, decisions and features with references; None when nobody wants to know.
    drift_windows
        Compares windows with what was before, and looks for hints at bias; None when nobody wants to know.
    embedded
        Which texts are embedded; None when none are.
    parity
        Looks whether a group is treated worse; None when nobody wants to know.
    campaigns
        Looks for attacks that make one over many events; None when nobody wants to know.
    late_labels
        Joins labels that come on their own; None when none come.
    passages
        Search retrieved passages for attacks, when a scorer finds any.
    sanitising
        Hand out inputs without disguises, `RecordOutcome.sanitised`.
    sampler
        Says which calls are scored while not all can be; None to score all.
    lots
        Of calls that cascades audit; None when there is no cascade.
    """

    def __init__(
        self,
        *,
        executor: Executor,
        batcher: MicroBatcher[Slot],
        rules: Rulebook,
        joining: JoinStore,
        windows: WindowEngine,
        metrics: Metrics,
        clock: Clock,
        max_records: int,
        max_texts: int,
        max_chars: int = 64_000_000,
        measures: AnswerMeasures | None = None,
        drifts: HalfWatcher | None = None,
        drift_windows: DriftWindows | None = None,
        embedded: EmbeddingSample | None = None,
        parity: ParityWatch | None = None,
        campaigns: CampaignWatch | None = None,
        late_labels: LateLabels | None = None,
        passages: bool = True,
        sanitising: bool = False,
        sampler: OverloadSampler | None = None,
        lots: Lots | None = None,
    ) -> None:
        self.windows = windows
        self.late_labels = late_labels
        self.drift_windows = drift_windows
        self.rules = rules
        self.sampler = sampler
        self._lots = lots
        self._counter = HalfCounter(metrics, rules, late_labels)
        self._executor = executor
        self._batcher = batcher
        self._joining = joining
        self._metrics = metrics
        self._measures = measures
        self._drifts = drifts
        self._embedded = embedded
        self._parity = parity
        self._campaigns = campaigns
        self._sanitising = sanitising
        self._clock = clock
        self._max_records = max_records
        self._max_texts = max_texts
        self._max_chars = max(1, max_chars)
        self._exporter = WindowExporter(windows, metrics, *(() if campaigns is None else (campaigns.quiet_seconds,)))
        self._records: deque[PendingRecord] = deque()
        self._flying: deque[Sequence[Slot]] = deque()
        self._held: tuple[Emitted[Slot], Batch] | None = None
        self._texts_in_flight = 0
        self._chars_in_flight = 0
        self._closed = False
        self._reads_passages = passages and executor.reads_passages

    def warm_up(self) -> None:
        """Load all models and score a first batch with each.

        Raises
        ------
        ModelError
            When a model cannot be loaded.
        """
        self._executor.warm_up()

    @property
    def in_flight(self) -> int:
        """Records submitted and not yet handed back by `poll`."""
        return len(self._records)

    @property
    def full(self) -> bool:
        """True when `submit` would raise Backpressure."""
        return (
            len(self._records) >= self._max_records
            or self._texts_in_flight >= self._max_texts
            or self._chars_in_flight >= self._max_chars
        )

    def submit(self, origin: Origin, record_time: float, events: Sequence[InferenceEvent]) -> None:
        """Take one record with all its events (none, for a dead letter: it still has its place in the order).

        Parameters
        ----------
        record_time
            The record's own stamp, for events that do not say when they happened; seconds since the Unix epoch.

        Raises
        ------
        Backpressure
            The pipeline is full. Nothing has been taken.
        """
        if self.full or self._closed:
            raise Backpressure("the pipeline is full" if self.full else "the pipeline is closed")
        record = PendingRecord(origin)
        sampling = self.sampler if self.sampler is not None and self.sampler.enabled else None
        for index, event in enumerate(events):
            event_time = record_time if event.time is None else event.time
            admission = self._joining.admit(event, origin.event(index), event_time)
            if admission.duplicates:
                self._metrics.duplicate(event.format)
            if event.redacted:
                self._metrics.redacted(event.format)
            # Decided once: what was passed by stays so without a budget too, since what was kept counts for it.
            is_passed = admission.call.weight == 0.0
            if admission.directions and (is_passed or (sampling and not sampling.takes(admission.call, event))):
                self._pass_by(record, event, admission, origin)
                continue
            if admission.directions and (recalled := self._joining.recall(admission.call)) is not None:
                record.chars += event_chars(recalled)
                self._enqueue(record, Half(recalled, recalled.directions[0], admission.call, event_time, recalled=True))
            if admission.directions:
                record.chars += event_chars(event)
            for direction in admission.directions:
                self._enqueue(record, Half(event, direction, admission.call, event_time))
        self._texts_in_flight += record.remaining
        self._chars_in_flight += record.chars
        self._records.append(record)

    def _pass_by(self, record: PendingRecord, event: InferenceEvent, admission: Admission, origin: Origin) -> None:
        """A call that is not scored: it is known, counted as an event, and has its place in the windows' order."""
        call = admission.call
        if self._counter.is_new(call, (origin, admission.directions[0])):
            self._metrics.event_decoded(call.model, event.format)
        self._joining.settle(call)
        record.passed.append(call.model)

    def _enqueue(self, record: PendingRecord, half: Half) -> None:
        record.halves.append(half)
        half.lot = 1.0 if self._lots is None else self._lots.draw(half.event.source, half.event.inference_id)
        given = half.given if self._executor.uses_context else None
        extra = context_tokens(given)
        first = len(half.parts)
        if self._embedded is not None:
            behind = 2 * self._texts_in_flight > self._max_texts or 2 * len(self._records) > self._max_records
            first = self._embedded.first_text(half, behind=behind)
        for index, (_, part, _) in enumerate(half.parts):
            item = ScoringItem(part, half.direction, normalize, given, sampled=index >= first, lot=half.lot)
            self._batcher.add(Slot(item, record, half, index), estimate_tokens(part.text) + extra)
            extra = 0
        if not self._reads_passages:
            half.passages, half.passage_answers = [], []
        for index, (_, part, _) in enumerate(half.passages):
            item = ScoringItem(part, "input", normalize, passage=True)
            self._batcher.add(Slot(item, record, half, index), estimate_tokens(part.text))
        record.remaining += len(half.parts) + len(half.passages)

    def remember(self, origin: Origin, record_time: float, events: Sequence[InferenceEvent]) -> None:
        """A record from before the committed offset: known again after a restart, not scored or counted again.

        Only when its other half is still to come is a half scored again, beside that other half and without any effect
        of its own: so that the call does not count as harmful twice.
        """
        for index, event in enumerate(events):
            event_time = record_time if event.time is None else event.time
            admission = self._joining.admit(event, origin.event(index), event_time, before_restart=True)
            if admission.call.counted is None and admission.directions:
                admission.call.counted = (origin, admission.directions[0])
            self._joining.remember(admission.call, event)

    def poll(self, *, drain: bool = False, seconds: float = inf) -> list[RecordOutcome]:
        """Move batches on and hand back the records that are done, in their order. Does not block.

        Parameters
        ----------
        drain
            Close the open batch now instead of waiting for company.
        seconds
            For so long, one record at least; the others wait for the next call.
        """
        self._feed(drain or self._closed)
        for result in self._executor.poll():
            slots = self._flying.popleft()
            for slot, answers in zip(slots, result.rows, strict=True):
                into = slot.half.passage_answers if slot.item.passage else slot.half.answers
                into[slot.index] = answers
                slot.record.remaining -= 1
            self._texts_in_flight -= len(slots)
        self._feed(drain or self._closed)
        return self._hand_back(seconds)

    def due_in_seconds(self) -> float | None:
        """Seconds until `poll` has something to do even if no scorer finishes; None when nothing is in flight."""
        dues = [self._executor.due_in_seconds()]
        if self._held is None:  # only a finished batch makes room for what is held, and the executor wakes us then
            dues.append(self._batcher.due_in_seconds())
        return min((due for due in dues if due is not None), default=None)

    def forget(self, partitions: Collection[tuple[str, int]]) -> None:
        """Partitions are no longer ours: drop their state; what is in flight of them leaves without effect."""
        lost = frozenset(partitions)
        for record in self._records:
            if (record.origin.topic, record.origin.partition) in lost:
                record.abandoned = True
        self._joining.forget(lost)
        if self.late_labels is not None:
            self.late_labels.forget(lost)
        for partition in lost:
            self.windows.drop(partition)

    def read_from(self, merged: Callable[[], WindowEngine]) -> None:
        """Where the counts of all workers are: gauges are made of these. Of the windows held here until then."""
        self._exporter.read_from(merged)
        if self.drift_windows is not None:
            self.drift_windows.read_from(merged)
        if self._campaigns is not None:
            self._campaigns.read_from(merged)

    def keep_house(self) -> Sequence[Reading]:
        """What need not be done per event: expiry, gauges. Call about once a second. Returns all windows."""
        return at_once(self.keep_house_in_pieces())

    def keep_house_in_pieces(self) -> Pieces[Sequence[Reading]]:
        """The same, for whoever takes records in between."""
        self._joining.expire()
        self._metrics.queue_depth(len(self._records))
        readings = yield from self._exporter.export_in_pieces()
        for watcher in (self._drifts, self.drift_windows, self._parity):
            if watcher is not None:
                watcher.look()
                yield
        if self.late_labels is not None:
            self.late_labels.expire()
        return readings

    def close(self) -> None:
        """Take no more records; `poll` finishes those in flight."""
        self._closed = True

    def join(self, timeout_seconds: float) -> list[RecordOutcome]:
        """After `close`: wait for the records in flight, at most this long, and hand them back."""
        outcomes = self.poll(drain=True)
        deadline = self._clock.monotonic() + timeout_seconds
        while self._records and self._clock.monotonic() < deadline:
            self._executor.join(min(1.0, timeout_seconds))
            outcomes += self.poll(drain=True)
        return outcomes

    def terminate(self) -> None:
        """Stop at once. What is in flight is dropped without effect."""
        self._closed = True
        self._executor.terminate()
        if self._drifts is not None:
            self._drifts.close()
        self._records.clear()
        self._flying.clear()
        self._texts_in_flight = self._chars_in_flight = 0

    def _feed(self, drain: bool) -> None:
        """Offer closed batches while the executor takes them."""
        while True:
            if self._held is None and (emitted := self._batcher.flush() if drain else self._batcher.poll()):
                self._held = emitted, Batch([slot.item for slot in emitted.items])
            if self._held is None or not self._executor.offer(self._held[1], self._held[0].trigger):
                return
            self._flying.append(self._held[0].items)
            self._held = None

    def _hand_back(self, seconds: float) -> list[RecordOutcome]:
        if not (self._records and self._records[0].remaining == 0):
            return []
        outcomes: list[RecordOutcome] = []
        now, started = self._clock.now(), self._clock.monotonic()
        while self._records and self._records[0].remaining == 0:
            record = self._records.popleft()
            self._chars_in_flight -= record.chars
            if record.abandoned:
                continue
            outcomes.append(self._conclude(record, now, iso_time(now)))
            if self._clock.monotonic() - started >= seconds:
                break
        self._metrics.stage("judge", self._clock.monotonic() - started)
        return outcomes

    def _conclude(self, record: PendingRecord, now: float, scored_at: str) -> RecordOutcome:
        origin = record.origin
        partition = (origin.topic, origin.partition)
        verdicts: list[Verdict] = []
        evidence: list[Evidence] = []
        filtered: list[FilteredTexts] = []
        sanitised: list[SanitisedTexts] = []
        observations: list[Observation] = []
        late = self.late_labels
        decisions: list[tuple[Half, Observation, bool]] = []
        for half, judgement in self.rules.current.judge.judge_all(record.halves, scored_at):
            if half.recalled:
                half.call.count(half.direction, judgement.dimensions, judgement.scored)
                continue
            verdicts.append(judgement.verdict)
            if judgement.evidence is not None:
                evidence.append(judgement.evidence)
            if judgement.filtered is not None:
                filtered.append(judgement.filtered)
            if self._sanitising and half.direction == "input":
                sanitised.append(sanitised_texts(half, judgement.verdict))
            features = self._drifts.note(half, judgement) if self._drifts is not None else ()
            shares: tuple[CampaignShare, ...] = ()
            # A record that comes again has been shown to the detectors, here or where its partition was held.
            if self._campaigns is not None and not self.windows.covers(partition, half.call.model, origin.offset):
                shares = self._campaigns.note(half, judgement)
            observation = self._counter.count(half, judgement, origin, now, features, shares)
            observations.append(observation)
            if late is not None and late.awaits(half.event, observation):
                decisions.append((half, observation, self.windows.covers(partition, observation.model, origin.offset)))
            if half.direction == "output":
                if self._measures is not None:
                    self._measures.note(half)
                self._joining.settle(half.call)
        # A record that comes again, after a crash between snapshot and commit, changes the windows once: they know.
        self.windows.apply(partition, origin.offset, observations)
        self.windows.advance(partition, origin.offset + 1, record.passed)
        if late is not None:
            for half, seen, was_covered in decisions:
                if half.call.output_origin is not None:
                    late.note(half.call.output_origin, half.event, seen, was_covered)
        grown: Sequence[CampaignEvidence] = ()
        if self._campaigns is not None and record.halves and record.halves[-1].time >= self._campaigns.next_publication:
            grown = self._campaigns.publish(record.halves[-1].time)
        return RecordOutcome(origin, verdicts, evidence, filtered, grown, sanitised)
