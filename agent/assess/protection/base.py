"""What an operator is, and the table of them."""

from __future__ import annotations

from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, ClassVar, Protocol, cast

from agent.assess.protection.keys import ProtectionKey
from agent.assess.protection.tokens import TOKEN, plain_token
from agent.config import Section
from agent.errors import ConfigError
from agent.redaction import fold

__all__ = ["OPERATORS", "Operator", "OperatorClass", "apply", "load_operator", "operator_class"]

# One file plus one line adds an operator.
OPERATORS: dict[str, str] = {
    "redact": "agent.assess.protection.redact:Redact",
    "mask": "agent.assess.protection.mask:Mask",
    "hash": "agent.assess.protection.keyed_hash:KeyedHash",
    "pseudonym": "agent.assess.protection.pseudonym:Pseudonym",
    "fpe": "agent.assess.protection.format_preserving:FormatPreserving",
    "generalise": "agent.assess.protection.generalise:Generalise",
    "keep": "agent.assess.protection.keep:Keep",
}


class Operator(Protocol):
    """Replaces values. The same value and type give the same replacement, in any order, run and machine; of
    ``generalise`` in any year, when its options say which."""

    name: ClassVar[str]

    def replace(self, value: str, kind: str) -> str:
        """What stands in place of a value.

        Parameters
        ----------
        value
            As it stands in the data; not empty.
        kind
            Its type, such as ``EMAIL``.
        """

    def finished(self, value: str, kind: str) -> bool:
        """Whether the value already is what this operator makes of values of this type; then it is left alone."""


class OperatorClass(Protocol):
    """The class of an operator: ``Options`` are what a policy may say beside its name.

    What a ``reversible`` one has made is turned back into the value by whoever has the key.
    """

    name: ClassVar[str]
    needs_key: ClassVar[bool]
    reversible: ClassVar[bool]
    Options: ClassVar[type[Section]]

    def __call__(self, options: Any, key: ProtectionKey | None) -> Operator: ...


def operator_class(name: str) -> OperatorClass:
    """The class of an operator of the table.

    Raises
    ------
    ConfigError
        When there is none of that name.
    """
    target = OPERATORS.get(name)
    if target is None:
        raise ConfigError(f"no operator is called {name!r}; there are {', '.join(OPERATORS)}")
    return cast(OperatorClass, resolve_name(target))


def load_operator(name: str, options: Mapping[str, Any] | None = None, key: ProtectionKey | None = None) -> Operator:
    """Build an operator.

    Raises
    ------
    ConfigError
        When there is none of that name, or it needs a key and gets none, or a library that is not installed.
    pydantic.ValidationError
        For options that it does not take.
    """
    made = operator_class(name)
    if made.needs_key and key is None:
        raise ConfigError(f"operator {name} needs a key: give --key-file FILE, or `key: {{env: NAME}}` in the policy")
    return made(made.Options(**(options or {})), key)


def apply(operator: Operator, value: str, kind: str) -> str:
    """The replacement of a whole value. Where an operator would show the value, its type stands instead.

    A band such as ``30-34`` may name the very age, and the letters of a hash may hold those of a short name by chance:
    neither tells which value it was.
    """
    if operator.finished(value, kind):
        return value
    replacement = operator.replace(value, kind)
    if operator.name == "generalise" or TOKEN.fullmatch(replacement):
        return replacement
    return plain_token(kind) if fold(value) in fold(replacement) else replacement
