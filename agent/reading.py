"""What a person reads in a text: its disguises undone. The built-in classifiers judge this view.

`agent.normalize` folds characters; this goes further and may change words, so it is for classifiers alone, never for
offsets. Steps, in this order:

1. control characters become blanks, Unicode tags (invisible ASCII, plane 14) the characters that they stand for, and
   what has no width goes;
2. Base64 of up to 20,000 characters that decodes to text is replaced by that text, once: what is inside is not decoded
   again;
3. letters that are spelled out (``y.o.u``, ``y o u``) are joined, and so are Chinese characters with signs between
   them;
4. `agent.normalize.normalize`: invisible characters, width, case, look-alikes, white space;
5. marks over Latin letters go;
6. emoji are spelled out by their Unicode names, since small vocabularies have none; of very many the later ones go;
7. traditional Chinese characters become simplified ones, when a table is given;
8. figures that stand for letters inside words become these (``gr3at``), and repetitions go (``sooooo``).

Every step is linear in the length of the text. No word of a text is cut off, however it is written.
"""

from __future__ import annotations

import base64
import binascii
import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache

from agent.leet import LEET
from agent.normalize import INVISIBLE, normalize

__all__ = ["read_plainly"]

# Names of emoji are long: a text of nothing else would become fifty times as long. After so many names no classifier
# here looks at the rest anyway.
_EMOJI_NAMED = 2000

# Between words they do what a blank does; the blank Braille cell looks like one.
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u2800]")
_TAGS = {code: code - 0xE0000 for code in range(0xE0020, 0xE007F)}
_HAS_TAG = re.compile("[\U000e0020-\U000e007e]")
_ZERO_WIDTH = re.compile(f"[{INVISIBLE}]")

# Shorter strings of letters are words far more often than Base64.
_BASE64 = re.compile(r"(?<![A-Za-z0-9+/=])[A-Za-z0-9+/]{16,20000}={0,2}(?![A-Za-z0-9+/=])")
_READABLE_SHARE = 0.9

# One letter, then one to three separating signs and one more letter, at least twice. Letter and separator classes have
# no character in common, so there is only one way to match.
_LETTER = r"[^\W\d_\u2e80-\u9fff\uac00-\ud7af]"
_SPELLED = re.compile(rf"(?<![^\W_]){_LETTER}(?:[ \t.\-_*·•|/~]{{1,3}}{_LETTER}){{2,}}(?![^\W_])")
_BETWEEN_LETTERS = re.compile(r"[ \t.\-_*·•|/~]+")

_HAN = "\u3400-\u4dbf\u4e00-\u9fff"
_BETWEEN_HAN = re.compile(rf"(?<=[{_HAN}])[ \t.\-_*·•|/~+^#@]{{1,3}}(?=[{_HAN}])")

# Every character apart: five or more, or it would be an enumeration. By signs of full width, blanks, line breaks and
# what stands in sentences, too; the dash and the ellipsis of Chinese are two signs.
_APART = "，。、,.;；＊＿．～｜／＼＋＾＝=－＃#＠@＆&…—\t\n\u00a0\u202f\u3000"
_APART += "".join(map(chr, range(0x2000, 0x200B)))
_SPELLED_HAN = re.compile(rf"(?<![{_HAN}])(?:[{_HAN}]([{_APART}])\1?){{4,}}[{_HAN}](?![{_HAN}])")
_WITHOUT_APART = str.maketrans("", "", _APART)

_MARKED_LATIN = re.compile("[\u00c0-\u024f\u1e00-\u1eff\u0300-\u036f]")
_RUN = re.compile(r"([a-z])\1{2,}")
# Of the common table what is not a sign or a sound (``l8r``) more often; 9 for g is common too.
_LEET = str.maketrans({**{sign: letter for sign, letter in LEET.items() if sign not in "8|¡"}, "9": "g"})
# One figure stands for two letters.
_LEET_ONES = (("111", "ill"), ("11", "ll"))
_LEET_WORD = re.compile(r"(?<![\w@$€£!])[\w@$€£!]{3,40}")
_LEET_SIGN = re.compile(r"[013457@$€£!]")
_LATIN = re.compile(r"[a-z]")
_LEET_TEXT_WORD = re.compile(r"[\w@$€£!]+")
# A figure between letters, or a letter between figures; not at an end alone, as in ``mp3``, ``3rd``, ``100km``.
_LEET_MIXED = re.compile("[a-z][0-9@$€£!]+[a-z]|[0-9@$€£][a-z][0-9@$€£]")
_LEET_LEAST_WORDS = 3
_LEET_LEAST_SHARE = 0.25
# Things that look like leet and are none: ordinals, sizes, names with a number (``3rd``, ``50km``, ``h1n1``).
_NUMBERED = re.compile(r"(?:[0-9]+[a-z]{1,4}|[a-z]{2,}[0-9]+|[a-z]?(?:[0-9]+[a-z])*[0-9]*)$")
_EMOJI = re.compile("[\u2190-\u21ff\u2300-\u23ff\u2460-\u27bf\u2900-\u297f\u2b00-\u2bff\U0001f000-\U0001faff]")


def read_plainly(text: str, simplified: Mapping[int, str] | None = None) -> str:
    """The text as a person reads it.

    Parameters
    ----------
    text
        Raw; any string, lone surrogates included.
    simplified
        Traditional character (code point) to simplified, for `str.translate`.

    Returns
    -------
    str
        Lower case. Words may differ from the original's: do not use it to find offsets.
    """
    text = _CONTROL.sub(" ", text)
    if not text.isascii():
        if _HAS_TAG.search(text):
            text = text.translate(_TAGS)
        text = _ZERO_WIDTH.sub("", text)
    if len(text) >= 16:
        text = _BASE64.sub(_decoded, text)
    text = _SPELLED.sub(_joined, text)
    if not text.isascii():
        text = _BETWEEN_HAN.sub("", text)
        text = _SPELLED_HAN.sub(_run_together, text)
    text = normalize(text)
    if not text.isascii():
        if _MARKED_LATIN.search(text):
            text = _without_marks(text)
        text = _EMOJI.sub(" ", _EMOJI.sub(_emoji_name, text, count=_EMOJI_NAMED))
        if simplified is not None:
            text = text.translate(simplified)
    if _LEET_SIGN.search(text):
        text = _LEET_TEXT_WORD.sub(_without_leet, text) if _is_leet(text) else _LEET_WORD.sub(_unleet, text)
    return _RUN.sub(r"\1", text)


def _decoded(match: re.Match[str]) -> str:
    token = match[0]
    body = token.rstrip("=")
    if len(body) % 4 == 1:
        return token
    try:
        inside = base64.b64decode(body + "=" * (-len(body) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):
        return token
    readable = sum(character.isalpha() or character in " \n,.'!?-，。！？" for character in inside)
    return f" {inside} " if inside and readable >= _READABLE_SHARE * len(inside) else token


def _joined(match: re.Match[str]) -> str:
    """Join what is spelled out. Where wider gaps stand between narrow ones, they are the gaps between words."""
    run = match[0]
    gaps = [gap[0] for gap in _BETWEEN_LETTERS.finditer(run)]
    narrowest, widest = min(map(len, gaps)), max(map(len, gaps))
    if narrowest == widest:
        return _BETWEEN_LETTERS.sub("", run)
    return _BETWEEN_LETTERS.sub(lambda gap: " " if len(gap[0]) > narrowest else "", run)


def _run_together(match: re.Match[str]) -> str:
    return match[0].translate(_WITHOUT_APART)


def _without_marks(text: str) -> str:
    # Only of Latin letters: in other scripts (Devanagari, Hebrew, kana) marks carry the word.
    pieces = (unicodedata.normalize("NFD", c)[0] if _MARKED_LATIN.match(c) and c > "\u00bf" else c for c in text)
    return "".join(c for c in pieces if not "\u0300" <= c <= "\u036f")


def _is_leet(text: str) -> bool:
    """Whether so many words hold figures among their letters that the text as a whole is written so."""
    # The beginning tells.
    words = text[:2000].split()
    mixed = sum(bool(_LEET_MIXED.search(word)) for word in words)
    return mixed >= _LEET_LEAST_WORDS and mixed >= _LEET_LEAST_SHARE * len(words)


def _without_leet(match: re.Match[str]) -> str:
    """A word of a text that is written in leet: figures stand for letters, but not in numbers of several figures."""
    word = match[0]
    if not _LATIN.search(word) and len(word) > 2:
        return word
    for figures, letters in _LEET_ONES:
        word = word.replace(figures, letters)
    core = word.rstrip("!")
    return core.translate(_LEET) + word[len(core) :]


def _unleet(match: re.Match[str]) -> str:
    word = match[0]
    core = word.rstrip("!")
    if "@" in core and match.string[match.end() : match.end() + 1] == ".":
        return word  # an e-mail address
    if not _LEET_SIGN.search(core) or not _LATIN.search(core) or _NUMBERED.match(core):
        return word
    letters = sum(character.isalpha() for character in core)
    # Codes and hashes (``a81f33e0``) have more figures than letters.
    if 3 * letters < len(core):
        return word
    return core.translate(_LEET) + word[len(core) :]


@lru_cache(maxsize=4096)
def _named(character: str) -> str:
    name = unicodedata.name(character, "").lower()
    return f" {name.replace('-', ' ')} " if name else character


def _emoji_name(match: re.Match[str]) -> str:
    return _named(match[0])
