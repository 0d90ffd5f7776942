"""What ordinary text looks like: surprise at each character, common words, Chinese characters and how they sound.

One artefact of tables (`agent.models.ordinary_text` makes it, ``agent/models/ordinary.card.md`` says from what). All
of it is integers, so that whatever is added up of it is the same in any order and in any batch.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError

__all__ = ["CLASSES", "FORMAT", "SCALE", "UNKNOWN", "Ordinary", "class_table", "load_ordinary"]

FORMAT = 1
CLASSES = 64
"""Classes of characters: 26 letters, one for a capital after a small letter, digits, blank, line break, 32 signs, one
for ideographs and one for all others."""
SCALE = 16
"""Surprise is stored in so many parts of a bit."""
CAMEL, DIGIT, SPACE, BREAK, FIRST_SIGN, IDEOGRAPH, UNKNOWN = 26, 27, 28, 29, 30, 62, 63
_SIGNS = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
_U8 = NDArray[np.uint8]


@lru_cache(maxsize=1)
def class_table() -> _U8:
    """uint8 [65536]: the class of each character of the basic plane. A capital has its letter's class here."""
    table = np.full(0x10000, UNKNOWN, np.uint8)
    for place in range(26):
        table[ord("a") + place] = table[ord("A") + place] = place
    table[ord("0") : ord("9") + 1] = DIGIT
    for code in (0x20, 0x09, 0xA0, 0x3000):
        table[code] = SPACE
    table[[0x0A, 0x0D]] = BREAK
    for place, sign in enumerate(_SIGNS):
        table[ord(sign)] = FIRST_SIGN + place
    # Typographers' quotes and dashes are what ordinary text has for the plain ones.
    for sign, plain in zip("‘’“”–—…", "''\"\"--.", strict=True):
        table[ord(sign)] = table[ord(plain)]
    table[0x3400:0xA000] = IDEOGRAPH
    table[0xAC00:0xD7A4] = IDEOGRAPH
    table[0x3040:0x3100] = IDEOGRAPH
    return table


@dataclass(frozen=True, slots=True)
class Ordinary:
    """The tables.

    Attributes
    ----------
    surprise
        uint8 [CLASSES**3]: parts (`SCALE`) of a bit by which the third of three characters surprises.
    words
        Common words in lower case: English, fewer German and French ones.
    simplified
        Each character of traditional writing alone with its simplified form, for `str.translate`.
    only_simplified
        Characters of simplified writing alone.
    sounds
        uint16 [65536]: the number of each Chinese character's syllable, tones apart; 0 for all others.
    """

    surprise: _U8
    words: frozenset[str]
    simplified: Mapping[int, str]
    only_simplified: frozenset[str]
    sounds: NDArray[np.uint16]


@lru_cache(maxsize=1)
def load_ordinary() -> Ordinary:
    """Read the artefact, once per process.

    Raises
    ------
    ModelError
        When it is missing, damaged, or of another format.
    """
    try:
        content = resources.files("agent.models").joinpath("ordinary.npz").read_bytes()
        with np.load(io.BytesIO(content), allow_pickle=False) as archive:
            meta = json.loads(archive["meta"].tobytes())
            if meta["format"] != FORMAT:
                raise ModelError(f"model ordinary: format {meta['format']}, we read {FORMAT}")
            sounds = np.zeros(0x10000, np.uint16)
            sounds[archive["spoken"]] = archive["sounds"]
            traditional, plain = archive["traditional"].tolist(), archive["plain"].tolist()
            return Ordinary(
                surprise=archive["surprise"],
                words=frozenset(archive["words"].tobytes().decode("utf-8").split("\n")),
                simplified={old: chr(new) for old, new in zip(traditional, plain, strict=True)},
                only_simplified=frozenset(map(chr, archive["only_simplified"].tolist())),
                sounds=sounds,
            )
    except (OSError, ValueError, KeyError, EOFError) as error:
        raise ModelError("model ordinary: the artefact is missing or damaged; reinstall harmwatch") from error
