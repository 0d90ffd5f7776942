"""Street addresses as continental Europe writes them: the number after the street, or ``12 rue de la Paix``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.postal_tails import LETTER, NUMBER, TAIL, UNIT, WORD

__all__ = ["RECOGNIZER"]

# The kind of street is a word of its own, before the name.
_KIND = (
    "(?:Via|Viale|Vicolo|Piazza|Piazzale|Corso|Largo|Rue|Avenue|Boulevard|Allée|Chemin|Impasse|Quai|Rua|Avenida|"
    r"Avda\.?|Travessa|Praça|Calle|Carrer|Carretera|Paseo|Plaza|Camino|Ronda|Ulica|ulica|ul\.|al\.|pl\.|os\.|Aleja|"
    "Strada|Calea|Bulevardul|Piazzetta|Lungomare)"
)
_FRENCH_KIND = "(?:rue|avenue|boulevard|place|chemin|allée|impasse|quai|route|cours|square|passage)"
_OF = r"(?:(?:de|del|della|delle|dei|di|da|do|dos|das|du|des|la|le|les|los|las|el|e|y) |[LlDd]['’])"
# The kind of street ends the word, or is a word of its own after the name.
_ENDING = (
    "(?:stra(?:ße|sse)|str\\.|gasse|weg|allee|platz|damm|ufer|straat|laan|gracht|plein|dreef|stræde|vænget|vej|"
    "vägen|gatan|gränd|veien|vegen|gata|katu|kuja|polku|kaari)"
)
_ALONE = "(?:Straße|Strasse|Str\\.|Weg|Allee|Platz|Gasse|Damm|Ufer|utca|út|tér|u\\.|körút|ulice|tn|terrasse|trg)"
# What stands before a small letter: 12 rue, 12B, rue.
_NUMBERED = "(?:(?<=[0-9] )|(?<=[0-9], )|(?<=[0-9][A-Za-z] )|(?<=[0-9][A-Za-z], ))"
# "Via Slack 3 days ago"
_MEANS = re.compile(r"Via (?:E-?mail|Twitter|Facebook|Git[Hh]ub|Slack|WhatsApp|Zoom|Teams|SMS|API|Telegram|USB)\b")


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.0 if _MEANS.match(match[0]) else 0.8


RECOGNIZER = Recognizer(
    name="European street address",
    type="ADDRESS",
    source="UPU S42 templates of Austria, Belgium, Czechia, Denmark, Finland, France, Germany, Hungary, Italy, the "
    "Netherlands, Norway, Poland, Portugal, Romania, Spain, Sweden and Switzerland (thoroughfare and number)",
    pattern=bounded(
        rf"(?<![\w$€£.,:/#+-])(?:{NUMBER},? )?(?:"
        rf"{_KIND} {_OF}{{0,3}}{WORD}(?:[ -]{_OF}{{0,2}}{WORD}){{0,4}},? (?:[nN][°ºr]?\.? ?)?{NUMBER}"
        rf"|(?:{WORD}[ -]){{0,3}}(?-i:[A-Z\u00c0-\u00de\u0100-\u017d])[{LETTER}]{{1,24}}?{_ENDING} {NUMBER}"
        rf"|(?:{WORD}[ -]){{1,3}}{_ALONE} {NUMBER}\.?"
        rf"|{_NUMBERED}(?:bis |ter )?{_FRENCH_KIND} {_OF}{{0,3}}{WORD}(?:[ -]{_OF}{{0,2}}{WORD}){{0,4}})"
        rf"(?:{UNIT}){{0,2}}(?:{TAIL})?(?!\w)"
    ),
    trigger=(
        rf"\b{_KIND} [^0-9\n]*[0-9]|(?:{_ENDING}|[ -]{_ALONE}) [0-9]"
        rf"|[0-9][A-Za-z]?,? (?:bis |ter )?{_FRENCH_KIND} "
    ),
    judge=_judge,
    priority=5,
)
