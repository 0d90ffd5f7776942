"""Which encoder reads a text: the English one, or the multilingual one. A guess in microseconds.

Scripts decide first. Within Latin script the little words of European languages vote; a text that has none of them
(names, shouts, code) counts as English. The beginning of a text decides for all of it; sentences that plainly are not
in that language, and other scripts in an English text, are read by the other encoder as well.
"""

from __future__ import annotations

import re

__all__ = ["other_part", "reads_as_english"]

_LOOKED_AT = 400
_FOREIGN_SHARE = 0.1
_WORD = re.compile(r"[a-z']+")
_FOREIGN = re.compile(r"[^\W\d_a-z]")
# Letters beyond Latin and Greek: single ones of scripts that write words with one, two neighbours of others.
_OTHER_SCRIPT = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]+|[^\W\d_\u0000-\u03ff]{2,}")
_SENTENCE = re.compile(r"[^.!?\n\u3002\uff01\uff1f]{1,300}")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_ENGLISH = _words(
    """the a an is are was were be been to of and in it you i that for on with this not have has had he she
    they we my your at do does if but so me just what no all can will as from or by up out who how why when
    would there their them his her him get like go know don't im i'm it's you're about one now more than
    then people because these those our us"""
)
# Words that are English too ("die", "man", "no", "me") do not vote.
_OTHER = _words(
    """der das und ist nicht ein eine einen mit von auf fur sich ich du wir ihr sie es dem auch wie bei nur
    noch nach aus wenn kein keine sind werden haben zu den le la les des et est une je tu il elle nous vous
    pas ne que qui dans pour sur avec ce cette au aux mais c'est el los las por con para se lo como mas pero
    su al del muy todo este esta un una di che non per sono gli mi si della nella os um uma nao com mas voce
    het een van niet ik dat op te zijn voor maar nie sie jest ze co jak tak ale bir bu ve icin degil ang ng
    sa mga hindi hai ka ki ko"""
)


def reads_as_english(text: str) -> bool:
    """Whether a text, read by `agent.reading.read_plainly` (lower case), is to be judged by the English encoder."""
    text = text[:_LOOKED_AT]
    if not text.isascii():
        foreign = len(_FOREIGN.findall(text))
        if foreign > _FOREIGN_SHARE * sum(map(str.isalpha, text)):
            return False
    english, other = _votes(text)
    return english >= other


def other_part(text: str, english: bool) -> str:
    """What of a text is plainly not in the language that it was taken for, wherever it stands; empty for nearly all.

    Parameters
    ----------
    english
        What `reads_as_english` said of the text.
    """
    found = [] if text.isascii() or not english else ["".join(_OTHER_SCRIPT.findall(text))]
    for match in _SENTENCE.finditer(text):
        own, other = _votes(match[0]) if english else reversed(_votes(match[0]))
        if other >= 2 and other > 2 * own:
            found.append(match[0].strip())
    return " ".join(found).strip()


def _votes(text: str) -> tuple[int, int]:
    """Little words of English, and of other languages in Latin script."""
    words = _WORD.findall(text)
    return sum(word in _ENGLISH for word in words), sum(word in _OTHER for word in words)
