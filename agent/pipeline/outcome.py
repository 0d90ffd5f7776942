"""What the pipeline hands back of a record."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from agent.joining import Origin
from agent.scores import CampaignEvidence, Evidence, FilteredTexts, SanitisedTexts, Verdict

__all__ = ["RecordOutcome"]


class RecordOutcome(NamedTuple):
    """A record that is done: its effect is in the metrics and windows, its verdicts wait to be published.

    ``filtered`` is empty unless the pipeline was built to filter; then it has one for each verdict. ``campaigns`` are
    those that were raised with this record, or have grown. ``sanitised`` is empty unless the pipeline was built to
    sanitise; then it has one for each verdict on an input.
    """

    origin: Origin
    verdicts: Sequence[Verdict]
    evidence: Sequence[Evidence]
    filtered: Sequence[FilteredTexts] = ()
    campaigns: Sequence[CampaignEvidence] = ()
    sanitised: Sequence[SanitisedTexts] = ()
