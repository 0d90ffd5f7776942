"""From window measurements to gauges: what PromQL cannot compute from counters (DESIGN decision 5)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, cast

from agent.metrics import Metrics
from agent.pipeline.pieces import Pieces, at_once
from agent.scores import Dimension
from agent.windows.base import Component
from agent.windows.campaigns import CampaignMeasurement
from agent.windows.disparity import MEASURES, BiasMeasurement
from agent.windows.engine import Reading, WindowEngine
from agent.windows.harm import HarmMeasurement
from agent.windows.identity import IdentityMeasurement
from agent.windows.index import FORMS, HarmIndex, harm_index
from agent.windows.sentiment import SentimentMeasurement

__all__ = ["WindowExporter", "components_of", "window_name"]


def window_name(seconds: float) -> str:
    """A window's length as a label: ``1m``, ``90s``, ``1h``, ``1d``."""
    whole = int(seconds)
    for unit, length in (("d", 86_400), ("h", 3600), ("m", 60)):
        if whole and whole % length == 0:
            return f"{whole // length}{unit}"
    return f"{seconds:g}s"


def components_of(reading: Reading) -> tuple[dict[Dimension, Component], HarmIndex | None]:
    """The four components of a model over a window, and H of those that could be measured."""
    components: dict[Dimension, Component] = {}
    bias, harm = reading.results.get("bias"), reading.results.get("harm")
    if isinstance(bias, BiasMeasurement):
        components["bias"] = bias.component
    if isinstance(harm, HarmMeasurement):
        for component in harm.components:
            components[cast(Dimension, component.name)] = component
    without_texts = isinstance(harm, HarmMeasurement) and harm.without_texts
    return components, harm_index(components.values(), without_texts=without_texts)


class WindowExporter:
    """Sets the gauges of all models held; takes back those of models that have gone.

    Parameters
    ----------
    quiet_seconds
        A campaign without an event for so long, in event time, is over.
    """

    def __init__(self, windows: WindowEngine, metrics: Metrics, quiet_seconds: float = 900.0) -> None:
        self._windows = windows
        self._quiet_seconds = quiet_seconds
        self._merged: Callable[[], WindowEngine] = lambda: windows
        self._metrics = metrics
        self._shown: set[str] = set()
        # Models with their attributes whose disparities, or share that is not compared, are exposed.
        self._compared: set[tuple[str, str]] = set()
        # Gaps that are exposed: model, axis, group, measure.
        self._gaps: set[tuple[str, str, str, str]] = set()
        # Sentiments that are exposed: model, axis, group.
        self._sentiments: set[tuple[str, str, str]] = set()
        # Models under attack, and the kinds of the campaigns.
        self._attacked: set[tuple[str, str]] = set()

    def read_from(self, merged: Callable[[], WindowEngine]) -> None:
        """Where the counts of all workers are; those of this one alone until then."""
        self._merged = merged

    def export(self) -> Sequence[Reading]:
        """Once a second or less: reads every window of every model. Gives back what it has read."""
        return at_once(self.export_in_pieces())

    def export_in_pieces(self) -> Pieces[Sequence[Reading]]:
        """The same, a window of a model at a time: with hundreds of models all of it takes a quarter of a second."""
        counts = self._windows.take_counts()
        for reason, number in (("late", counts.late), ("future", counts.future)):
            if number:
                self._metrics.late_event(reason, number)
        longest: dict[str, Reading] = {}
        readings: list[Reading] = []
        for reading in self._merged().each_measurement():
            readings.append(reading)
            longest[reading.model] = reading  # windows rise: the last one is the longest
            self._harm(reading)
            yield
        compared: set[tuple[str, str]] = set()
        gaps: set[tuple[str, str, str, str]] = set()
        sentiments: set[tuple[str, str, str]] = set()
        for model, reading in longest.items():
            compared.update((model, attribute) for attribute in self._fairness(reading))
            gaps.update(self._identity(reading))
            sentiments.update(self._sentiment(reading))
            yield
        for model, attribute in self._compared - compared:
            for measure in MEASURES:
                self._metrics.set_fairness(model, attribute, measure, None)
            self._metrics.set_uncompared(model, attribute, None)
        self._compared = compared
        for absent in self._gaps - gaps:
            self._metrics.set_identity_gap(*absent, None, 0.0, 0.0)
        self._gaps = gaps
        for silent in self._sentiments - sentiments:
            self._metrics.set_identity_sentiment(*silent, None, 0.0, 0.0)
        self._sentiments = sentiments
        self._campaigns(longest)
        for gone in self._shown - longest.keys():
            self._metrics.forget_model(gone)
        self._shown = set(longest)
        return readings

    def _campaigns(self, longest: Mapping[str, Reading]) -> None:
        """Campaigns with an event of late; a kind that was seen once goes on as 0, so that an alert on it ends."""
        since = self._merged().event_now() - self._quiet_seconds
        active: Counter[tuple[str, str]] = Counter()
        for model, reading in longest.items():
            measured: Any = reading.results.get("campaigns")
            for campaign in measured.campaigns if isinstance(measured, CampaignMeasurement) else ():
                active[model, campaign.kind] += campaign.last >= since
        for model, kind in self._attacked - active.keys():
            self._metrics.set_campaigns(model, kind, 0 if model in longest else None)
        for (model, kind), number in active.items():
            self._metrics.set_campaigns(model, kind, number)
        self._attacked = {place for place in self._attacked | active.keys() if place[0] in longest}

    def _harm(self, reading: Reading) -> None:
        components, index = components_of(reading)
        told = {name: part for name, part in components.items() if part.value is not None and part.sufficient}
        forms = {"sum": index.sum, "union": index.union} if index is not None and index.sufficient else {}
        self._metrics.set_harm(
            reading.model,
            window_name(reading.window_seconds or 0.0),
            {name: part.value if name in told else None for name, part in components.items()},
            {form: forms[form].value if form in forms else None for form in FORMS},
            bounds={name: (part.lower, part.upper) for name, part in told.items()},
            scored={name: int(part.count) for name, part in components.items()},
            index_bounds={form: (estimate.lower, estimate.upper) for form, estimate in forms.items()},
        )

    def _fairness(self, reading: Reading) -> Collection[str]:
        """Of the longest window: disparities need counts, and a group may be small. The attributes that were seen."""
        bias: Any = reading.results.get("bias")
        if not isinstance(bias, BiasMeasurement):
            return ()
        for attribute in bias.attributes:
            measures: Mapping[str, Any] = {disparity.measure: disparity for disparity in attribute.disparities}
            for measure in MEASURES:
                found = measures.get(measure)
                self._metrics.set_fairness(
                    reading.model,
                    attribute.attribute,
                    measure,
                    found.value if found else None,
                    found.lower if found else None,
                    found.upper if found else None,
                )
        seen = {attribute.attribute for attribute in bias.attributes} | bias.uncompared.keys()
        for name in seen:
            self._metrics.set_uncompared(reading.model, name, bias.uncompared.get(name))
        return seen

    def _identity(self, reading: Reading) -> list[tuple[str, str, str, str]]:
        """Of the longest window, like disparities. The gaps that were set."""
        shown: list[tuple[str, str, str, str]] = []
        for name, kind in (("identity", IdentityMeasurement), ("sentiment", SentimentMeasurement)):
            measured: Any = reading.results.get(name)
            for gap in measured.gaps if isinstance(measured, kind) else ():
                key = (reading.model, gap.axis, gap.group, gap.measure)
                self._metrics.set_identity_gap(*key, gap.value, gap.lower, gap.upper)
                shown.append(key)
        return shown

    def _sentiment(self, reading: Reading) -> list[tuple[str, str, str]]:
        """Of the longest window as well. The groups whose mean was set."""
        measured: Any = reading.results.get("sentiment")
        shown: list[tuple[str, str, str]] = []
        for mean in measured.means if isinstance(measured, SentimentMeasurement) else ():
            key = (reading.model, mean.axis, mean.group)
            self._metrics.set_identity_sentiment(*key, mean.value, mean.lower, mean.upper)
            shown.append(key)
        return shown
