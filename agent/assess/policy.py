"""Policies of ``harmwatch anonymize``: what is done to which type and column. YAML, or one that is built in."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from agent.assess.protection import OPERATORS, Operator, ProtectionKey, TextProtector, load_operator, operator_class
from agent.assess.protection.kinds import KINDS, VALUE
from agent.config import Section, validate
from agent.errors import ConfigError
from agent.yaml_file import load_yaml

__all__ = ["BUILT_IN", "SPELLINGS", "ColumnRule", "KeySource", "Policy", "TypeRule", "built_in_text", "load_policy"]

BUILT_IN = ("redact", "mask", "hash", "pseudonym", "generalise", "research")
"""Names of policies that come with harmwatch: ``agent/assess/policies/<name>.yaml``."""

SPELLINGS = {"generalize": "generalise", "pseudonymise": "pseudonym", "pseudonymize": "pseudonym"}
"""What people write for one of them, and which it is."""

#: Their results look like real values: in a text nobody could tell what has been replaced.
_COLUMNS_ALONE = frozenset({"fpe"})


class TypeRule(Section):
    """An operator and its options: ``mask``, or ``{operator: mask, last: 2}``."""

    operator: str
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"operator": data}
        if not isinstance(data, Mapping):
            return data
        inline = {key: value for key, value in data.items() if key not in cls.model_fields}
        kept = {key: value for key, value in data.items() if key in cls.model_fields}
        return {**kept, "options": {**kept.get("options", {}), **inline}} if inline else kept

    @model_validator(mode="after")
    def _known_operator(self) -> TypeRule:
        _check_operator(self.operator, self.options)
        return self


class ColumnRule(Section):
    """What is done to one column.

    ``text`` (or ``{treat: text}``): its cells are scanned. ``keep``: untouched. ``drop``: removed. Otherwise each cell
    is one value of the type ``treat_as``, replaced by ``operator``, or, without one, by that of its type.
    """

    treat: Literal["text", "keep", "drop", "value"] = "value"
    treat_as: str = VALUE
    operator: str | None = None
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _short_forms(cls, data: Any) -> Any:
        if isinstance(data, str):
            return {"treat": data} if data in ("text", "keep", "drop") else {"operator": data}
        if not isinstance(data, Mapping):
            return data
        inline = {key: value for key, value in data.items() if key not in cls.model_fields}
        kept = {key: value for key, value in data.items() if key in cls.model_fields}
        if kept.get("operator") in ("keep", "drop"):
            kept = {**kept, "treat": kept["operator"], "operator": None}
        return {**kept, "options": {**kept.get("options", {}), **inline}} if inline else kept

    @field_validator("treat_as")
    @classmethod
    def _known_type(cls, value: str) -> str:
        return _checked_type(value)

    @model_validator(mode="after")
    def _known_operator(self) -> ColumnRule:
        if self.operator is not None:
            _check_operator(self.operator, self.options)
        elif self.options:
            raise ValueError(f"{next(iter(self.options))} is an option of an operator, and none is named")
        return self


class KeySource(Section):
    """Where the key is: an environment variable or a file. It never stands in the policy."""

    env: str | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> KeySource:
        if (self.env is None) == (self.file is None):
            raise ValueError("give either env or file")
        return self

    def load(self) -> ProtectionKey:
        if self.file is not None:
            return ProtectionKey.from_file(self.file)
        assert self.env is not None
        return ProtectionKey.from_environment(self.env)


class Policy(Section):
    """A whole policy.

    ``other_columns`` says what is done to columns that ``columns`` does not name: their texts are scanned, or they are
    kept as they are, or dropped. ``scorer`` holds options of the pii scorer.
    """

    default: TypeRule = Field(default_factory=lambda: TypeRule(operator="redact"))
    types: dict[str, TypeRule] = Field(default_factory=dict)
    columns: dict[str, ColumnRule] = Field(default_factory=dict)
    other_columns: Literal["scan", "keep", "drop"] = "scan"
    scorer: dict[str, Any] = Field(default_factory=dict)
    key: KeySource | None = Field(default=None, repr=False)

    @field_validator("key", mode="before")
    @classmethod
    def _never_inline(cls, value: Any) -> Any:
        if value is not None and not isinstance(value, Mapping | KeySource):
            raise ValueError("a key does not stand in the policy; give {env: NAME} or {file: PATH}")
        return value

    @field_validator("types")
    @classmethod
    def _known_types(cls, value: dict[str, TypeRule]) -> dict[str, TypeRule]:
        for kind in value:
            _checked_type(kind)
        return value

    @model_validator(mode="after")
    def _operators_for_texts(self) -> Policy:
        rules: dict[str, TypeRule] = {"default": self.default, **self.types}
        for kind, rule in rules.items():
            if rule.operator in _COLUMNS_ALONE:
                raise ValueError(f"{kind}: {rule.operator} is for columns alone; use pseudonym")
        return self

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with everything but the place of the key."""
        plain = json.dumps(self.model_dump(mode="json", exclude={"key"}), sort_keys=True)
        return hashlib.sha256(plain.encode("utf-8")).hexdigest()[:16]

    @property
    def needs_key(self) -> bool:
        """Whether an operator of it does."""
        return any(operator_class(name).needs_key for name in self._operators())

    @property
    def is_reversible(self) -> bool:
        """Whether an operator of it can be reversed with the key."""
        return any(operator_class(name).reversible for name in self._operators())

    @property
    def makes_pseudonyms(self) -> bool:
        """Whether an operator of it does."""
        return "pseudonym" in self._operators()

    def _operators(self) -> set[str]:
        rules: list[TypeRule | ColumnRule] = [self.default, *self.types.values(), *self.columns.values()]
        return {rule.operator for rule in rules if rule.operator is not None}

    def load_key(self, file: Path | None = None) -> ProtectionKey | None:
        """The key, of the file when there is one; None when no operator needs any.

        Raises
        ------
        ConfigError
            When a key is needed and there is none, or it cannot be read, or is too short.
        """
        if file is not None:
            return ProtectionKey.from_file(file)
        if not self.needs_key:
            return None
        return self.key.load() if self.key is not None else None

    def text_protector(self, key: ProtectionKey | None) -> TextProtector:
        """The operators by type.

        Raises
        ------
        ConfigError
            When an operator needs a key and there is none.
        """
        by_type = {kind: _built(rule.operator, rule.options, key) for kind, rule in self.types.items()}
        return TextProtector(_built(self.default.operator, self.default.options, key), by_type)

    def column_operator(self, rule: ColumnRule, texts: TextProtector, key: ProtectionKey | None) -> Operator:
        """The operator of a column of values."""
        if rule.operator is None:
            return texts.operator(rule.treat_as)
        return _built(rule.operator, rule.options, key)


def _built(name: str, options: Mapping[str, Any], key: ProtectionKey | None) -> Operator:
    return load_operator(name, options, key)


def _check_operator(name: str, options: Mapping[str, Any]) -> None:
    if name not in OPERATORS:
        raise ValueError(f"no operator is called {name!r}; there are {', '.join(OPERATORS)}")
    made = operator_class(name).Options
    unknown = next((option for option in options if option not in made.model_fields), None)
    if unknown is not None:
        raise ValueError(f"{name} has no option {unknown!r}; it takes {', '.join(made.model_fields) or 'none'}")
    try:
        made(**options)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ValueError(f"option {'.'.join(map(str, first['loc']))}: {first['msg']}") from None


def _checked_type(kind: str) -> str:
    if kind not in KINDS:
        raise ValueError(f"no type is called {kind!r}; there are {', '.join(sorted(KINDS))}")
    return kind


def built_in_text(name: str) -> str:
    """The YAML of a policy that is built in."""
    return (files("agent.assess") / "policies" / f"{name}.yaml").read_text(encoding="utf-8")


def load_policy(name: str) -> Policy:
    """A policy by the name of one that is built in (`SPELLINGS` too), else by the path of its file.

    Raises
    ------
    ConfigError
        When there is neither, or the file is no policy; the message names the field.
    """
    # A file of that name was read before there were other spellings.
    built_in = name if Path(name).is_file() else SPELLINGS.get(name, name)
    if built_in in BUILT_IN:
        return validate(Policy, yaml.safe_load(built_in_text(built_in)), f"policy {name}")
    path = Path(name)
    if not path.exists():
        raise ConfigError(f"--policy {name}: neither a file nor one of {', '.join(BUILT_IN)}")
    return validate(Policy, load_yaml(path), str(path))
