"""What scoring yields: spans, scores, findings, verdicts, evidence. docs/verdicts.md has the JSON of the last three."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Literal, TypeAlias

import msgspec

from agent.events import Direction

__all__ = [
    "ACTIONS",
    "DIMENSIONS",
    "Action",
    "CampaignEvidence",
    "CampaignKind",
    "Dimension",
    "Evidence",
    "FilteredTexts",
    "Finding",
    "MissingScore",
    "SanitisedTexts",
    "ScoreRow",
    "Severity",
    "Span",
    "Stance",
    "TextChange",
    "TextSpan",
    "Verdict",
    "strongest",
    "verdict_id",
]

Dimension: TypeAlias = Literal["bias", "output", "privacy", "adversarial"]
DIMENSIONS: tuple[Dimension, ...] = ("bias", "output", "privacy", "adversarial")

Action: TypeAlias = Literal["allow", "flag", "mask", "block"]
#: From the weakest to the strongest.
ACTIONS: tuple[Action, ...] = ("allow", "flag", "mask", "block")

Severity: TypeAlias = Literal["critical"]

CampaignKind: TypeAlias = Literal["near_duplicates", "burst", "drift", "sweep", "out_of_range", "boundary"]
"""What finds a campaign: the rows of `agent.campaigns.DETECTORS`; a test compares."""

#: How an answer takes a request: says no, says that what is asked is wrong, or neither.
Stance: TypeAlias = Literal["refuses", "objects", "answers"]


class TextSpan(msgspec.Struct, frozen=True, gc=False):
    """A scorer's hit inside one text, ``[start, end)`` in code points of the raw text.

    ``category`` is one of the scorer's categories (``pii.email``), ``type`` the span type (``EMAIL``).
    """

    start: int
    end: int
    category: str
    type: str
    score: float = 1.0
    explanation: str = ""


class ScoreRow(msgspec.Struct, frozen=True, gc=False):
    """One scorer's answer for one text.

    Attributes
    ----------
    scores
        By category, each in [0, 1]. A category that is absent has the score 0: it was looked for and not found.
    spans
        Where, when the scorer can tell. In order of `start`, not overlapping within a category.
    explanation
        One line for on-call, without payload text.
    truncated
        True when part of the text was not looked at.
    judged
        False when there was nothing in the text that this scorer could judge. Such a row counts neither as scored nor
        as missing; it has no scores and no spans.
    weight
        Inverse of the probability with which the scorer looked at the text; of a text that it passed, what that would
        have been. 1 but for cascades (`agent.scoring.cascade`).
    passed
        The scorer did not look, since a screen found nothing and the text was not drawn. Such a row is not judged.
    """

    scores: Mapping[str, float]
    spans: tuple[TextSpan, ...] = ()
    explanation: str = ""
    truncated: bool = False
    judged: bool = True
    weight: float = 1.0
    passed: bool = False


class Span(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A span of a finding. ``part`` is the index of the text within its direction, left out when it is 0.

    ``score`` is there for spans that explain a score (types WORD and SENTENCE): by how much the score falls without it.
    """

    start: int
    end: int
    type: str
    part: int = 0
    score: float | None = None


class Finding(msgspec.Struct, frozen=True):
    """A score over its threshold.

    ``leaked`` is None for what cannot leak, and for an output whose input has not been seen. ``action`` is what the
    policy wants done about it; monitoring counts the finding whatever it is. ``severity`` is left out but for a
    category of which one leak is too many (`agent.taxonomy.CRITICAL`), unless it is known to be none. ``weight``, the
    inverse of the probability with which a cascade looked, beside that of the verdict, is left out where it is 1.
    """

    category: str
    dimension: Dimension
    score: float
    threshold: float
    leaked: bool | None = None
    spans: tuple[Span, ...] = ()
    explanation: str = ""
    action: Action = "flag"
    severity: Severity | msgspec.UnsetType = msgspec.UNSET
    weight: float | msgspec.UnsetType = msgspec.UNSET


class MissingScore(msgspec.Struct, frozen=True, gc=False):
    """A scorer that gave no score for this verdict.

    ``reason`` is one of ``error``, ``deadline``, ``busy``, ``memory``, ``redacted``.
    """

    scorer: str
    reason: str


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """The judgement on one direction of one event; the value of ``harm.verdicts``.

    ``action`` is the strongest of its findings' and of what the policy wants for scores that are missing.
    Of cascades, left out when empty: ``screened``, scorers that did not look at every text, since nothing seemed
    suspicious; ``weights``, by scorer the inverse of the probability that it looked at all that it did look at.
    """

    id: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    time: str
    scored_at: str
    scores: dict[str, float]
    findings: list[Finding]
    missing: list[MissingScore]
    weight: float
    scorers: dict[str, str]
    truncated: bool
    model_version: str = ""
    tenant: str = ""
    trace_id: str = ""
    action: Action = "allow"
    screened: list[str] | msgspec.UnsetType = msgspec.UNSET
    weights: dict[str, float] | msgspec.UnsetType = msgspec.UNSET


class FilteredTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one direction as the policy lets them out; the value of the filtered topic, keyed by model.

    Attributes
    ----------
    id
        The verdict's.
    action
        The strongest that was taken on any of the texts.
    texts
        One for each text that was judged, in order: as it came, with spans masked, or replaced by a message.
    parts
        For each of them its index within the direction, as in the spans of findings.
    findings
        Categories found, whatever was done about them.
    """

    id: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    time: str
    action: Action
    texts: list[str]
    parts: list[int]
    findings: list[str]
    trace_id: str = ""


class TextChange(msgspec.Struct, frozen=True, gc=False):
    """What was undone in ``[start, end)`` of a raw text; `part` is its index within the direction. Holds none of it.

    ``kind`` names the trick, ``action`` is one of ``removed``, ``folded``, ``decoded``, ``marked``, ``neutralised``,
    ``cut`` (`agent.sanitise`).
    """

    part: int
    kind: str
    action: str
    start: int
    end: int


class SanitisedTexts(msgspec.Struct, frozen=True, kw_only=True):
    """The texts of one input without disguises; the value of the sanitised topic, keyed by model.

    Attributes
    ----------
    id
        The verdict's.
    texts
        One for each text that was judged, in order; as it came when nothing was changed.
    parts
        For each of them its index within the direction, as in the spans of findings.
    """

    id: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    time: str
    texts: list[str]
    parts: list[int]
    changes: list[TextChange]
    trace_id: str = ""


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """Redacted evidence of the findings of one verdict; the value of ``harm.evidence``, keyed by the verdict's id.

    Attributes
    ----------
    texts
        Redacted; empty when they could not be redacted safely or the operator wants none.
    content_hashes
        Keyed hashes (HMAC-SHA-256) of the raw texts, to recognise a text without holding it.
    replaced
        For each of `texts` where a type stands in place of a value, ``[start, end)`` in code points: a text may hold
        such brackets of its own.
    """

    id: str
    inference_id: str
    source: str
    model: str
    direction: Direction
    time: str
    findings: list[Finding]
    texts: list[str]
    content_hashes: list[str]
    trace_id: str = ""
    replaced: list[list[tuple[int, int]]] = []


class CampaignEvidence(msgspec.Struct, frozen=True, kw_only=True):
    """One campaign of attacks; a value of ``harm.evidence``, keyed by the campaign's id, which replaces the one before.

    No payload: counts, times, and hashes with a key. What tells it from `Evidence` is its ``kind``.

    Attributes
    ----------
    kind
        What found it; ``signs`` are all kinds that found something of it.
    events, suspected
        Flagged events, and others that are like them but whose score stayed under its threshold.
    tenants
        How many, exact up to 63, then an estimate within about an eighth; 0 when no event names one.
    subject
        Keyed hash of the tenant, for kinds that are about one; else empty.
    first, last
        Times of the first and the last event, RFC 3339; ``time`` is the last one's as well.
    categories
        Events by category of their findings.
    """

    id: str
    kind: str
    signs: list[str]
    model: str
    time: str
    first: str
    last: str
    events: int
    suspected: int
    tenants: int
    categories: dict[str, int]
    subject: str = ""


def strongest(actions: Iterable[Action]) -> Action:
    """The strongest of some actions; ``allow`` of none."""
    return max(actions, key=ACTIONS.index, default="allow")


def verdict_id(source: str, inference_id: str, direction: Direction) -> str:
    """Deterministic id: scoring a record again overwrites its verdict instead of adding one (DESIGN decision 2).

    Returns
    -------
    str
        32 hexadecimal digits. Lengths are hashed along, so that no two triples run together.
    """
    text = f"{len(source)}:{source}{len(inference_id)}:{inference_id}{direction}"
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
