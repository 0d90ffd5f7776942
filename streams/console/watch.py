"""What the console remembers of a worker: its latest findings, how H went, what operators said."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Any, Final

from agent.clock import Clock
from agent.metrics import Metrics
from agent.metrics.label_values import clean_label
from agent.pipeline import RecordOutcome
from agent.pipeline.export import window_name
from agent.windows.engine import Reading, WindowEngine
from streams.console.detail import active_campaigns, campaigns_of, drift_of, fairness_of, window_seconds
from streams.console.feedback import Feedback, FeedbackBook
from streams.console.findings import RecentFindings, of_model, with_marks
from streams.console.harm_signs import harm_signs, leaked_signs
from streams.console.history import Histories
from streams.console.rates import Rates
from streams.console.shapes import Sign
from streams.console.signs import signs
from streams.web.status import ConfigurationStatus, Health, PipelineStatus, Readiness

__all__ = ["ConsoleWatch"]

#: Readings are taken every one to five seconds, in turns with events; after so long without any, whoever asks has them
#: made, which holds the loop for a quarter of a second with hundreds of models.
_FRESH_SECONDS: Final = 15.0
#: A secret that was told is to be seen for so long, in event time, or for the longest window.
_LEAK_SECONDS: Final = 3600.0


class ConsoleWatch:
    """Observes a tap (`streams.ports.TapObserver`), and answers what the console asks of one model or of findings.

    Findings are those of the partitions held here; windows and marks are those of all workers.

    Parameters
    ----------
    merged
        The window state of all workers.
    quiet_seconds
        A campaign without an event for so long, in event time, is over.
    marks
        Whether marks are taken; the console says so.
    evidence
        Whether there is evidence at all, asked each time: it may change while the worker runs.
    """

    def __init__(
        self,
        merged: Callable[[], WindowEngine],
        metrics: Metrics,
        clock: Clock,
        quiet_seconds: float,
        *,
        marks: bool,
        evidence: Callable[[], bool] = lambda: True,
    ) -> None:
        self._merged = merged
        self._metrics = metrics
        self._clock = clock
        self._quiet_seconds = quiet_seconds
        self._readings: Sequence[Reading] = ()
        self._read_at = -_FRESH_SECONDS
        self.marks = marks
        self._evidence = evidence
        self.recent = RecentFindings()
        self.book = FeedbackBook(told=metrics.set_feedback)
        self.histories = Histories()
        self.rates = Rates(metrics, clock)

    # As the tap's observer

    def take(self, outcome: RecordOutcome) -> None:
        self.recent.take(outcome)

    def sample(self, readings: Sequence[Reading]) -> None:
        self._readings, self._read_at = readings, self._clock.monotonic()
        self.histories.sample(readings, self._clock.now())
        self.rates.look()

    # For the status page

    def readings(self) -> Sequence[Reading]:
        """Every window of every model, as of a moment ago."""
        if self._clock.monotonic() - self._read_at >= _FRESH_SECONDS:
            self._readings, self._read_at = self._merged().measurements(), self._clock.monotonic()
        return self._readings

    def longest(self) -> dict[str, Reading]:
        """By model, in order of name, the reading of its longest window."""
        found = {reading.model: reading for reading in self.readings()}  # windows rise: the last one is the longest
        return dict(sorted(found.items()))

    def signs(
        self, health: Health, readiness: Readiness, pipeline: PipelineStatus, *, nearly_all: bool = False
    ) -> list[Sign]:
        """See `streams.console.signs`."""
        readings = self.readings()
        longest = max((reading.window_seconds or 0.0 for reading in readings), default=0.0)
        harm = chain(
            harm_signs(readings),
            active_campaigns(self.longest().values(), self._active_since()),
            leaked_signs(self.recent, self._merged().event_now() - max(longest, _LEAK_SECONDS)),
        )
        # Metrics know models by their labels: links go by the names.
        names = {clean_label(reading.model): reading.model for reading in readings}
        return signs(health, readiness, pipeline, self._metrics, harm, names=names, nearly_all=nearly_all)

    def windows(self) -> list[str]:
        """Names of the windows, the shortest first."""
        return [
            window_name(length) for length in sorted({reading.window_seconds or 0.0 for reading in self.readings()})
        ]

    # For the API (`streams.web.api.ConsoleSource`)

    def model(self, name: str, window: str | None) -> Mapping[str, Any] | None:
        """One model over one window, by default the longest; None when there is no such model or window.

        Fairness and campaigns are of the longest window in any case: disparities need counts.
        """
        readings = self.readings()
        length = window_seconds(window, readings)
        longest = self.longest().get(name)
        if longest is None or length is None:
            return None
        return {
            "name": name,
            "window": window_name(length),
            "history": self.histories.of(name, length),
            "fairness": {"window": window_name(longest.window_seconds or 0.0), "attributes": fairness_of(longest)},
            "campaigns": campaigns_of(longest, self._active_since()),
            "drift": drift_of(self._metrics, clean_label(name)),
        }

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> Mapping[str, Any]:
        """The latest findings, the newest first, each with what was said of it; and the precision that follows.

        The model ``other`` means all that have no window of their own here, and one that is truly called so.
        """
        shown = of_model(model, lambda: {reading.model for reading in self.readings()})
        return {
            "number": self.recent.number,
            "changes": self.book.changes,
            "findings": [with_marks(held, self.book.mark) for held in self.recent.latest(
                model=shown, dimension=dimension, after=after, most=most)],
            "precision": self.book.precision(shown),
            "feedback": self.marks,
            "evidence": self._evidence(),
        }  # fmt: skip

    def configuration(self) -> ConfigurationStatus:
        """Which configuration runs, and since when."""
        number = self._metrics.total("harmwatch_config_hash")
        refused = self._metrics.total("harmwatch_config_reloads_total") and not self._metrics.total(
            "harmwatch_config_last_reload_successful"
        )
        return ConfigurationStatus(
            hash=f"{int(number):012x}" if number else "",
            taken=self._metrics.total("harmwatch_config_last_reload_success_timestamp_seconds"),
            refused=bool(refused),
        )

    def feedback(self) -> Iterable[Feedback]:
        """The marks that hold, the oldest first."""
        return iter(self.book)

    def _active_since(self) -> float:
        return self._merged().event_now() - self._quiet_seconds
