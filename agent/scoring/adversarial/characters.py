"""Classes of characters that tricks are made of, as bits: looked up for a whole batch at once."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from agent.scoring.adversarial.ordinary import load_ordinary
from agent.scoring.adversarial.parts import PARTS
from agent.scoring.codepoints import TABLE_SIZE, clip

__all__ = [
    "BLANKS", "DIGIT", "ESCAPE", "FOREIGN", "HAN", "HIDDEN", "HIDDEN_CLASS", "LETTER", "LIVING", "LOOK_ALIKES", "MARK",
    "ODD", "ODD_SEPARATORS", "PART", "REST", "ROW_SEPARATORS", "SEPARATOR", "SMALL_CAPITALS", "STRONG_LOOK_ALIKES",
    "STYLED_CLASS", "TRADITIONAL", "UNSEEN", "WIDE", "bits_of",
]  # fmt: skip

LETTER, DIGIT, FOREIGN, HIDDEN, UNSEEN, WIDE, MARK, HAN = (1 << place for place in range(8))
TRADITIONAL, ESCAPE, SEPARATOR, ODD, PART, REST = (1 << place for place in range(8, 14))

HIDDEN_CLASS = (
    # The body of a character class. Without variation selectors, tags and bidirectional controls: see their signals.
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200d\u2060-\u2064\u206a-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U0001d173-\U0001d17a"
)

SMALL_CAPITALS = "ɑɡɩᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ"
"""Letters of phonetic writing that are drawn like Latin ones."""
# Letters of other alphabets that are drawn like a Latin one (a part of Unicode Technical Standard 39 by hand).
_STRONG = {
    "аеорсухіјѕһӏԁԛԝүѵАВЕКМНОРСТУХІЈЅҮԌԚԜҺӀ": "aeopcyxijshldqwyvABEKMHOPCTYXIJSYGQWHI",
    "οϲϳΑΒΕΖΗΙΚΜΝΟΡΤΥΧ": "ocjABEZHIKMNOPTYX",
    "օոսհցքՕՏԼ": "onuhgpOSL",
    "ᎪᏴᏟᎠᎬᏀᎻᎥᎫᏦᏞᎷᏢᏚᎢᏙᎳᏃ": "ABCDEGHiJKLMPSTVWZ",
    SMALL_CAPITALS: "agiabcdefghijklmnopqrstuvwyz",
}
# These resemble a Latin letter only beside a strong one.
_WEAK = {"вкмнтгѓкΐαβγειηκνρστυχωμ": "bkmhtrrkiabyeinkvpotuxwu", "ıłøđħŧ": "ilodht"}
STRONG_LOOK_ALIKES = {
    one: plain for foreign, latin in _STRONG.items() for one, plain in zip(foreign, latin, strict=True)
}
LOOK_ALIKES = STRONG_LOOK_ALIKES | {
    one: plain for foreign, latin in _WEAK.items() for one, plain in zip(foreign, latin, strict=True)
}

# Letters with marks of living orthographies and common transliterations, small ones: Latin-1, Latin Extended-A, the
# Vietnamese block, and by hand: African, Baltic, Caucasian, Celtic, Romanian, Sami, IAST, ISO 233, Pinyin.
LIVING = frozenset(
    [chr(code) for code in (*range(0xDF, 0xF7), *range(0xF8, 0x180))]
    + [chr(code) for code in range(0x1EA0, 0x1EFA)]
    + list("ơưǎǐǒǔǖǘǚǜǥǧǩǫǯǿșțȧȩȯȳɓɗɛɣɔəŋḁḃḋḍḏḑḟḡḥḫḱḳḷḹḻḿṁṃṅṇṉṕṗṙṛṝṟṡṣṫṭṯẁẃẅẏẓẕẖ")
)
ODD_SEPARATORS = "*_.~|/\\+^•=·・‧-\u200b"
"""What no Chinese text has between two characters but in names and lists."""
ROW_SEPARATORS = ODD_SEPARATORS + "＊＿．～｜／＼＋＾＝－#＃@＠&＆…—"
"""What none has behind each of many characters: the same in full width, and others that stand in sentences too."""
BLANKS = " \t\n\u00a0\u202f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
"""What draws a gap."""
_SEPARATORS = ROW_SEPARATORS + BLANKS + "。，、,;；:"
_ESCAPES = "%\\&"
_WIDE_RANGES = ((0xFF10, 0xFF1A), (0xFF21, 0xFF3B), (0xFF41, 0xFF5B))


def _styled() -> str:
    """The body of a character class: one letter or digit in a style, such as the mathematical alphabets."""
    blocks = ((0x2100, 0x2150), (0x2460, 0x2500), (0x1D400, 0x1D800), (0x1F110, 0x1F190))
    found = []
    for first, end in blocks:
        for code in range(first, end):
            plain = unicodedata.normalize("NFKC", chr(code)).strip("()")
            if len(plain) == 1 and plain.isascii() and plain.isalpha():
                found.append(chr(code))
    # Letters in black circles and squares have no compatibility form.
    found += [chr(code) for first in (0x1F150, 0x1F170) for code in range(first, first + 26)]
    return "".join(map(re.escape, found))


STYLED_CLASS = _styled()


@lru_cache(maxsize=1)
def _table() -> NDArray[np.uint16]:
    table = np.zeros(TABLE_SIZE, np.uint16)
    table[ord("a") : ord("z") + 1] = table[ord("A") : ord("Z") + 1] = LETTER
    table[ord("0") : ord("9") + 1] = DIGIT
    table[0x3400:0x4DC0] |= HAN
    table[0x4E00:0xA000] |= HAN
    for sign in _SEPARATORS:
        table[ord(sign)] |= SEPARATOR
    for sign in ODD_SEPARATORS:
        table[ord(sign)] |= ODD
    for sign in _ESCAPES:
        table[ord(sign)] |= ESCAPE
    for sign in STRONG_LOOK_ALIKES:
        table[ord(sign)] |= FOREIGN
    hidden = re.compile(f"[{HIDDEN_CLASS}]")
    for first, end in ((0xAD, 0xAE), (0x34F, 0x350), (0x115F, 0x1161), (0x17B4, 0x180F), (0x2000, 0x2070),
                       (0x3164, 0x3165), (0xFE00, 0x10000), (0x1D173, 0x1D17B)):  # fmt: skip
        for code in range(first, end):
            if hidden.match(chr(code)):
                table[code] |= HIDDEN
    table[0xFE00:0xFE10] |= UNSEEN
    # Planes 3 and up are folded onto three slots, of which the last is that of plane 14.
    table[TABLE_SIZE - 1] |= UNSEEN
    table[0x202A:0x202F] |= UNSEEN
    table[0x2066:0x206A] |= UNSEEN
    for first, end in _WIDE_RANGES:
        table[first:end] |= WIDE
    for sign in STYLED_CLASS.replace("\\", ""):
        table[ord(sign)] |= WIDE
    table[0x300:0x370] |= MARK
    table[0x1AB0:0x1B00] |= MARK
    table[0x20D0:0x20F1] |= MARK
    for code in (*range(0xC0, 0x250), *range(0x1E00, 0x1F00)):
        small = chr(code).lower()
        if chr(code).isalpha() and len(small) == 1 and small not in LIVING and unicodedata.decomposition(small):
            table[code] |= MARK
    ordinary = load_ordinary()
    for code in ordinary.simplified:
        table[code] |= TRADITIONAL
    for parts in PARTS:
        table[ord(parts[0])] |= PART
        table[ord(parts[1])] |= REST
    return table


def bits_of(codes: NDArray[np.uint32]) -> NDArray[np.uint16]:
    """The class bits of each of these code points."""
    return _table().take(clip(codes))
