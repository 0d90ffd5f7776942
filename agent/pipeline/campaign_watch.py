"""Shows judged halves to the detectors of campaigns; tells windows, metrics, evidence and the log what they find."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import inf
from operator import eq
from typing import Final

from agent.campaigns.base import Counting, Detector, Following, Kind, Member, Sees, Sighting, Suspicion
from agent.campaigns.book import CampaignBook, CampaignShare, KnownCampaign
from agent.campaigns.near_duplicates import NearDuplicates
from agent.clock import Clock, iso_time, sane_time
from agent.metrics import Metrics
from agent.pipeline.judge import Judgement
from agent.pipeline.pending import Half
from agent.pipeline.rulebook import Rulebook
from agent.scores import CampaignEvidence, ScoreRow
from agent.scoring.results import Answer
from agent.windows.base import FinishContext
from agent.windows.campaigns import CampaignReading, CampaignsAggregator
from agent.windows.engine import WindowEngine
from agent.windows.partition import OTHER

__all__ = ["CampaignWatch"]

_logger = logging.getLogger(__name__)

#: Event times further ahead than this are not believed.
_SKEW_SECONDS: Final = 60.0
#: A campaign that grows is published anew at most so often, in event time.
_PUBLISH_SECONDS: Final = 10.0
_MOST_CALLERS: Final = 1_000
#: Their tests compare shares and know no weights. While a sample is scored they see calls that would have been scored
#: in any stratum: suspicious ones are kept rather than others, and would pass for attacks that have become frequent.
_OF_SHARES: Final[frozenset[Kind]] = frozenset({"burst", "drift", "out_of_range", "boundary"})


class _Caller:
    """One tenant of one model: inputs not yet counted, and what follows its texts."""

    __slots__ = ("fits", "inputs")

    def __init__(self, fits: tuple[Callable[[str], bool], ...]) -> None:
        self.inputs = 0
        self.fits = fits


class CampaignWatch:
    """One for a pipeline. Everything but the campaigns that were raised is forgotten with its end.

    Parameters
    ----------
    detectors
        In the order in which they are asked.
    key, quiet_seconds
        See `CampaignBook`.
    rules
        Say from which score an input is shown although it is under its threshold, and whether evidence is wanted.
    windows
        Where campaigns are counted; they must hold `CampaignsAggregator`.
    """

    def __init__(
        self,
        detectors: Sequence[Detector],
        *,
        key: bytes,
        quiet_seconds: float,
        rules: Rulebook,
        windows: WindowEngine,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._by_sight: dict[Sees, list[Detector]] = {"attacks": [], "texts": [], "rows": [], "scores": []}
        for detector in detectors:
            self._by_sight[detector.sees].append(detector)
        self._counts = [detector.count for detector in detectors if isinstance(detector, Counting)]
        self._follow = [detector.follow for detector in detectors if isinstance(detector, Following)]
        self._callers: dict[tuple[str, str], _Caller] = {}
        # By model and tenant, those of them with inputs that are not yet counted.
        self._uncounted: dict[str, dict[str, _Caller]] = {}
        self.quiet_seconds = quiet_seconds
        self._rules = rules
        alike = next((detector.alike for detector in detectors if isinstance(detector, NearDuplicates)), eq)
        self._book = CampaignBook(key=key, quiet_seconds=quiet_seconds, known=self._remembered, alike=alike)
        self._windows = windows
        self._merged: Callable[[], WindowEngine] = lambda: windows
        self._metrics = metrics
        self._clock = clock
        self._aggregator = CampaignsAggregator()
        # Shares that were found while another model's event was judged, by their own model.
        self._waiting: dict[str, list[CampaignShare]] = {}
        # Campaigns that have grown since they were published, with the event time from which they may be again.
        self._grown: dict[tuple[str, str], float] = {}
        self.next_publication = inf

    def read_from(self, merged: Callable[[], WindowEngine]) -> None:
        """Where the counts of all workers are; those of this one alone until then."""
        self._merged = merged

    def note(self, half: Half, judgement: Judgement) -> tuple[CampaignShare, ...]:
        """One half that has been judged and not been counted before; what the windows are to count with it."""
        found: list[CampaignShare] = []
        if half.direction == "input":
            self._note_input(half, judgement, found)
        else:
            self._note_output(half, found)
        if half.time >= self._book.next_due:
            found += self._book.due(min(half.time, self._clock.now() + _SKEW_SECONDS))
        if not found and not self._waiting:
            return ()
        for share in found:
            self._waiting.setdefault(share.model, []).append(share)
        return tuple(map(self._announced, self._waiting.pop(half.call.model, ())))

    def _note_input(self, half: Half, judgement: Judgement, found: list[CampaignShare]) -> None:
        event, model, parts = half.event, half.call.model, half.parts
        if parts:
            # The last text is what is new: a conversation brings its earlier turns along with every call.
            text = parts[-1].part.text
            caller = self._callers.get((model, event.tenant)) or self._open(model, event.tenant)
            if half.call.representative:
                if not caller.inputs:
                    self._uncounted.setdefault(model, {})[event.tenant] = caller
                caller.inputs += 1
            for fits in caller.fits:
                if fits(text):
                    self._show("texts", half, Sighting(model, self._member(half, ()), text), found)
            if "adversarial" in judgement.dimensions:
                self._note_attack(half, judgement, found)
            else:
                scores = judgement.verdict.scores
                for scorer, least in self._rules.current.suspicious.items():
                    if scorer in scores and scores[scorer] >= least:
                        member = self._member(half, (), is_flagged=False)
                        self._show("attacks", half, Sighting(model, member, text), found)
                        break
        if event.input is not None and event.input.features:
            row = tuple(event.input.features.items())
            self._show("rows", half, Sighting(model, self._member(half, ()), features=row), found)

    def _open(self, model: str, tenant: str) -> _Caller:
        """The first to come is the first to go; what was counted for it is not lost, and it may come again."""
        if len(self._callers) >= _MOST_CALLERS:
            first = next(iter(self._callers))
            if self._callers.pop(first).inputs:
                # The whole model: its table does not stay behind empty.
                self._count(first[0])
        fits = tuple(follow(model, tenant) for follow in self._follow) if tenant else ()
        caller = self._callers[model, tenant] = _Caller(fits)
        return caller

    def _count(self, model: str) -> None:
        for tenant, caller in self._uncounted.pop(model, {}).items():
            for count in self._counts:
                count(model, tenant, caller.inputs)
            caller.inputs = 0

    def _note_attack(self, half: Half, judgement: Judgement, found: list[CampaignShare]) -> None:
        findings = [finding for finding in judgement.verdict.findings if finding.dimension == "adversarial"]
        texts = _new_texts(half)
        attacked = [
            text
            for text, answers in texts
            if any(
                row.scores.get(finding.category, 0.0) >= finding.threshold
                for row in answers.values()
                if isinstance(row, ScoreRow)
                for finding in findings
            )
        ]
        if not attacked:
            return  # an attack of an earlier turn, which comes along with every later one
        member = self._member(half, tuple(finding.category for finding in findings))
        self._count(half.call.model)
        self._show("attacks", half, Sighting(half.call.model, member, "\n".join(attacked)), found)

    def _note_output(self, half: Half, found: list[CampaignShare]) -> None:
        event = half.event
        if event.output is None or event.output.score is None:
            return
        given = event.input.features if event.input is not None else None
        row = () if given is None else tuple(given.items())
        member = self._member(half, ())
        self._show("scores", half, Sighting(half.call.model, member, "", row, event.output.score), found)

    def _show(self, sees: Sees, half: Half, sighting: Sighting, found: list[CampaignShare]) -> None:
        for detector in self._by_sight[sees]:
            if detector.kind in _OF_SHARES and not half.call.representative:
                continue
            suspicion: Suspicion | None = detector.see(sighting)
            if suspicion is not None:
                share = self._book.take(suspicion)
                if share is not None:
                    found.append(share)

    def _member(self, half: Half, categories: tuple[str, ...], *, is_flagged: bool = True) -> Member:
        event = half.event
        time = min(sane_time(half.time), self._clock.now() + _SKEW_SECONDS)
        return Member((event.source, event.inference_id), time, event.tenant, categories, is_flagged)

    def _announced(self, share: CampaignShare) -> CampaignShare:
        if share.is_new:
            self._metrics.campaign(share.model, share.kind)
            _logger.warning(
                "campaign_raised id=%s kind=%s events=%d", share.id, share.kind, share.events + share.suspected
            )
        place = (share.model, share.key)
        if share.is_new:
            self._grown[place] = -inf
        due = self._grown.setdefault(place, share.last + _PUBLISH_SECONDS)
        self.next_publication = min(self.next_publication, due)
        return share

    def publish(self, time: float) -> list[CampaignEvidence]:
        """Campaigns that were raised, or have grown and not been published for a while. After the windows have counted.

        Parameters
        ----------
        time
            Event time of the record that was just judged; before `next_publication` there is nothing to publish.
        """
        if not self._rules.current.publishes:
            self._grown.clear()
        ready = [place for place, due in self._grown.items() if due <= time]
        for place in ready:
            del self._grown[place]
        self.next_publication = min(self._grown.values(), default=inf)
        return [evidence for model, key in ready for evidence in self._evidence(model, key)]

    def _evidence(self, model: str, key: str) -> Iterator[CampaignEvidence]:
        """Of what all workers have counted, or this one, whichever knows more: others' counts come with a delay."""
        readings = [
            reading
            for windows in {id(engine): engine for engine in (self._windows, self._merged())}.values()
            for reading in self._readings(windows, model)
            if reading.key == key
        ]
        if not readings:
            return  # more campaigns than a model's state holds
        reading = max(readings, key=lambda reading: (reading.events, reading.suspected))
        yield CampaignEvidence(
            id=reading.id,
            kind=reading.kind,
            signs=list(reading.signs),
            model=model,
            time=iso_time(reading.last),
            first=iso_time(reading.first),
            last=iso_time(reading.last),
            events=reading.events,
            suspected=reading.suspected,
            tenants=reading.tenants,
            categories=reading.categories,
            subject=reading.subject,
        )

    def _remembered(self, model: str) -> Iterable[KnownCampaign]:
        for windows in (self._windows, self._merged()):
            for each in self._readings(windows, model):
                yield KnownCampaign(each.key, each.id, each.kind, each.subject, each.sketch, each.last)

    def _readings(self, windows: WindowEngine, model: str) -> Sequence[CampaignReading]:
        context = FinishContext(model, None)
        for _, state in windows.totals_of("campaigns", lambda name: name == model != OTHER):
            return self._aggregator.finish(state, context).campaigns
        return ()


def _new_texts(half: Half) -> list[tuple[str, Mapping[str, Answer]]]:
    """The texts that came with this call, with their answers: those behind the assistant's last turn, and passages."""
    payload = half.event.input
    said = () if payload is None else payload.texts
    last_answer = max((place for place, part in enumerate(said) if part.role == "assistant"), default=-1)
    pieces = zip(half.parts + half.passages, half.answers + half.passage_answers, strict=True)
    return [(piece.part.text, answers) for piece, answers in pieces if piece.text_index > last_answer]
