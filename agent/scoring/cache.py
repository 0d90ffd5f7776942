"""Scores of texts seen before. Traffic repeats itself: system prompts, templates, retries, floods of one attack."""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Mapping

from agent.errors import ConfigError
from agent.scores import ScoreRow
from agent.scoring.base import Given, ScoringItem

__all__ = ["ScoreCache"]

# A row with more spans is cheaper to compute again than to keep: it would let one sender fill the memory that
# `max_entries` is meant to bound.
_MAX_SPANS = 64
_NOTHING: Mapping[str, ScoreRow] = {}


class ScoreCache:
    """Rows by (text, scorer), least recently used texts leave first. Not thread-safe: one thread owns it.

    Texts are kept as keyed hashes only, under a key that is drawn per process: the cache cannot be searched for a text
    by whoever reads the memory dump of another process, and nobody outside can build two texts that collide.

    A row belongs to the text alone, so a scorer whose rows depend on more (role, direction, neighbours) would be
    answered wrongly; the conformance suite checks that none does. Rows of scorers that use the context are kept under
    `digest_in_context` instead, which no text has. Truncated rows are kept, since the same text is
    truncated the same way every time. Missing scores must not be stored: the next attempt may succeed. Clear it
    when scorers or their options change.

    Parameters
    ----------
    max_entries
        Largest number of texts, about 1 KB each with three scorers; 0 turns the cache off.

    Attributes
    ----------
    lookups, hits
        Texts asked for, and texts of which at least one row was known.

    Raises
    ------
    ConfigError
        When `max_entries` is negative.
    """

    __slots__ = ("_entries", "_given_key", "_hasher", "_max_entries", "hits", "lookups")

    def __init__(self, max_entries: int = 65_536) -> None:
        if max_entries < 0:
            raise ConfigError("score cache: max_entries must be 0 or more")
        self._max_entries = max_entries
        self.hits = 0
        self.lookups = 0
        self.clear()

    def clear(self) -> None:
        """Forget all rows, and those of texts that are being scored: they come under digests that no text has now."""
        self._entries: OrderedDict[bytes, dict[str, ScoreRow]] = OrderedDict()
        # Copying a keyed state skips setting up the key for every text.
        self._hasher = hashlib.blake2b(digest_size=16, key=secrets.token_bytes(32))
        # Another cache, or this one before it was cleared, has another key: it must not be given digests of ours.
        self._given_key = f"digest {secrets.token_hex(8)}"

    def __len__(self) -> int:
        return len(self._entries)

    def digest(self, text: str) -> bytes:
        """Keyed hash of a text, 16 bytes; equal texts only have equal digests."""
        hasher = self._hasher.copy()
        hasher.update(text.encode("utf-8", "surrogatepass"))
        return hasher.digest()

    def digest_in_context(self, item: ScoringItem) -> bytes:
        """Keyed hash of a text of an output, its kind, and all that its model had been given; 16 bytes."""
        assert item.given is not None, "this is a bug: an item without context"
        hasher = self._hasher.copy()
        hasher.update(item.given.shared(self._given_key, self._digest_given))
        # The digest of the text has a fixed length: nothing can be moved from it into the kind.
        hasher.update(self.digest(item.raw) + item.part.kind.encode())
        return hasher.digest()

    def _digest_given(self, given: Given) -> bytes:
        hasher = self._hasher.copy()
        for texts in (given.passages, given.tool_results, given.conversation, given.instructions):
            hasher.update(len(texts).to_bytes(8, "big"))
            for text in texts:
                content = text.encode("utf-8", "surrogatepass")
                hasher.update(len(content).to_bytes(8, "big"))
                hasher.update(content)
        return hasher.digest()

    def rows(self, digest: bytes) -> Mapping[str, ScoreRow]:
        """The known rows of a text by scorer; empty when there is none. Counts as one lookup."""
        self.lookups += 1
        entry = self._entries.get(digest)
        if entry is None:
            return _NOTHING
        self.hits += 1
        self._entries.move_to_end(digest)
        return entry

    def put(self, digest: bytes, scorer: str, row: ScoreRow) -> None:
        """Keep a row, unless it is too large to be worth it."""
        if len(row.spans) > _MAX_SPANS:
            return
        entry = self._entries.get(digest)
        if entry is not None:
            entry[scorer] = row
            return
        if self._max_entries == 0:
            return
        if len(self._entries) >= self._max_entries:
            self._entries.popitem(last=False)
        self._entries[digest] = {scorer: row}
