"""spaCy's named entities, from an installed package or a folder; nothing is downloaded.

A folder's files are read by spaCy, which runs code of packages that are installed, and none of the folder's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from agent.errors import ConfigError, ModelError
from agent.scoring.ner.base import Entity, EntityKind
from agent.scoring.ner.gate import Script
from agent.scoring.ner.labels import kind_of
from agent.scoring.ner.windows import joined, windows_of

__all__ = ["SpacyModel"]

_INSTALL: Final = "pip install 'harmwatch[ner]'"
_HAN_LANGUAGES: Final = frozenset({"zh", "ja"})
#: spaCy's models give no probabilities; what Presidio takes for them.
_SCORE: Final = 0.85
_UNNEEDED: Final = frozenset({
    "tagger", "morphologizer", "parser", "senter", "sentencizer", "lemmatizer", "trainable_lemmatizer",
    "attribute_ruler", "textcat", "textcat_multilabel", "spancat", "spancat_singlelabel", "entity_linker",
    "merge_entities", "merge_noun_chunks", "merge_subtokens",
})  # fmt: skip
#: Rules may ask for tags and lemmas.
_NEED_ALL: Final = frozenset({"entity_ruler", "span_ruler"})


class SpacyModel:
    """A spaCy pipeline with an ``ner`` component or an entity ruler. Implements `EntityModel`.

    Parameters
    ----------
    model
        Name of an installed package, or a folder with ``meta.json`` and ``config.cfg``.
    script
        In which script it knows names; by its language when None.
    labels
        What its labels mean; our own table when empty.
    batch
        Windows at a time.
    slot
        The scorer, for messages.

    Raises
    ------
    ConfigError
        When spaCy or the model is not there, or `batch` is out of range.
    """

    def __init__(
        self,
        model: str,
        script: Script | None = None,
        labels: Mapping[str, EntityKind] | None = None,
        batch: int = 64,
        slot: str = "pii",
    ) -> None:
        if batch < 1:
            raise ConfigError(f"scorer {slot}: ner: batch must be 1 or more")
        meta = _meta(model, slot)
        name = f"{meta.get('lang', 'xx')}_{meta.get('name', 'pipeline')}"
        self.version = f"{name}@{meta.get('version', '0')}"
        self.script: Script = script or ("han" if meta.get("lang") in _HAN_LANGUAGES else "latin")
        self._model = model
        self._labels = labels or {}
        self._batch = batch
        self._slot = slot
        self._nlp: Any = None

    def warm_up(self) -> None:
        """Load the pipeline, without what entities do not need.

        Raises
        ------
        ModelError
            When it cannot be loaded, or has no component that finds entities.
        """
        if self._nlp is not None:
            return
        import spacy

        folder = Path(self._model).expanduser()
        try:
            nlp = spacy.load(folder if folder.is_dir() else self._model)
        # Files of all kinds of damage, languages whose tokeniser wants a package.
        except Exception as error:
            raise ModelError(
                f"scorer {self._slot}: ner: {self._model} cannot be loaded ({type(error).__name__}); "
                f"it wants a package that is not installed, or another version of spaCy than {version('spacy')}"
            ) from error
        factories = {name: nlp.get_pipe_meta(name).factory for name in nlp.pipe_names}
        known = {label for name in nlp.pipe_names for label in nlp.pipe_labels.get(name, ())}
        if not {"ner", "beam_ner", *_NEED_ALL} & set(factories.values()):
            raise ModelError(f"scorer {self._slot}: ner: {self._model} has no component that finds entities")
        if not any(kind_of(label, self._labels) for label in known):
            raise ModelError(
                f"scorer {self._slot}: ner: {self._model} marks neither persons nor places; map its labels by "
                f"labels, it has {', '.join(sorted(known)[:20])}"
            )
        if not _NEED_ALL & set(factories.values()):
            nlp.disable_pipes(*[name for name, factory in factories.items() if factory in _UNNEEDED])
            _disable_unheard(nlp)
        self._nlp = nlp

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        """See `EntityModel.entities`. Long texts are read in windows."""
        if self._nlp is None:
            self.warm_up()
        windows = [windows_of(text) for text in texts]
        pieces = [text[each.start : each.end] for text, own in zip(texts, windows, strict=True) for each in own]
        found = iter([self._entities(doc) for doc in self._nlp.pipe(pieces, batch_size=self._batch)])
        return [joined(own, [next(found) for _ in own]) for own in windows]

    def _entities(self, doc: Any) -> list[Entity]:
        named = [(ent, kind_of(ent.label_, self._labels)) for ent in doc.ents]
        return [Entity(ent.start_char, ent.end_char, kind, _SCORE) for ent, kind in named if kind is not None]


def _disable_unheard(nlp: Any) -> None:
    """Shared vectors that no component reads any more: those of small models serve tagger and parser alone."""
    for name in list(nlp.pipe_names):
        heard = getattr(nlp.get_pipe(name), "listening_components", None)
        if heard is not None and not set(heard) & set(nlp.pipe_names):
            nlp.disable_pipes(name)


def _meta(model: str, slot: str) -> Mapping[str, Any]:
    if find_spec("spacy") is None:
        raise ConfigError(f"scorer {slot}: ner: spacy is not installed; {_INSTALL}")
    from spacy.util import get_package_path, is_package

    folder = Path(model).expanduser()
    try:
        if not folder.is_dir() and is_package(model):
            folder = Path(get_package_path(model))
        found = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise ConfigError(
            f"scorer {slot}: ner: {model} is no installed spaCy package and no folder of a model; pip install the "
            "package, or give the folder that holds meta.json"
        ) from None
    meta: Mapping[str, Any] = found if isinstance(found, dict) else {}
    return meta
