"""One pass over a text for the patterns of all recognisers: Hyperscan says where each might match.

Hyperscan reads a text once for any number of patterns, in time linear in its length, and reports where a match may
end. It knows neither what stands around a match nor capturing groups, so what it reports is a superset; the
recogniser's own pattern is then run on the few characters around each report. The outcome is exactly that of running
every pattern over the whole text (a property test holds us to it), which is also what happens where Hyperscan is not
installed, and for the patterns whose candidates fill a text, since reporting them would cost more than it saves.

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

# Reports that one text may cause before the patterns are run over all of it: beyond this that is the cheaper way.
_FEWEST_REPORTS = 256
_BYTES_PER_REPORT = 4
_CONTINUATION = bytes(range(0x80, 0xC0))
Report = tuple[int, int, int]
"""Where a trigger's match ends, the trigger, and where the match starts, if that is told (else 0)."""

Trigger = tuple[str, bool, bool]
"""The expression, whether case is disregarded, and whether starts are told."""

_SELDOM = "(seldom)"


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
        triggers, members = _shared(recognizers)
        # Which recognisers look into a report; with no lead where the scan itself tells where a match begins.
        self._members = [
            [(place, 0 if recognizers[place].starts else recognizers[place].lead) for place in places]
            for places in members
        ]
        self._database = _compiled(triggers)
        self._scratch = hyperscan.Scratch(self._database)

    def regions(self, text: str) -> dict[int, list[Region]]:
        """For each recogniser that might match, where its matches may start, in order and apart."""
        data = text.encode("utf-8", "surrogatepass")
        reports: list[Report] = []
        flooded: set[int] = set()
        most = max(_FEWEST_REPORTS, len(data) // _BYTES_PER_REPORT)

        def on_match(trigger: int, start: int, end: int, flags: int, context: object) -> None:
            if trigger not in flooded:
                reports.append((end, trigger, start))
                if len(reports) > most:
                    flooded.update(_most_frequent(reports))
                    reports[:] = [report for report in reports if report[1] not in flooded]

        self._database.scan(data, match_event_handler=on_match, scratch=self._scratch)
        found: dict[int, list[Region]] = {}
        for trigger in flooded:
            found |= {place: [(0, len(text))] for place, _ in self._members[trigger]}
        if not reports:
            return found
        reports.sort()
        if len(data) != len(text):
            reports = _in_characters(data, reports)
        members = self._members
        for end, trigger, start in reports:
            for place, lead in members[trigger]:
                first = max(end - lead, 0) if lead else start
                regions = found.get(place)
                if regions is None:
                    found[place] = [(first, end)]
                elif first > regions[-1][1]:
                    regions.append((first, end))
                elif end > regions[-1][1]:
                    regions[-1] = (regions[-1][0], end)
        return found


def _most_frequent(reports: Sequence[Report]) -> set[int]:
    """The triggers that fill a text: the patterns behind them had better run over all of it."""
    counts = Counter(trigger for _, trigger, _ in reports)
    return {trigger for trigger, count in counts.items() if 4 * count >= max(counts.values())}


def _shared(recognizers: Sequence[Recognizer]) -> tuple[tuple[Trigger, ...], list[list[int]]]:
    """What to look for, and which recognisers look into a report of it: equal triggers are looked for once."""
    members: dict[Trigger, list[int]] = {}
    for place, recognizer in enumerate(recognizers):
        caseless = bool(recognizer.pattern.flags & re.IGNORECASE)
        expression = _SELDOM if recognizer.seldom else recognizer.trigger
        members.setdefault((expression, caseless, recognizer.starts), []).append(place)
    triggers = []
    for (expression, caseless, starts), places in members.items():
        if expression == _SELDOM:
            expression = "|".join(f"(?:{recognizers[place].trigger})" for place in places)
        triggers.append((expression, caseless, starts))
    return tuple(triggers), list(members.values())


@lru_cache(maxsize=8)
def _compiled(triggers: tuple[Trigger, ...]) -> Any:
    """The database of these triggers. It takes about half a second to make."""
    import hyperscan

    database = hyperscan.Database()
    told = hyperscan.HS_FLAG_SOM_LEFTMOST
    try:
        database.compile(
            expressions=[trigger.encode() for trigger, _, _ in triggers],
            ids=list(range(len(triggers))),
            flags=[
                hyperscan.HS_FLAG_DOTALL
                | (hyperscan.HS_FLAG_CASELESS if caseless else 0)
                | (told if starts else hyperscan.HS_FLAG_PREFILTER)
                for _, caseless, starts in triggers
            ],
        )
    except hyperscan.error as error:
        raise ValueError(f"a trigger of the pii recognisers does not compile: {error}") from error
    return database


def _in_characters(data: bytes, reports: Sequence[Report]) -> list[Report]:
    """Ends and starts in bytes of UTF-8 to those in characters; `reports` in order of their ends."""
    converted: list[Report] = []
    at = characters = 0
    for end, trigger, start in reports:
        if end > at:
            piece = data[at:end]
            characters += end - at if piece.isascii() else len(piece.translate(None, _CONTINUATION))
            at = end
        if start:
            piece = data[start:end]
            start = characters - (end - start if piece.isascii() else len(piece.translate(None, _CONTINUATION)))
        converted.append((characters, trigger, start))
    return converted
