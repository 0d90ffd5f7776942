"""Hashed n-grams of a whole batch of texts at once.

One featurisation pass serves several models (`agent.scoring.ngrams`). All texts of a batch become one array of
code points; n-gram hashes are rolling sums over that array (multiply-shift hashing, Dietzfelbinger et al. 1997:
the bucket is the top bits of ``sum(code_j * K_j) mod 2**64``), so the cost is a few array operations per n-gram
order, not per text.

Three views are hashed into one table: the folded characters, a skeleton (only letters, diacritics, look-alikes
and leet undone, repeated letters and everything between letters removed), and words with their neighbours. The
text is read raw: folding away an obfuscation before this point would hide it from the shape features.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.scoring import codepoints
from agent.scoring.codepoints import CJK, DROP, FIELD_BITS, JOINED, LOW_FIELDS, SPACE, WORD

SHAPE_NAMES = (
    "upper", "digit", "symbol", "invisible", "mark", "compat", "alien", "control",
    "short_words", "long_words", "mixed_words",
)  # fmt: skip

_U64 = NDArray[np.uint64]
_I64 = NDArray[np.int64]
_CHUNK_CODES = 1 << 15  # keeps the working arrays of a chunk inside the second-level cache
_MAX_LANES = 12


def _odd_constants(count: int, seed: int) -> _U64:
    """Fixed odd multipliers. Drawn from SHA-256, so that they do not depend on any library's generator."""
    digests = (hashlib.sha256(f"harmwatch-ngrams:{seed}:{i}".encode()).digest() for i in range(count))
    return np.array([int.from_bytes(digest[:8], "little") | 1 for digest in digests], np.uint64)


_K_CHAR = _odd_constants(_MAX_LANES, 1)
_K_SKELETON = _odd_constants(_MAX_LANES, 2)
_K_WORD = _odd_constants(6, 3)
_SALTS = _odd_constants(4 * _MAX_LANES, 4)
_BASE = int(_odd_constants(1, 5)[0])


@lru_cache(maxsize=1)
def _powers(size: int) -> tuple[_U64, _U64]:
    """`B**i` and its inverse modulo 2**64: a word's hash is a difference of prefix sums, moved to exponent 0."""
    base = np.full(size, _BASE, np.uint64)
    inverse = np.full(size, pow(_BASE, -1, 1 << 64), np.uint64)
    base[0] = inverse[0] = 1
    return np.multiply.accumulate(base), np.multiply.accumulate(inverse)


@dataclass(frozen=True, slots=True)
class FeatureSpec:
    """What is hashed. Models with equal specs can share one `Features`.

    Attributes
    ----------
    bucket_bits
        The weight table has ``2**bucket_bits`` entries; bucket 0 is padding and always weighs nothing.
    window, overlap
        Code points in one window of a long text, and how many of them two neighbours share.
    latin, cjk
        Orders of the character n-grams in spaced and in unspaced scripts; the two tuples are equally long
        (each pair is one lane: the script of the gram's last character decides).
    skeleton_latin, skeleton_cjk
        The same for the skeleton view; empty for none.
    words
        Longest run of whole words (1 to 3); with 2 or more, also pairs with one word left out.
    """

    bucket_bits: int = 18
    window: int = 1024
    overlap: int = 128
    latin: tuple[int, ...] = (2, 3, 4, 5)
    cjk: tuple[int, ...] = (1, 2, 3, 4)
    skeleton_latin: tuple[int, ...] = (4, 5, 6)
    skeleton_cjk: tuple[int, ...] = (2, 3, 4)
    words: int = 3

    def __post_init__(self) -> None:
        if len(self.latin) != len(self.cjk) or len(self.skeleton_latin) != len(self.skeleton_cjk):
            raise ModelError("feature spec: the Latin and the CJK orders of a view must be equally many")
        orders = self.latin + self.cjk + self.skeleton_latin + self.skeleton_cjk
        if not all(1 <= order < _MAX_LANES for order in orders) or not 0 <= self.words <= 3:
            raise ModelError("feature spec: an n-gram order is out of range")
        if not 8 <= self.bucket_bits <= 24 or not 0 <= self.overlap < self.window < 1 << FIELD_BITS:
            raise ModelError("feature spec: bucket_bits, window or overlap is out of range")


@dataclass(frozen=True, slots=True)
class Block:
    """Buckets of one view: `indices` int64 [lanes, m]; window w owns columns ``bounds[w]:bounds[w + 1]``."""

    indices: _I64
    bounds: _I64


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive windows: blocks, n-gram counts int64 [windows], shapes float32 [windows, k]."""

    blocks: tuple[Block, ...]
    counts: _I64
    shape: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Features:
    """Featurised batch. `text_starts` int64 [n]: first window of each text (each text has at least one)."""

    spec: FeatureSpec
    chunks: tuple[Chunk, ...]
    text_starts: _I64

    def __len__(self) -> int:
        return len(self.text_starts)


class NgramFeaturizer:
    """Turns batches of strings into `Features`. Stateless once constructed: threads may share it."""

    def __init__(self, spec: FeatureSpec | None = None) -> None:
        self.spec = spec or FeatureSpec()
        self._tables = codepoints.tables()
        self._shift = np.uint64(64 - self.spec.bucket_bits)

    def __call__(self, texts: Sequence[str]) -> Features:
        """Featurise a batch; any string is accepted, lone surrogates and the empty one included."""
        window, step = self.spec.window, self.spec.window - self.spec.overlap
        pieces: list[str] = []
        starts = np.empty(len(texts), np.int64)
        for row, text in enumerate(texts):
            starts[row] = len(pieces)
            if len(text) <= window:
                pieces.append(text)
            else:
                last = len(text) - self.spec.overlap
                pieces.extend(text[begin : begin + window] for begin in range(0, last, step))
        chunks: list[Chunk] = []
        begin = size = 0
        for row, piece in enumerate(pieces):
            size += len(piece) + 1
            if size >= _CHUNK_CODES:
                chunks.append(self._chunk(pieces[begin : row + 1]))
                begin, size = row + 1, 0
        if begin < len(pieces):
            chunks.append(self._chunk(pieces[begin:]))
        return Features(spec=self.spec, chunks=tuple(chunks), text_starts=starts)

    def _chunk(self, pieces: list[str]) -> Chunk:
        tables = self._tables
        lengths = np.fromiter(map(len, pieces), np.int64, len(pieces))
        bounds = np.concatenate(([0], np.cumsum(lengths + 1)))
        joined = (" ".join(pieces) + " ").encode("utf-32-le", "surrogatepass")
        raw = codepoints.clip(np.frombuffer(joined, np.uint32))
        ends = bounds[1:] - 1  # the separator behind each window
        kind = tables.kind.take(raw)
        codes = tables.fold.take(raw)
        counts_low, counts_high = tables.counts_low.take(raw), tables.counts_high.take(raw)
        tallies = np.concatenate((_tally(counts_low, bounds), _tally(counts_high, bounds)), axis=1)

        # Remove invisible characters, and all but the first white space of a run; the separators stay. A window's
        # leading white space goes too: it stands behind a separator, or, in the first window, behind nothing.
        space = (kind & SPACE) != 0
        keep = (kind & DROP) == 0
        keep[1:] &= ~(space[1:] & space[:-1])
        keep[0] &= ~space[0]
        keep[ends] = True
        position = np.concatenate(([0], np.cumsum(keep)))
        bounds = position[bounds]
        codes, kind = codes[keep], kind[keep]
        ends = bounds[1:] - 1

        chars, char_counts = self._char_block(codes, kind, bounds, self.spec.latin, self.spec.cjk, _K_CHAR, 0)
        blocks = [chars]
        counts = char_counts
        if self.spec.skeleton_latin:
            skeleton, skeleton_counts = self._skeleton_block(codes, kind, bounds)
            blocks.append(skeleton)
            counts = counts + skeleton_counts
        words, word_counts, word_tally = self._word_block(codes, kind, bounds, tallies)
        counts = counts + word_counts
        counts[between((kind & SPACE) == 0, bounds) == 0] = 0
        shape = _shape(tallies, word_tally, lengths)
        return Chunk(blocks=(*blocks, words), counts=counts, shape=shape)

    def _skeleton_block(self, codes: _U64, kind: NDArray[np.uint8], bounds: _I64) -> tuple[Block, _I64]:
        """The n-grams of what is left when disguises are undone and repeated letters are merged."""
        ends = bounds[1:] - 1
        joined = (kind & JOINED) != 0
        joined[ends] = True
        skeleton = self._tables.skeleton.take(codes.view(np.int64))  # NumPy 1 takes no uint64 index
        joined[1:] &= skeleton[1:] != skeleton[:-1]
        joined[ends] = True
        position = np.concatenate(([0], np.cumsum(joined)))
        return self._char_block(
            skeleton[joined], kind[joined], position[bounds],
            self.spec.skeleton_latin, self.spec.skeleton_cjk, _K_SKELETON, _MAX_LANES,
        )  # fmt: skip

    def _char_block(
        self, codes: _U64, kind: NDArray[np.uint8], bounds: _I64, latin: tuple[int, ...],
        cjk: tuple[int, ...], constants: _U64, salt: int,
    ) -> tuple[Block, _I64]:  # fmt: skip
        """Character n-grams that end at each position; none crosses the separator between windows."""
        size = len(codes)
        where = np.arange(size)
        ends = bounds[1:] - 1
        # `room`: characters available up to here, the white space in front of the window counting as one.
        room = where - np.repeat(bounds[:-1], np.diff(bounds)) + 2
        codes = codes.copy()
        codes[ends] = 32
        unspaced = (kind & CJK) != 0
        unspaced[ends] = False
        space_products = np.uint64(32) * constants
        hashes: dict[int, _U64] = {}
        total = np.zeros(size, np.uint64)
        for order in range(1, max(latin + cjk, default=0) + 1):
            # K of order j multiplies the character j - 1 places before the end of the gram.
            product = codes * constants[order - 1]
            if order == 1:
                total = product
            else:
                total = total.copy()
                total[order - 1 :] += product[: max(size - order + 1, 0)]
                total[: order - 1] += space_products[order - 1]
            hashes[order] = total
        lanes = np.empty((len(latin), size), np.int64)
        valid_total = np.zeros(size, np.int64)
        for lane, (spaced_order, unspaced_order) in enumerate(zip(latin, cjk, strict=True)):
            spaced_hash = hashes[spaced_order] + _SALTS[salt + spaced_order]
            if spaced_order == unspaced_order:
                chosen, valid = spaced_hash, room >= spaced_order
            else:
                unspaced_hash = hashes[unspaced_order] + _SALTS[salt + unspaced_order]
                chosen = np.where(unspaced, unspaced_hash, spaced_hash)
                valid = room >= np.where(unspaced, unspaced_order, spaced_order)
            np.multiply((chosen >> self._shift).view(np.int64), valid, out=lanes[lane])
            valid_total += valid
        return Block(lanes, bounds), between(valid_total, bounds)

    def _word_block(
        self, codes: _U64, kind: NDArray[np.uint8], bounds: _I64, tallies: _I64
    ) -> tuple[Block, _I64, _I64]:
        """Whole words of spaced scripts, runs of two and three, and pairs with one word left out."""
        size = len(codes)
        inside = np.zeros(size + 2, np.int8)
        inside[1:-1] = (kind & WORD) != 0
        edge = np.diff(inside)
        first, last = np.flatnonzero(edge == 1), np.flatnonzero(edge == -1)
        powers, inverses = _powers(_power_table_size(self.spec.window))
        prefix = np.zeros(size + 1, np.uint64)
        np.cumsum(codes * powers[:size], out=prefix[1:])
        words = (prefix[last] - prefix[first]) * inverses[first]
        word_bounds = np.searchsorted(first, bounds)
        row = np.repeat(np.arange(len(bounds) - 1), np.diff(word_bounds))
        count = len(words)
        length = last - first
        digit_start = (codes[first] >= 48) & (codes[first] <= 57) if count else np.zeros(0, bool)
        tally = np.stack(
            [
                between((length == 1).astype(np.int64), word_bounds),
                between(np.where(length > 24, length, 0), word_bounds),
                between(self._mixed(codes, kind, first, last) & ~digit_start, word_bounds),
                np.diff(word_bounds),
            ],
            axis=1,
        )
        orders = self.spec.words
        lanes = np.zeros((orders + (orders >= 2), count), np.int64)
        for order in range(1, orders + 1):
            if count < order:
                continue
            total = words[order - 1 :] * _K_WORD[0]
            for back in range(1, order):
                total = total + words[order - 1 - back : count - back] * _K_WORD[back]
            self._fill(lanes[order - 1], total + _SALTS[2 * _MAX_LANES + order], row, order - 1)
        if orders >= 2 and count >= 3:
            total = words[2:] * _K_WORD[4] + words[:-2] * _K_WORD[5] + _SALTS[3 * _MAX_LANES]
            self._fill(lanes[orders], total, row, 2)
        return Block(lanes, word_bounds), between((lanes != 0).sum(axis=0), word_bounds), tally

    def _fill(self, lane: _I64, total: _U64, row: _I64, back: int) -> None:
        same = row[back:] == row[: len(row) - back]
        # The mixing step matters here: word hashes of one length differ in few bits.
        mixed = (total ^ (total >> np.uint64(29))) * _K_WORD[3]
        np.multiply((mixed >> self._shift).view(np.int64), same, out=lane[back:])

    def _mixed(self, codes: _U64, kind: NDArray[np.uint8], first: _I64, last: _I64) -> NDArray[np.bool_]:
        """Words with figures inside letters: ``h4te`` (years and quantities start with a figure)."""
        digit = ((codes >= 48) & (codes <= 57)).astype(np.int64)
        total = np.concatenate(([0], np.cumsum(digit)))
        digits = total[last] - total[first]
        mixed: NDArray[np.bool_] = (digits > 0) & (digits < last - first)
        return mixed


def _power_table_size(window: int) -> int:
    return _CHUNK_CODES + window + 2


def between(values: NDArray[Any], bounds: _I64) -> _I64:
    """Sum of `values` inside each window; exact, and right for windows that own no column."""
    total = np.zeros(len(values) + 1, np.int64)
    np.cumsum(values, out=total[1:])
    return cast(_I64, np.diff(total[bounds]))


def _tally(packed: _U64, bounds: _I64) -> _I64:
    """Unpack counters. Fields may overflow in the running sum; differences modulo 2**64 undo that exactly."""
    total = np.zeros(len(packed) + 1, np.uint64)
    np.cumsum(packed, out=total[1:])
    sums = np.diff(total[bounds])
    mask = np.uint64((1 << FIELD_BITS) - 1)
    fields = [(sums >> np.uint64(FIELD_BITS * field)) & mask for field in range(LOW_FIELDS)]
    unpacked: _I64 = np.stack(fields, axis=1).astype(np.int64)
    return unpacked


def _shape(tallies: _I64, words: _I64, lengths: _I64) -> NDArray[np.float32]:
    """Casing and obfuscation, each the square root of a share in [0, 1] (small shares are what matters)."""
    names = list(codepoints.COUNTERS)
    size = np.maximum(lengths, 8)[:, None]
    letters = np.maximum(tallies[:, names.index("letter")], 8)[:, None]
    order = [names.index(name) for name in SHAPE_NAMES[:8]]
    characters = tallies[:, order] / np.concatenate([letters] + [size] * 7, axis=1)
    word_count = np.maximum(words[:, 3:], 4)
    short, long, mixed = words[:, :1] / word_count, words[:, 1:2] / size, words[:, 2:3] / word_count
    shares = np.minimum(np.concatenate([characters, short, long, mixed], axis=1), 1.0)
    return cast(NDArray[np.float32], np.sqrt(shares).astype(np.float32))
