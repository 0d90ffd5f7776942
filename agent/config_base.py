"""What all sections of the configuration have in common."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Annotated, Any, get_args, get_origin

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationInfo, field_validator

__all__ = ["Count", "HostName", "NamePattern", "Seconds", "Section", "Share", "is_host_name", "with_inline_options"]

Seconds = Annotated[float, Field(gt=0, le=31 * 86400.0)]
Count = Annotated[int, Field(gt=0, le=100_000_000)]
Share = Annotated[float, Field(ge=0, le=1)]

NamePattern = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^*]*\*?$")]
"""A name, or the beginning of one with ``*`` after it."""


def is_host_name(name: str) -> bool:
    """Whether a name can be looked up. Of parts too long for one resolvers raise `UnicodeError`, unexpected."""
    try:
        labels = name.encode("idna").split(b".")
    except UnicodeError:
        return False
    return not any(label.startswith(b"-") or label.endswith(b"-") for label in labels)


def _host_name(value: str) -> str:
    if not is_host_name(value):
        raise ValueError("is no host name: its parts must have 1 to 63 characters, and no hyphen first or last")
    return value


HostName = Annotated[str, AfterValidator(_host_name)]
"""Of a machine or an address of it."""


class Section(BaseModel):
    """A configuration section: unknown keys are mistakes, values never change after loading.

    A number is a number: neither infinite nor NaN, nor one of YAML's yes and no, which pydantic would take for 1 and 0.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True, allow_inf_nan=False)

    @field_validator("*", mode="before")
    @classmethod
    def _no_yes_or_no_for_a_number(cls, value: Any, info: ValidationInfo) -> Any:
        kinds = set(_kinds(cls.model_fields[info.field_name or ""].annotation))
        if kinds & {int, float} and not kinds & {bool, Any}:
            for where in _yes_or_no(value, ""):
                raise ValueError(f"{where}must be a number, not true or false (YAML's yes, no, on and off are these)")
        return value


def with_inline_options(data: Any, fields: Collection[str]) -> Any:
    """A section's plain data with all keys that are none of its ``fields`` under ``options``.

    What is no mapping, and options that are none, are left for pydantic to refuse.

    Raises
    ------
    ValueError
        When an option stands in both places.
    """
    if not isinstance(data, Mapping):
        return data
    inline = {key: value for key, value in data.items() if key not in fields}
    options = data.get("options", {})
    if not inline or not isinstance(options, Mapping):
        return data
    twice = sorted(str(key) for key in inline if key in options)
    if twice:
        raise ValueError(f"{twice[0]} stands both here and under options; keep one of them")
    kept = {key: value for key, value in data.items() if key in fields}
    return {**kept, "options": {**options, **inline}}


def _kinds(annotation: Any) -> Iterator[Any]:
    """The types that a value is made of; of other sections nothing, which look for themselves."""
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    inner = get_args(annotation)
    if not inner:
        yield annotation
    for each in inner:
        yield from _kinds(each)


def _yes_or_no(value: Any, where: str) -> Iterator[str]:
    """Where true and false stand."""
    if isinstance(value, bool):
        yield where
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from _yes_or_no(each, f"{key}: ")
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _yes_or_no(each, where)
