"""The social harm degree and its components as panels: the same on every dashboard that shows them."""

from __future__ import annotations

from grafana_foundation_sdk.builders import timeseries

from grafana.panels import by_model
from grafana.queries import gauge
from grafana.scales import SHARE_OF_HARM, Scale

__all__ = ["component", "component_by_model", "index"]


def component(name: str, by: str = "model") -> str:
    """A component of H over the chosen window, of all workers: every worker exports what all have counted."""
    return gauge("harmwatch_harm_component", by, component=name)


def index(by: str = "model") -> str:
    """H in [0, 4] over the chosen window."""
    return gauge("harmwatch_harm_index", by, form="sum")


def component_by_model(name: str, what: str, scale: Scale = SHARE_OF_HARM) -> timeseries.Panel:
    """One panel for each chosen model: the component with its interval."""
    lower, upper = (
        gauge("harmwatch_harm_component_bound", component=name, bound=bound) for bound in ("lower", "upper")
    )
    return by_model(
        f"P_{name} of $model over $window",
        f"{what} The band is the 95 % interval. Absent below windows.min_count, and where nothing of it was measured.",
        component(name, ""),
        lower,
        upper,
        scale,
    )
