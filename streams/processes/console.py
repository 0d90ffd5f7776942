"""The console of a worker that is several processes: what each tells, put together.

Windows are of all workers, and every process knows them: one is asked. Findings are those of the partitions that a
process holds: all are asked, and what they held is kept here when they die. Counts are those of /metrics.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeVar, cast

import msgspec

from agent import __version__
from agent.clock import Clock
from agent.errors import TransportError
from agent.metrics.label_values import clean_label
from agent.metrics.merged import MergedMetrics
from streams.console.counted import categories_found, stages_timed
from streams.console.findings import HeldEvidence, RecentFindings, of_model, with_marks
from streams.console.shapes import Sign
from streams.console.signs import OF_THE_WORKER, severity, the_worst, worker_signs
from streams.processes.group import ProcessGroup
from streams.processes.life import Life
from streams.web import Readiness
from streams.web.status import PipelineStatus

__all__ = ["GroupConsole"]

_ANSWER_SECONDS: Final = 2.0
#: A process gives up a mark after eight seconds (`streams.console.desk`), the page after twelve.
_MARK_SECONDS: Final = 10.0
_RELOAD_SECONDS: Final = 30.0
_MOST_AUDIT: Final = 200

Value = TypeVar("Value")


class _Held(msgspec.Struct):
    number: int
    held: list[HeldEvidence]


class GroupConsole:
    """A `streams.web.api.ConsoleSource`, and the rest of what the web port asks for.

    All but the page raise TransportError while no process answers.

    Parameters
    ----------
    series_budget
        Of the worker.
    """

    def __init__(self, group: ProcessGroup, metrics: MergedMetrics, clock: Clock, series_budget: int) -> None:
        self._group = group
        self._metrics = metrics
        self._clock = clock
        self._series_budget = series_budget
        self._started = clock.now()
        self._recent = RecentFindings()

    # -- the status page -----------------------------------------------------------------------------------------------

    async def page(self) -> Mapping[str, Any]:
        """What a worker's own page shows (`streams.web.status.Status`)."""
        await self._group.freeze_metrics()
        pages = [page for page in await self._of_all("page", dict[str, Any]) if page]
        first: dict[str, Any] = pages[0] if pages else {"windows": [], "models": [], "configuration": {}}
        partitions = {(each["topic"], each["partition"]): each for page in pages for each in page["partitions"]}
        pipeline = self._pipeline([page["pipeline"] for page in pages])
        return {
            "version": __version__,
            "now": self._clock.now(),
            "started": self._started,
            "pipeline": pipeline,
            "signs": _signs([sign for page in pages for sign in page["signs"]], self._of_the_worker(pipeline)),
            "windows": first["windows"],
            "models": first["models"],
            "findings": categories_found(self._metrics),
            "partitions": [partitions[place] for place in sorted(partitions)],
            "stages": stages_timed(self._metrics),
            "configuration": first["configuration"]
            | {"refused": any(page["configuration"].get("refused") for page in pages)},
        }

    def _of_the_worker(self, pipeline: PipelineStatus) -> list[Sign]:
        """Made of what all processes are together, also of those that cannot answer."""
        ready = self._group.readiness()
        # Which processes lack a broker is no matter: they tell it, and it is one sign.
        missing = tuple(part for part in ready.missing if not part.endswith(": broker"))
        return list(worker_signs(self._group.health(), Readiness(ready.ready, missing), pipeline))

    def _pipeline(self, told: Sequence[Mapping[str, Any]]) -> PipelineStatus:
        counted = ("events", "scored", "findings", "missing_scores", "dead_letters", "duplicates")
        lags = [each["lag_records"] for each in told]
        seconds = [each["lag_seconds"] for each in told if each["lag_seconds"] is not None]
        # Of what a process holds that does not answer nobody knows how far it is.
        known = None not in lags and len(told) >= self._group.count
        figures: dict[str, Any] = {
            **{name: int(self._metrics.total(f"harmwatch_{name}_total")) for name in counted},
            **{
                name: sum(each[name] for each in told)
                for name in ("events_per_second", "queue_depth", "queue_capacity")
            },
            "lag_records": sum(lags) if known else None,
            "lag_seconds": max(seconds, default=None),
            "sampling_ratio": min((each["sampling_ratio"] for each in told), default=1.0),
            "shedding": any(each["shedding"] for each in told),
            "series": self._metrics.series_in_use,
            "series_budget": self._series_budget,
        }
        return cast(PipelineStatus, figures)

    # -- the API -------------------------------------------------------------------------------------------------------

    async def model(self, name: str, window: str | None) -> Mapping[str, Any] | None:
        """One model over one window; drift is that of whichever process is nearest to its threshold, or past it, with
        the alarms of all.
        """
        told = [each for each in await self._of_some("model", dict[str, Any] | None, name=name, window=window) if each]
        if not told:
            return None
        furthest: dict[tuple[str, str], dict[str, Any]] = {}
        for row in (row for each in told for row in each["drift"]):
            held = furthest.get((row["detector"], row["feature"]))
            if held is None or row["statistic"] - row["threshold"] > held["statistic"] - held["threshold"]:
                furthest[row["detector"], row["feature"]] = row
        alarms = self._metrics.rows("harmwatch_drift_detected_total")
        for (detector, feature), row in furthest.items():
            row["times"] = int(max(row["times"], alarms.get((clean_label(name), detector, feature), 0)))
        drift = sorted(furthest.values(), key=lambda row: -row["statistic"] / row["threshold"])
        first: dict[str, Any] = told[0]
        return first | {"drift": drift}

    async def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> Mapping[str, Any]:
        """The latest findings of all processes, the newest first, with the marks that hold."""
        await self._take_findings()
        book = await self._book(model, [])
        found = self._recent.latest(
            model=of_model(model, lambda: book["models"]), dimension=dimension, after=after, most=most
        )
        places = [(held.id, finding.category) for held in found for finding in held.findings]
        marks = dict(zip(places, (await self._book(model, places))["marks"], strict=False)) if places else {}
        return {
            "number": self._recent.number,
            "changes": book["changes"],
            "findings": [with_marks(held, lambda *place: marks.get(place)) for held in found],
            **{name: book[name] for name in ("precision", "feedback", "evidence")},
        }

    async def feedback(self) -> Iterable[Any]:
        """The marks that hold, the oldest first: the same in every process."""
        found: list[Any] | None = await self._of_first("marks", list[Any])
        if found is None:
            raise _nobody()
        return found

    async def mark(self, verdict_id: str, category: str, correct: bool | None, by: str) -> Any:
        """A mark on a finding of any process, also of one that has died; None when it is held no more.

        Raises
        ------
        TopicUnavailable, TransportError
            As `streams.console.desk.FeedbackDesk.mark` does, and when no process answers.
        """
        held = self._recent.get(verdict_id)
        if held is None:
            await self._take_findings()
            held = self._recent.get(verdict_id)
        if held is None or all(finding.category != category for finding in held.findings):
            return None
        arguments = {"held": msgspec.to_builtins(held), "category": category, "correct": correct, "by": by}
        # Whoever has been told that it failed must not find it taken by another process later.
        marked = await self._of_first("mark", Any, _MARK_SECONDS, _MARK_SECONDS, **arguments)
        if marked is None:
            raise _nobody()
        return marked

    async def audit(self) -> Sequence[Any]:
        """The latest records of all processes, the newest first."""
        told = await self._of_some("audit", list[dict[str, Any]])
        records = [record for records in told if records for record in records]
        return sorted(records, key=lambda record: str(record["time"]), reverse=True)[:_MOST_AUDIT]

    async def reload(self, by: str) -> Any:
        """Have every process look at the file: a refusal if one refuses, None when none found anything new."""
        told = await self._of_some("reload", _Change | None, seconds=_RELOAD_SECONDS, by=by)
        changes = [change for change in told if change is not None]
        return next((each for each in changes if each.outcome == "refused"), changes[0] if changes else None)

    async def _take_findings(self) -> None:
        """Those that are new since the last look, in the order of their time."""
        lives = self._group.answering()
        told = await asyncio.gather(
            *(_asked(life, "held", _ANSWER_SECONDS, _Held, after=life.held_number) for life in lives)
        )
        news: list[HeldEvidence] = []
        for life, answer in zip(lives, told, strict=True):
            if answer is not None and answer.number > life.held_number:
                # Two looks at once ask for the same: what is not newer any more has been taken.
                news += [held for held in answer.held if held.number > life.held_number]
                life.held_number = answer.number
        for held in sorted(news, key=lambda held: (held.time, held.number)):
            self._recent.hold(held)

    async def _book(self, model: str | None, findings: Sequence[tuple[str, str]]) -> dict[str, Any]:
        found: dict[str, Any] | None = await self._of_first(
            "book", dict[str, Any], model=model, findings=list(findings)
        )
        if found is None:
            raise _nobody()
        return found

    async def _of_all(
        self, what: str, kind: Callable[..., Value] | Any, seconds: float = _ANSWER_SECONDS, **arguments: Any
    ) -> list[Any]:
        """What all answer who can, the one that knows most first."""
        lives = self._group.answering()
        told = await asyncio.gather(*(life.ask(what, seconds, **arguments) for life in lives))
        return [msgspec.msgpack.decode(content, type=kind) for content in told if content is not None]

    async def _of_some(self, *asked: Any, **arguments: Any) -> list[Any]:
        """As `_of_all`, of at least one; raises TransportError where nobody answers: that is not to find nothing."""
        told = await self._of_all(*asked, **arguments)
        if not told:
            raise _nobody()
        return told

    async def _of_first(
        self, what: str, kind: Any, seconds: float = _ANSWER_SECONDS, in_all: float = math.inf, **arguments: Any
    ) -> Any:
        """What the first answers that does, each within ``seconds``, all ``in_all``."""
        until = self._clock.monotonic() + in_all
        for life in self._group.answering():
            answer = await _asked(life, what, min(seconds, until - self._clock.monotonic()), kind, **arguments)
            if answer is not None:
                return answer
        return None


class _Change(msgspec.Struct):
    """Of `streams.audit.ConfigChange`, what whoever asked for a reload is told."""

    outcome: str
    reason: str
    keys: list[str]
    restart_keys: list[str]


def _nobody() -> TransportError:
    return TransportError("no process of this worker has answered in time")


async def _asked(life: Life, what: str, seconds: float, kind: Any, **arguments: Any) -> Any:
    content = await life.ask(what, seconds, **arguments)
    return None if content is None else msgspec.msgpack.decode(content, type=kind)


def _signs(told: Iterable[Sign], of_the_worker: Iterable[Sign]) -> list[Sign]:
    """Of what several tell the worst, once, and what is true of all together. Each tells nearly all that it has."""
    found: dict[tuple[Any, ...], Sign] = {}
    more: dict[str, Sign] = {}
    for sign in told:
        if sign["sign"] in OF_THE_WORKER - {"broker", "stalled"}:
            continue
        if sign["sign"] == "more":
            # Most tell the same, of windows that all know: who has most left out has left out all that others have.
            more[sign["detail"]] = max(sign, more.get(sign["detail"], sign), key=lambda each: each["value"])
            continue
        # Windows a moment apart may differ in which is the worst: it is one sign all the same.
        place = (sign["sign"], sign.get("model"), sign.get("detail"))
        found[place] = min(sign, found.get(place, sign), key=severity)
    kinds = {kind for kind, *_ in found}
    others = (sign for sign in of_the_worker if sign["sign"] != "stalled" or "stalled" not in kinds)
    return the_worst([*found.values(), *others], more.values())
