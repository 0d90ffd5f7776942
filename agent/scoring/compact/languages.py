"""Which encoder reads a text: the English one, or the multilingual one. A guess in microseconds.

Scripts decide first. Within Latin script the little words of European languages vote; a text that has none of them
(names, shouts, code) counts as English. The beginning of a text decides for all of it; what an English text holds in
other scripts, wherever it stands, is read by the multilingual encoder as well.
"""

from __future__ import annotations

import re

__all__ = ["other_scripts", "reads_as_english"]

_LOOKED_AT = 400
_FOREIGN_SHARE = 0.1
_WORD = re.compile(r"[a-z']+")
_FOREIGN = re.compile(r"[^\W\d_a-z]")
# Letters beyond Latin, Greek among them: mathematics is no text, so single ones do not count.
_OTHER_SCRIPT = re.compile(r"[^\W\d_\u0000-\u024f]{2,}")


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
    words = _WORD.findall(text)
    return sum(word in _ENGLISH for word in words) >= sum(word in _OTHER for word in words)


def other_scripts(text: str) -> str:
    """What of an English text is written in other scripts, with blanks between; empty for nearly all texts."""
    return "" if text.isascii() else " ".join(_OTHER_SCRIPT.findall(text))
