"""Names of persons in Latin letters that the text announces: *my name is*, *Patient name:*, *Mr.*, *Sincerely,*.

Other names have no form, and are found only by a model (option `ner`).
"""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer

__all__ = ["RECOGNIZER"]

_LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u024f"
_CAPITALS = "A-Z\u00c0-\u00d6\u00d8-\u00de"
_WORD = f"(?:[DO]['’])?[{_CAPITALS}][{_LETTERS}]{{1,24}}+(?:[-'’][{_CAPITALS}]?[{_LETTERS}]{{1,24}}+)?"
_MIDDLE = f"(?: [{_CAPITALS}]\\.?| (?:van|von|de|der|den|da|di|del|bin|al|el|la|le|ter)){{0,3}}"
_NAME = f"{_WORD}(?:{_MIDDLE} {_WORD}){{0,3}}"
# Words in capitals that follow a heading such as "Name:" without being anybody's.
_NOBODY = re.compile(
    "(?:not|none|unknown|null|required|redacted|please|enter|your|the|this|first|last|full|given|family|middle|address|phone|"
    "email|date|type|value|string|yes|no|same|see|test|user|admin|name|number|id|company|account|of|is|and|or)\\b",
    re.IGNORECASE,
)
# Parts of the names of things and offices, anywhere in what follows.
_NOT_A_PERSON = re.compile(
    r"\b(?:inc|corp|corporation|ltd|llc|gmbh|plc|company|team|support|service|services|engine|notes?|department|dept|"
    r"office|group|bank|university|college|school|hospital|clinic|cent(?:er|re)|server|system|software|version|release|"
    r"desk|manager|president|chair(?:man|woman|person)?|speaker|minister|secretary|pepper|mr|mrs|ms|dr|prof)\b",
    re.IGNORECASE,
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if _NOBODY.match(value) or _NOT_A_PERSON.search(value):
        return 0.0
    # One word after "Name:" may be a thing's; two are hardly.
    return 0.7 if match["sure"] or " " in value else 0.0


RECOGNIZER = Recognizer(
    name="announced name",
    type="NAME",
    source="forms of address and of closing letters; field names of ICAO Doc 9303 (surname, given names)",
    pattern=re.compile(
        r"(?:(?P<sure>(?<![A-Za-z])(?:[Mm]y (?:full )?name is|[Mm]y name's|I am called|(?:his|her|their) name is"
        r"|(?:(?:Mr|Mrs|Ms|Mx|Dr|Prof|Mister|Madam|Sir|Herr|Frau|Mme|Señor|Señora)\.? ){0,2}"
        r"(?:Mr|Mrs|Ms|Mx|Dr|Prof|Mister|Madam|Sir|Herr|Frau|Mme|Señor|Señora)\.?"
        r"|(?:[Ff]irst|[Ll]ast|[Ff]amily|[Gg]iven|[Mm]iddle|[Mm]aiden)[ _]?[Nn]ame ?[:=]|[Ss]urname ?[:=]) )"
        r"|(?:(?<![A-Za-z])(?:[Ss]incerely|[Rr]egards|[Kk]ind [Rr]egards|[Bb]est [Rr]egards|[Yy]ours truly),[ \n]{1,2})"
        r"|(?:(?<![A-Za-z])(?:[Pp]atient|[Cc]ustomer|[Cc]lient|[Ee]mployee|[Ss]tudent|[Cc]ontact|[Ff]ull|[Aa]pplicant|"
        r"[Cc]ard ?holder|[Aa]ccount holder|[Bb]eneficiary|[Rr]ecipient|[Tt]enant|[Gg]uest|[Pp]assenger|[Mm]ember)"
        r"(?:'s)?[ _]?(?:[Nn]ame)? ?[:=] ?)"
        r"|(?:(?:^|(?<=\n)|(?<=[;,] ))Name ?: ?))"
        rf"(?P<value>{_NAME})",
    ),
    trigger=(
        r"(?:(?:(?:\b|[0-9_])(?:name is|name's|I am called"
        r"|(?:Mr|Mrs|Ms|Mx|Dr|Prof|Mister|Madam|Sir|Herr|Frau|Mme|Señor|Señora)\.?) ))"
        r"|(?:(?:irst|ast|amily|iven|iddle|aiden)[ _]?[Nn]ame|urname) ?[:=] "
        r"|(?:incerely|egards|truly),[ \n]{1,2}"
        r"|(?:atient|ustomer|lient|mployee|tudent|ontact|ull|pplicant|older|eneficiary|ecipient|enant|uest|assenger|ember)"
        r"(?:'s)?[ _]?(?:[Nn]ame)? ?[:=] ?|Name ?: ?"
    ),
    judge=_judge,
    priority=2,
    lead=40,
)
