"""The canonical form in which protected values are compared, so that spacing, case and width hide nothing.

Each character is folded by itself, whatever surrounds it: NFKD (Unicode Standard Annex 15) and full case folding,
digits of any script to ASCII, and then only letters, numbers and those marks stay that are letters in all but name
(vowel signs). Blanks, punctuation, symbols, accents and characters that draw nothing go. So the form of a text is that
of its parts put together, and a value that stands in a text is in the text's form whatever touches it: an accent that
follows its last letter cannot compose with it.

More is lost than in `agent.normalize`, which keeps words apart: this form is for looking up, not for reading.
"""

from __future__ import annotations

import re
import unicodedata

from agent.normalize import INVISIBLE

__all__ = ["canonical", "canonical_character"]

_INVISIBLE_ONE = re.compile(f"[{INVISIBLE}]")
#: What hostile text may make us remember; all characters of all living languages are fewer.
_MOST_REMEMBERED = 1 << 17
_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER = bytes(range(256)).lower()


def canonical(text: str) -> str:
    """The canonical form of a text; idempotent, linear in its length.

    What it does not do: look-alikes of other scripts (а for a), numbers in words, and other writings of the same
    thing (base64, percent signs) stay what they are.
    """
    if text.isascii():
        return text.encode("ascii").translate(_LOWER, _SEPARATORS).decode("ascii")
    return text.translate(_TABLE)


def canonical_character(character: str) -> str:
    """What becomes of one character: nothing, one character, or up to fifteen (one Arabic ligature)."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", character).casefold())
    return "".join(_digit(one) for one in folded if _is_kept(one))


def _is_kept(character: str) -> bool:
    if _INVISIBLE_ONE.match(character):
        return False
    # Marks that move in canonical ordering are accents; the others, of class 0, are vowels of Indic scripts.
    return character.isalnum() or (
        unicodedata.category(character) in ("Mn", "Mc") and not unicodedata.combining(character)
    )


def _digit(character: str) -> str:
    return str(unicodedata.decimal(character)) if character.isdecimal() else character


class _Table(dict[int, str]):
    """Characters met so far."""

    def __missing__(self, code: int) -> str:
        if len(self) >= _MOST_REMEMBERED:
            self.clear()
        found = self[code] = canonical_character(chr(code))
        return found


_TABLE = _Table()
