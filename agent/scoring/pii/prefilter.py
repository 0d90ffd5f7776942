"""One pass over a text for the patterns of all recognisers: Hyperscan says where each might match.

Hyperscan reads a text once for any number of patterns, in time linear in its length, and reports where a match may
end. It knows neither what stands around a match nor capturing groups, so what it reports is a superset; the
recogniser's own pattern is then run on the few characters around each report. The outcome is exactly that of running
every pattern over the whole text (a property test holds us to it), which is also what happens where Hyperscan is not
installed, and with those patterns of which a text is so full that reporting them would cost more than it saves.

Wang et al., "Hyperscan: a fast multi-pattern regex matcher for modern CPUs", NSDI 2019.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from agent.scoring.pii.base import Recognizer

__all__ = ["Prefilter", "Region", "load_prefilter"]

Region = tuple[int, int]
"""A match may start in ``[first, last)``, characters of the text."""

# Reports that one text may cause before the patterns that cause most of them are run over all of it instead.
_FEWEST_REPORTS = 256
_BYTES_PER_REPORT = 4
_CONTINUATION = bytes(range(0x80, 0xC0))
_NOTHING: dict[int, list[Region]] = {}


def load_prefilter(recognizers: Sequence[Recognizer]) -> Prefilter | None:
    """The prefilter for these recognisers; None where Hyperscan is not installed."""
    try:
        import hyperscan
    except ImportError:
        return None
    return Prefilter(recognizers, hyperscan)


class Prefilter:
    """Where each recogniser's pattern might match.

    Not safe for use by several threads at once: Hyperscan's scratch space belongs to one scan.

    Parameters
    ----------
    recognizers
        Regions name them by their place in this sequence.
    hyperscan
        The module.

    Raises
    ------
    ValueError
        For a trigger that Hyperscan cannot compile. This is a bug of the recogniser, caught by its test.
    """

    def __init__(self, recognizers: Sequence[Recognizer], hyperscan: Any) -> None:
        self._reach = [recognizer.lead for recognizer in recognizers]
        self._reports: list[tuple[int, int]] = []
        self._flooded: set[int] = set()
        self._most = 0
        self._database = _compiled(
            tuple((recognizer.trigger, bool(recognizer.pattern.flags & re.IGNORECASE)) for recognizer in recognizers)
        )
        self._scratch = hyperscan.Scratch(self._database)

    def regions(self, text: str) -> dict[int, list[Region]]:
        """For each recogniser that might match, where its matches may start, in order and apart."""
        data = text.encode("utf-8", "surrogatepass")
        reports = self._reports
        reports.clear()
        self._most = max(_FEWEST_REPORTS, len(data) // _BYTES_PER_REPORT)
        self._database.scan(data, match_event_handler=self._on_match, scratch=self._scratch)
        found: dict[int, list[Region]] = {}
        if self._flooded:
            found = {place: [(0, len(text))] for place in self._flooded}
            self._flooded.clear()
        if not reports:
            return found or _NOTHING
        if len(reports) > 1:
            reports.sort(key=_end)
        if len(data) != len(text):
            reports = _in_characters(data, reports)
        for place, end in reports:
            first = end - self._reach[place]
            regions = found.get(place)
            if regions is None:
                found[place] = [(first if first > 0 else 0, end)]
            elif first <= regions[-1][1] <= end:
                regions[-1] = (regions[-1][0], end)
            else:
                regions.append((first, end))
        return found

    def _on_match(self, place: int, start: int, end: int, flags: int, context: object) -> None:
        if place in self._flooded:
            return
        self._reports.append((place, end))
        if len(self._reports) > self._most:
            counts = Counter(place for place, _ in self._reports)
            self._flooded.update(place for place, count in counts.items() if 4 * count >= max(counts.values()))
            self._reports[:] = [report for report in self._reports if report[0] not in self._flooded]


@lru_cache(maxsize=8)
def _compiled(triggers: tuple[tuple[str, bool], ...]) -> Any:
    """The database of these triggers, each with whether case is disregarded. It takes about a second to make."""
    import hyperscan

    database = hyperscan.Database()
    every = hyperscan.HS_FLAG_PREFILTER | hyperscan.HS_FLAG_DOTALL
    try:
        database.compile(
            expressions=[trigger.encode() for trigger, _ in triggers],
            ids=list(range(len(triggers))),
            flags=[every | (hyperscan.HS_FLAG_CASELESS if caseless else 0) for _, caseless in triggers],
        )
    except hyperscan.error as error:
        raise ValueError(f"a trigger of the pii recognisers does not compile: {error}") from error
    return database


def _end(report: tuple[int, int]) -> int:
    return report[1]


def _in_characters(data: bytes, reports: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ends in bytes of UTF-8 to ends in characters; `reports` in order of their ends."""
    converted: list[tuple[int, int]] = []
    at = characters = 0
    for place, end in reports:
        if end > at:
            characters += len(data[at:end].translate(None, _CONTINUATION))
            at = end
        converted.append((place, characters))
    return converted
