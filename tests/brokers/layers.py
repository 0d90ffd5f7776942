"""Optional parts of the environment: which are there, and what the tests made of them.

A test names what it needs with ``@pytest.mark.layer("kafka")``. When that is absent the test is reported as not run,
with the reason, and the summary says so; it never passes in silence.
"""

from __future__ import annotations

import importlib.util
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from .base import LayerAbsent
from .embedded import find_noida
from .select import find_docker, find_java_kafka, real_kafka

__all__ = [
    "LayerLedger", "find_alertmanager", "find_amtool", "find_chromium", "find_gpu", "find_history", "find_program",
    "find_prometheus", "find_promtool", "known_layers",
]  # fmt: skip


def _installed(extra: str, *packages: str) -> str:
    absent = [name for name in packages if importlib.util.find_spec(name) is None]
    if absent:
        raise LayerAbsent(f"{', '.join(absent)} not installed; pip install 'harmwatch[{extra}]'")
    return ", ".join(packages)


def find_gpu() -> str:
    """Name of the first NVIDIA GPU that torch can use. Raises LayerAbsent."""
    _installed("models", "torch", "transformers")
    import torch

    if not torch.cuda.is_available():
        raise LayerAbsent("no GPU that torch can use")
    return f"{torch.cuda.get_device_name(0)}, torch {torch.__version__}"


def find_chromium() -> str:
    """Path of the browser that pages are looked at with. Raises LayerAbsent."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        if (path := shutil.which(name)) is not None:
            return path
    raise LayerAbsent("no Chromium on PATH; apt install chromium")


def find_promtool() -> str:
    """Path of Prometheus's own tool, which tests recording and alert rules. Raises LayerAbsent."""
    if (path := shutil.which("promtool")) is None:
        raise LayerAbsent("no promtool on PATH; apt install prometheus")
    return path


def find_prometheus() -> str:
    """Path of the Prometheus server. Raises LayerAbsent."""
    if (path := shutil.which("prometheus")) is None:
        raise LayerAbsent("no prometheus on PATH; apt install prometheus")
    return path


def find_amtool() -> str:
    """Path of Alertmanager's own tool, which checks its configuration and routes. Raises LayerAbsent."""
    if (path := shutil.which("amtool")) is None:
        raise LayerAbsent("no amtool on PATH; apt install prometheus-alertmanager")
    return path


def find_alertmanager() -> str:
    """Path of the Alertmanager server, which Debian names after Prometheus. Raises LayerAbsent."""
    for name in ("prometheus-alertmanager", "alertmanager"):
        if (path := shutil.which(name)) is not None:
            return path
    raise LayerAbsent("no prometheus-alertmanager or alertmanager on PATH; apt install prometheus-alertmanager")


def find_program(name: str, mend: str) -> str:
    """Path of a program on PATH, or beside the Python that runs the tests. Raises LayerAbsent."""
    if (path := shutil.which(name) or shutil.which(name, path=Path(sys.executable).parent)) is None:
        raise LayerAbsent(f"no {name} on PATH; {mend}")
    return path


def find_history() -> str:
    """The commits of the past whose code wrote the state in tests/upgrade. Raises LayerAbsent."""
    from tests.upgrade.make import STATES, is_there

    commits = sorted(path.name for path in STATES.iterdir())
    if absent := [commit for commit in commits if not is_there(commit)]:
        raise LayerAbsent(f"no commit {', '.join(absent)} in this repository; git fetch --unshallow")
    return f"{len(commits)} commits of the past"


#: Name to probe: returns a description for people, or raises LayerAbsent with the reason.
_PROBES: dict[str, Callable[[], str]] = {
    "kafka": lambda: real_kafka()[0].description,
    "embedded": lambda: f"noida-db at {find_noida().name}",
    "docker": lambda: find_docker().description,
    "java": lambda: find_java_kafka().description,
    "models": lambda: _installed("models", "torch", "transformers", "detoxify"),
    "cuda": find_gpu,
    "drift": lambda: _installed("drift", "alibi_detect"),
    "chromium": find_chromium,
    "promtool": find_promtool,
    "prometheus": find_prometheus,
    "amtool": find_amtool,
    "alertmanager": find_alertmanager,
    "hadolint": lambda: find_program("hadolint", "pip install 'harmwatch[dev]'"),
    "helm": lambda: find_program("helm", "make charts"),
    "kubeconform": lambda: find_program("kubeconform", "make charts"),
    "history": find_history,
}


def known_layers() -> tuple[str, ...]:
    """Names that a `layer` marker may use."""
    return tuple(_PROBES)


@dataclass(slots=True)
class _Tally:
    ran: int = 0
    failed: int = 0
    not_run: int = 0
    reason: str = ""


@dataclass(slots=True)
class LayerLedger:
    """What one test run knows about the layers.

    Parameters
    ----------
    required
        Layers whose absence is an error (HARMWATCH_REQUIRE_LAYERS).
    probes
        The known layers; those of this module when not given.
    """

    required: frozenset[str] = frozenset()
    probes: Mapping[str, Callable[[], str]] = field(default_factory=lambda: _PROBES)
    _found: dict[str, str] = field(default_factory=dict)
    _absent: dict[str, str] = field(default_factory=dict)
    _tallies: dict[str, _Tally] = field(default_factory=dict)

    def absence(self, name: str) -> str | None:
        """Return why a layer is absent, or None when it is there. Probes once."""
        if name in self._absent:
            return self._absent[name]
        if name not in self._found:
            try:
                self._found[name] = self.probes[name]()
            except LayerAbsent as absent:
                self._absent[name] = str(absent)
                return str(absent)
        return None

    def mark_absent(self, name: str, reason: str) -> None:
        """Note that a layer which the probe had found cannot be had after all (its image or jars cannot be fetched)."""
        self._absent[name] = reason

    def describe(self, name: str, description: str) -> None:
        """Replace the probe's description by what was started in fact."""
        self._found[name] = description

    def descriptions(self) -> dict[str, str]:
        """Of the layers that were found."""
        return dict(self._found)

    def count(self, names: Iterable[str], phase: str, outcome: str, reason: str = "") -> None:
        """Count one phase (setup, call, teardown) of one test that needs these layers."""
        for name in names:
            tally = self._tallies.setdefault(name, _Tally())
            if outcome == "skipped":
                tally.not_run += 1
                tally.reason = tally.reason or reason
            elif phase == "call":
                tally.ran += 1
                tally.failed += outcome == "failed"
            elif outcome == "failed":
                tally.failed += 1

    def missing_required(self) -> dict[str, str]:
        """Required layers that are absent, with the reasons. Probes those that no test asked for."""
        return {name: why for name in sorted(self.required) if (why := self.absence(name)) is not None}

    def lines(self) -> list[str]:
        """Return the summary, one line per known layer."""
        return [f"{name:<12} {self._line(name)}" for name in self.probes]

    def _line(self, name: str) -> str:
        tally = self._tallies.get(name)
        if tally is None and name not in self._absent:
            return "no test selected that needs it"
        tally = tally or _Tally()
        if (why := self._absent.get(name)) is not None:
            mark = "MISSING though required" if name in self.required else "absent"
            return f"{mark}, {tally.not_run + tally.failed} tests not run: {why}"
        parts = []
        if tally.ran or tally.failed:
            parts.append(f"ran {tally.ran} tests" + (f", {tally.failed} FAILED" if tally.failed else ""))
            parts.append(f"({self._found.get(name, 'found')})")
        if tally.not_run:
            parts.append(f"{tally.not_run} tests not run: {tally.reason}")
        return " ".join(parts) or "no test finished"
