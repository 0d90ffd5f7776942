"""The sanitiser: signals say where tricks stand and what is meant; the text is rewritten until none is left."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Literal, NamedTuple, TypeAlias

import msgspec

from agent.errors import ConfigError
from agent.sanitise.delimiters import delimiters
from agent.scoring.adversarial.base import CALLED, OBFUSCATION, SUFFIX, Found, Piece, SignalSource, View
from agent.scoring.adversarial.facts import facts_of
from agent.scoring.adversarial.inspector import MOST_DEPTH, rewritten
from agent.scoring.adversarial.ordinary import load_ordinary
from agent.scoring.adversarial.phrases import ROT13_WORDS
from agent.scoring.adversarial.prefilter import ROT13
from agent.scoring.adversarial.signals import load_signals
from agent.scoring.adversarial.signals.suffix import CERTAIN

__all__ = ["ACTIONS", "PAYLOADS", "Action", "Change", "Payloads", "Sanitised", "sanitise"]

Action: TypeAlias = Literal["removed", "folded", "decoded", "marked", "neutralised", "cut"]
ACTIONS: tuple[Action, ...] = ("removed", "folded", "decoded", "marked", "neutralised", "cut")
Payloads: TypeAlias = Literal["mark", "show"]
PAYLOADS: tuple[Payloads, ...] = ("mark", "show")

#: What draws nothing may go also where it is no trick: between letters that need none it means nothing to a model.
_DRAWS_NOTHING = "zero-width"
#: Writings and spellings of people's own, which no model need be spared.
_LEFT = frozenset({"traditional", "typos", "pinyin"})
_ROT13 = re.compile(ROT13_WORDS, re.IGNORECASE)
_MOST_ROUNDS = 64


class Change(msgspec.Struct, frozen=True, gc=False):
    """What was done to the stretch ``[start, end)`` of the raw text. Holds nothing of the text.

    ``kind`` is that of the signal, or ``chat delimiter``. A stretch may be changed several times; then the outermost
    trick comes first.
    """

    kind: str
    action: Action
    start: int
    end: int


class Sanitised(msgspec.Struct, frozen=True):
    """A text that may be fed to a model, and how it differs from the raw one. Without changes it is the raw text."""

    text: str
    changes: tuple[Change, ...] = ()


class _Edit(NamedTuple):
    piece: Piece
    kind: str
    action: Action


def sanitise(text: str, payloads: Payloads = "mark") -> Sanitised:
    """A text without disguises.

    Invisible characters, tags and bidirectional overrides go; look-alikes, full-width and styled letters, odd marks,
    leetspeak, split words, separators and homophones of attacks become what they stand for; encoded texts are marked,
    or decoded; marks of chat templates are broken up; an optimised suffix is cut off where it is certain. What is
    ordinary writing in any language stays as it is, typing errors and traditional characters included.

    Parameters
    ----------
    text
        Any string, lone surrogates included.
    payloads
        ``mark`` puts a note in the place of an encoded text, ``show`` the decoded text, to a depth of four.

    Returns
    -------
    Sanitised
        Sanitising its text again changes nothing.

    Raises
    ------
    ConfigError
        For other `payloads`.

    Notes
    -----
    Linear in the length of the text; safe for several threads. That no attack is left is not promised: what an attack
    says in plain words stays.
    """
    if payloads not in PAYLOADS:
        raise ConfigError("sanitise: payloads are mark or show")
    changes: list[Change] = []
    offsets: Sequence[int] | None = None
    depth = 0
    for _ in range(_MOST_ROUNDS):
        edits = _edits(text, payloads if depth < MOST_DEPTH else "mark")
        if not edits:
            break
        depth += any(edit.action == "decoded" for edit in edits)
        if offsets is None:
            offsets = range(len(text) + 1)
        changes += (
            Change(edit.kind, edit.action, offsets[edit.piece.start], max(offsets[edit.piece.end - 1] + 1, 1))
            for edit in edits
        )
        offsets = list(_moved(offsets, [edit.piece for edit in edits]))
        text = rewritten(text, [edit.piece for edit in edits])
    return Sanitised(text, tuple(changes))


def _edits(text: str, payloads: Payloads) -> list[_Edit]:
    """What to change now: of tricks inside others the outer ones, apart from each other and in order."""
    (facts,) = facts_of([text])
    if _ROT13.search(text):
        facts |= ROT13
    view = View(text, facts, load_ordinary(), whole=True)
    edits = [_Edit(piece, "chat delimiter", "neutralised") for piece in delimiters(text)]
    for source in load_signals():
        if not source.needs & facts or source.kind in _LEFT or source.category not in (OBFUSCATION, SUFFIX):
            continue
        found = source.look(view)
        if found is not None and found.strength >= _least(source):
            edits += _edits_of(source, found, payloads)
    edits = [edit for edit in edits if text[edit.piece.start : edit.piece.end] != edit.piece.plain]
    edits.sort(key=lambda edit: (edit.piece.start, edit.piece.start - edit.piece.end))
    apart: list[_Edit] = []
    for edit in edits:
        if edit.piece.end > edit.piece.start and (not apart or edit.piece.start >= apart[-1].piece.end):
            apart.append(edit)
    return apart


def _least(source: SignalSource) -> float:
    """The strength from which a trick is undone."""
    if source.kind == _DRAWS_NOTHING:
        return 0.0
    return CERTAIN if source.category == SUFFIX else CALLED


def _edits_of(source: SignalSource, found: Found, payloads: Payloads) -> Iterator[_Edit]:
    for piece in found.pieces:
        if source.treatment == "fold":
            action: Action = "folded" if piece.plain else "removed"
            yield _Edit(piece, source.kind, action)
        elif source.treatment == "payload" and payloads == "show":
            yield _Edit(piece, source.kind, "decoded")
        elif source.treatment == "payload":
            yield _Edit(piece._replace(plain=f"[{source.kind} text left out]"), source.kind, "marked")
        elif source.treatment in ("drop", "cut"):
            action = "cut" if source.treatment == "cut" else "removed"
            yield _Edit(piece._replace(plain=""), source.kind, action)


def _moved(offsets: Sequence[int], pieces: Sequence[Piece]) -> Iterator[int]:
    """The raw offset of each character of the rewritten text, and that of its end."""
    at = 0
    parts: list[Iterator[int] | Sequence[int]] = []
    for start, end, plain in pieces:
        parts += (offsets[at:start], [offsets[start]] * len(plain))
        at = end
    return chain(*parts, offsets[at:])
