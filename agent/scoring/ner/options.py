"""The option `ner` of the scorer `pii`: which models find names, and in which script."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, Final

from agent.errors import ConfigError
from agent.scoring.ner.base import EntityModel, NameFinder
from agent.scoring.ner.finder import JoinedFinders, ModelFinder
from agent.scoring.ner.gate import SCRIPTS
from agent.scoring.ner.labels import wanted_labels

__all__ = ["KINDS", "finder_of"]

KINDS: Final[Mapping[str, str]] = {
    "spacy": "agent.scoring.ner.spacy_model:SpacyModel",
    "transformers": "agent.scoring.ner.transformers_model:TransformersModel",
}
"""Models by kind; strings, so that what is not used is not imported."""

_OWN: Final = ("self", "slot")


def finder_of(option: object, slot: str = "pii") -> NameFinder | None:
    """The finder that the option describes; None when it is left out. Loads no weights.

    Parameters
    ----------
    option
        A mapping such as ``{"kind": "spacy", "model": "en_core_web_sm"}``, or a list of such.

    Raises
    ------
    ConfigError
        When it describes none, or a model is not there. The message never quotes a value but names of models.
    """
    if option is None or option == []:
        return None
    sections = option if isinstance(option, list | tuple) else [option]
    finders: list[NameFinder] = [_finder(section, slot) for section in sections]
    return finders[0] if len(finders) == 1 else JoinedFinders(finders)


def _finder(section: object, slot: str) -> ModelFinder:
    if not isinstance(section, Mapping):
        raise ConfigError(
            f"scorer {slot}: ner takes a list of mappings, such as [{{kind: spacy, model: en_core_web_sm}}]"
        )
    given = {str(key): value for key, value in section.items()}
    kind, gate = given.pop("kind", None), given.pop("gate", True)
    if not isinstance(kind, str) or kind not in KINDS:
        raise ConfigError(f"scorer {slot}: ner: kind must be one of {', '.join(KINDS)}")
    if not isinstance(gate, bool):
        raise ConfigError(f"scorer {slot}: ner: gate is true or false")
    if given.get("script") not in (None, *SCRIPTS):
        raise ConfigError(f"scorer {slot}: ner: script must be one of {', '.join(SCRIPTS)}")
    model_class: Any = resolve_name(KINDS[kind])
    known = [name for name in inspect.signature(model_class).parameters if name not in _OWN]
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise ConfigError(
            f"scorer {slot}: ner: {kind} takes no option {unknown[0]!r}; it takes {', '.join(known)} and gate"
        )
    path = given.get(known[0])
    if not isinstance(path, str) or not path:
        raise ConfigError(f"scorer {slot}: ner: {kind} needs {known[0]}")
    if "labels" in given:
        given["labels"] = wanted_labels(given["labels"], slot)
    model: EntityModel = model_class(**given, slot=slot)
    return ModelFinder(model, gate=gate)
