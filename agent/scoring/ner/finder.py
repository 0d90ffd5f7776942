"""From models to name finders: gate, model, rules about writing; several models side by side."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from agent.scores import TextSpan
from agent.scoring.ner.addresses import addresses_in
from agent.scoring.ner.base import Entity, EntityModel, NameFinder, readable
from agent.scoring.ner.gate import LATIN, Script, holds_script, may_hold_names
from agent.scoring.ner.han import HAN
from agent.scoring.ner.tidy import names_in, repeats
from agent.scoring.occupied import Occupied

__all__ = ["CATEGORIES", "JoinedFinders", "ModelFinder", "without_overlaps"]

CATEGORIES: Final = {"NAME": "pii.name", "ADDRESS": "pii.address"}
"""Category by span type."""

_WARM_UP: Final = ("Please ask Anna Lee, 12 Elm Street, Springfield.", "请联系住在北京市海淀区中关村大街1号的王小明。")
_OWN_LETTERS: Final = {"latin": re.compile(f"[{LATIN}]"), "han": re.compile(f"[{HAN}]")}


class ModelFinder:
    """One model behind its gate. Implements `NameFinder`.

    Parameters
    ----------
    gate
        Ask the model only about texts that could hold a name in its script (`agent.scoring.ner.gate`); all texts in
        its script when False.
    """

    def __init__(self, model: EntityModel, *, gate: bool = True) -> None:
        self.version = model.version
        self._model = model
        self._gate = gate
        self._note = f"named entity ({model.version.partition('@')[0]})"

    def warm_up(self) -> None:
        """Load the model and look at a first text.

        Raises
        ------
        ModelError
            See `EntityModel.warm_up`.
        """
        self._model.warm_up()
        self._model.entities(_WARM_UP)

    def wants(self, text: str) -> bool:
        """Whether the model is asked about a text."""
        script = self._model.script
        return holds_script(text, script) and (not self._gate or may_hold_names(text, script))

    def find(self, texts: Sequence[str]) -> list[list[TextSpan]]:
        """See `NameFinder.find`."""
        found: list[list[TextSpan]] = [[] for _ in texts]
        places = [place for place, text in enumerate(texts) if self.wants(text)]
        if places:
            clean = [readable(texts[place]) for place in places]
            for place, entities in zip(places, self._model.entities(clean), strict=True):
                found[place] = without_overlaps(list(self._spans(texts[place], entities)))
        return found

    def _spans(self, text: str, entities: Sequence[Entity]) -> Iterator[TextSpan]:
        for address in addresses_in(text, entities):
            yield self._span("ADDRESS", address.start, address.end, address.score)
        names = {
            (start, end): entity.score
            for entity in entities
            if entity.kind == "person"
            for start, end in names_in(text, entity.start, entity.end)
            if _in_script(text[start], self._model.script)
        }
        for (start, end), score in names.items():
            yield self._span("NAME", start, end, score)
        surest = max(names.values(), default=0.0)
        for start, end in repeats(text, list(names)):
            yield self._span("NAME", start, end, surest)

    def _span(self, kind: str, start: int, end: int, score: float) -> TextSpan:
        return TextSpan(start, end, CATEGORIES[kind], kind, score, self._note)


class JoinedFinders:
    """Several finders, such as one for Latin script and one for Han. Implements `NameFinder`.

    Where two find overlapping spans the longer is kept, then the surer, then that of the finder that comes first.
    """

    def __init__(self, finders: Sequence[NameFinder]) -> None:
        self.version = "+".join(finder.version for finder in finders)
        self._finders = finders

    def warm_up(self) -> None:
        """Warm all of them up."""
        for finder in self._finders:
            finder.warm_up()

    def find(self, texts: Sequence[str]) -> list[list[TextSpan]]:
        """See `NameFinder.find`."""
        answers = [finder.find(texts) for finder in self._finders]
        return [without_overlaps([span for spans in each for span in spans]) for each in zip(*answers, strict=True)]


def without_overlaps(spans: Sequence[TextSpan]) -> list[TextSpan]:
    """In order of their start: of overlapping spans an address before a name, then the longer, then the surer."""
    kept: list[TextSpan] = []
    taken = Occupied()
    for span in sorted(spans, key=lambda span: (span.type != "ADDRESS", span.start - span.end, -span.score)):
        if taken.is_free(span.start, span.end):
            taken.take(span.start, span.end)
            kept.append(span)
    return sorted(kept, key=lambda span: span.start)


def _in_script(letter: str, script: Script) -> bool:
    return script == "any" or _OWN_LETTERS[script].match(letter) is not None
