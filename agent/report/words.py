"""The words of a report in the language that its reader chose."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

__all__ = ["LANGUAGES", "Words"]

LANGUAGES = ("en", "zh")


class Words:
    """The texts of one report in one language.

    Parameters
    ----------
    texts
        By key the English and the Chinese text; names in braces are filled in. ``title`` is the page's.
    lang
        One of `LANGUAGES`.
    """

    def __init__(self, texts: Mapping[str, tuple[str, str]], lang: str) -> None:
        self.lang = lang
        self._texts = texts
        self._place = LANGUAGES.index(lang)

    def __contains__(self, key: str) -> bool:
        return key in self._texts

    def __call__(self, key: str, **names: Any) -> str:
        """The text of a key, with its names filled in."""
        return self._texts[key][self._place].format(**names)
