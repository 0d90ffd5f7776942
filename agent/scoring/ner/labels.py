"""What models call a person or a place, in the schemes of OntoNotes, CoNLL, MSRA, CLUENER and checkpoints for PII."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from agent.errors import ConfigError
from agent.scoring.ner.base import EntityKind

__all__ = ["Tag", "kind_of", "tag_of", "wanted_labels"]

_KINDS: Final[Mapping[str, EntityKind]] = {
    **dict.fromkeys(
        ("per", "person", "name", "pername", "pernam", "nr", "nrf", "people", "patient", "staff", "hcw", "doctor",
         "username", "fullname", "firstname", "middlename", "lastname", "givenname", "surname", "nameperson"),
        "person",
    ),
    **dict.fromkeys(
        ("gpe", "loc", "location", "fac", "facility", "ns", "gpenam", "locnam", "place", "city", "scene"), "place"
    ),
    **dict.fromkeys(
        ("address", "street", "streetaddress", "streetname", "fulladdress", "locationaddress", "addr"), "address"
    ),
}  # fmt: skip
_OPTION: Final[Mapping[str, EntityKind]] = {"NAME": "person", "ADDRESS": "address", "PLACE": "place"}
_PREFIXES: Final = frozenset("BIESLUMO")


class Tag(NamedTuple):
    """A label of a token classifier: position in its entity (B, I, E, S; "" in schemes without), and the entity."""

    position: str
    label: str


def tag_of(name: str) -> Tag:
    """Split ``B-PER``, ``PER-B`` or ``B_name``; U is S, L is E, M is I. ``O`` and empty labels mark nothing."""
    for joint in "-_":
        before, _, after = name.partition(joint)
        if after and before in _PREFIXES:
            return Tag({"U": "S", "L": "E", "M": "I"}.get(before, before), after)
        head, _, tail = name.rpartition(joint)
        if head and tail in _PREFIXES:
            return Tag({"U": "S", "L": "E", "M": "I"}.get(tail, tail), head)
    return Tag("", "" if name == "O" else name)


def kind_of(label: str, given: Mapping[str, EntityKind]) -> EntityKind | None:
    """What an entity's label means; None for what is neither person nor place. `given` goes before our own table."""
    if given:
        return given.get(label)
    return _KINDS.get("".join(character for character in label.lower() if character.isalnum()))


def wanted_labels(labels: object, slot: str) -> dict[str, EntityKind]:
    """The option `labels`: label of the model to NAME, PLACE or ADDRESS.

    Raises
    ------
    ConfigError
        When it is something else.
    """
    if labels is None:
        return {}
    named = labels.items() if isinstance(labels, Mapping) else ()
    known: Iterable[str] = _OPTION
    if not named or not all(isinstance(kind, str) and kind in _OPTION for _, kind in named):
        raise ConfigError(f"scorer {slot}: ner: labels maps labels of the model to {', '.join(known)}")
    return {str(label): _OPTION[kind] for label, kind in named}
