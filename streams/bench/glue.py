"""What the pipeline itself costs: the objects it makes of each event, and handing them from part to part.

A real pipeline and a real batcher, among stand-ins for all other parts that give the answers of the recorded run at
the price of a look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

from agent.clock import Clock
from agent.config import CoreConfig
from agent.joining import Admission, JoinStore
from agent.metrics import Metrics
from agent.pipeline import Pipeline
from agent.pipeline.judge import Judge
from agent.pipeline.rulebook import Rulebook, Rules
from agent.scoring.base import Batch
from agent.scoring.executor import Answer, BatchResult, Executor
from agent.windows.engine import WindowEngine
from streams.bench.core import Recording, new_batcher

__all__ = ["replay_pipeline"]

_RECORDS_PER_POLL = 500


class _Silent:
    """Any part: takes every call, does nothing."""

    def __getattr__(self, name: str) -> Callable[..., None]:
        self.__dict__[name] = _nothing
        return _nothing


def _nothing(*_args: Any, **_kwargs: Any) -> None:
    return None


class _CannedJoining(_Silent):
    def __init__(self, admissions: Sequence[Admission]) -> None:
        self._next = iter(admissions).__next__

    def admit(self, *_args: Any) -> Admission:
        return self._next()


class _CannedExecutor(_Silent):
    def __init__(self, answers: dict[str, dict[str, Answer]]) -> None:
        self._answers = answers
        self._offered: list[tuple[Batch, str]] = []

    def offer(self, batch: Batch, trigger: str) -> bool:
        self._offered.append((batch, trigger))
        return True

    def poll(self) -> list[BatchResult]:
        offered, self._offered = self._offered, []
        answers = self._answers
        return [
            BatchResult(batch, why, [answers[item.part.text] for item in batch.items], {}) for batch, why in offered
        ]


class _CannedJudge(_Silent):
    def __init__(self, judgements: Sequence[Any]) -> None:
        self._next = iter(judgements).__next__

    def judge_all(self, halves: Sequence[Any], _scored_at: str) -> list[tuple[Any, Any]]:
        return [(half, self._next()) for half in halves]


def replay_pipeline(recording: Recording, config: CoreConfig, clock: Clock) -> Callable[[], None]:
    """A function that takes all recorded events through a pipeline whose other parts cost next to nothing."""
    answers: dict[str, dict[str, Answer]] = {}
    for call in recording.scored:
        for result in call.result:
            for item, rows in zip(result.batch.items, result.rows, strict=True):
                answers[item.part.text] = rows
    admitted = [call for call in recording.joining if call.method == "admit"]
    silent = _Silent()
    judge = cast(Judge, _CannedJudge([judgement for call in recording.judged for _, judgement in call.result]))
    rules = Rulebook(lambda _: Rules(judge), config)
    pipeline = Pipeline(
        executor=cast(Executor, _CannedExecutor(answers)),
        batcher=new_batcher(config, clock),
        rules=rules,
        joining=cast(JoinStore, _CannedJoining([call.result for call in admitted])),
        windows=cast(WindowEngine, silent),
        metrics=cast(Metrics, silent),
        clock=clock,
        max_records=len(admitted) + 1,
        max_texts=100 * len(admitted),
    )
    events = [(call.args[1], call.args[2], (call.args[0],)) for call in admitted]

    def run() -> None:
        for begin in range(0, len(events), _RECORDS_PER_POLL):
            for origin, time, event in events[begin : begin + _RECORDS_PER_POLL]:
                pipeline.submit(origin, time, event)
            pipeline.poll()
        pipeline.poll(drain=True)
        pipeline.poll(drain=True)

    return run
