"""Names and addresses by models of named entities, optional: spaCy pipelines, token classifiers of transformers.

`finder_of` makes a `NameFinder` out of the scorer's option. A model (`EntityModel`) says what it thinks; `ModelFinder`
asks it only where a cheap gate says so, cuts off what is no part of a name, and tells addresses from mere places.
"""

from __future__ import annotations

from agent.scoring.ner.base import Entity, EntityModel, NameFinder
from agent.scoring.ner.finder import CATEGORIES as NAMED
from agent.scoring.ner.merging import with_names
from agent.scoring.ner.options import finder_of

NAMES_NOT_COVERED = (
    "names and addresses are found only where their form or the words around them announce them; "
    "set scorers.pii.ner for a model that finds the others"
)
"""What a scorer without a model has to say."""

__all__ = ["NAMED", "NAMES_NOT_COVERED", "Entity", "EntityModel", "NameFinder", "finder_of", "with_names"]
