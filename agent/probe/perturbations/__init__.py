"""Perturbations of texts: `PERTURBATIONS` lists all of them; one is a file, or a few lines in one, plus one line here.

A table of strings that loads nothing. `chosen` resolves names and kinds.
"""

from __future__ import annotations

from collections.abc import Sequence
from pkgutil import resolve_name
from typing import cast, get_args

from agent.errors import ConfigError
from agent.probe.perturbations.base import Kind, Perturbation

__all__ = ["KINDS", "PERTURBATIONS", "Perturbation", "chosen", "perturbation"]

_HERE = "agent.probe.perturbations"

PERTURBATIONS: dict[str, str] = {
    "homoglyph": f"{_HERE}.homoglyphs:HOMOGLYPH",
    "full_width": f"{_HERE}.homoglyphs:FULL_WIDTH",
    "math_alphabet": f"{_HERE}.homoglyphs:MATH_ALPHABET",
    "leetspeak": f"{_HERE}.homoglyphs:LEETSPEAK",
    "diacritics": f"{_HERE}.homoglyphs:DIACRITICS",
    "zalgo": f"{_HERE}.homoglyphs:ZALGO",
    "zero_width": f"{_HERE}.invisible:ZERO_WIDTH",
    "soft_hyphen": f"{_HERE}.invisible:SOFT_HYPHEN",
    "bidi": f"{_HERE}.invisible:BIDI",
    "typo_swap": f"{_HERE}.typos:SWAP",
    "typo_delete": f"{_HERE}.typos:DELETE",
    "typo_insert": f"{_HERE}.typos:INSERT",
    "typo_substitute": f"{_HERE}.typos:SUBSTITUTE",
    "typo_qwerty": f"{_HERE}.typos:QWERTY",
    "scramble": f"{_HERE}.typos:SCRAMBLE",
    "random_case": f"{_HERE}.spacing:RANDOM_CASE",
    "spaced": f"{_HERE}.spacing:SPACED",
    "word_split": f"{_HERE}.spacing:WORD_SPLIT",
    "word_merge": f"{_HERE}.spacing:WORD_MERGE",
    "punctuated": f"{_HERE}.spacing:PUNCTUATED",
    "synonym": f"{_HERE}.words:SYNONYM",
    "reorder": f"{_HERE}.words:REORDER",
    "base64": f"{_HERE}.encodings:BASE64",
    "hex": f"{_HERE}.encodings:HEX",
    "rot13": f"{_HERE}.encodings:ROT13",
    "url": f"{_HERE}.encodings:URL",
    "morse": f"{_HERE}.encodings:MORSE",
    "unicode_tags": f"{_HERE}.encodings:UNICODE_TAGS",
    "code_switch": f"{_HERE}.translation:CODE_SWITCH",
    "traditional": f"{_HERE}.chinese:TRADITIONAL_FORMS",
    "pinyin": f"{_HERE}.chinese:PINYIN_SPELLED",
    "homophone": f"{_HERE}.chinese:HOMOPHONE",
    "decomposition": f"{_HERE}.chinese:DECOMPOSITION",
    "separators": f"{_HERE}.chinese:SEPARATORS",
    "role_play": f"{_HERE}.templates:ROLE_PLAY",
    "prefix_injection": f"{_HERE}.templates:PREFIX_INJECTION",
    "refusal_suppression": f"{_HERE}.templates:REFUSAL_SUPPRESSION",
    "system_override": f"{_HERE}.templates:SYSTEM_OVERRIDE",
    "hypothetical": f"{_HERE}.templates:HYPOTHETICAL",
    "many_shot": f"{_HERE}.templates:MANY_SHOT",
    "payload_split": f"{_HERE}.templates:PAYLOAD_SPLIT",
}

KINDS: tuple[Kind, ...] = get_args(Kind)


def perturbation(name: str) -> Perturbation:
    """A row of the table.

    Raises
    ------
    KeyError
        When there is none.
    """
    return cast(Perturbation, resolve_name(PERTURBATIONS[name]))


def chosen(names: Sequence[str]) -> list[Perturbation]:
    """Perturbations by name or kind, each once, in the table's order.

    Raises
    ------
    ConfigError
        When a name is neither.
    """
    everything = [perturbation(name) for name in PERTURBATIONS]
    for name in names:
        if name not in PERTURBATIONS and name not in KINDS:
            raise ConfigError(
                f"no perturbation is called {name!r}; there are {', '.join(PERTURBATIONS)}, and the kinds "
                f"{', '.join(KINDS)}"
            )
    return [each for each in everything if each.name in names or each.kind in names]
