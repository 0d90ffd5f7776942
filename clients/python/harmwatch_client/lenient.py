"""Methods that take any arguments, since a slip of the pen in a call of the tap must not fail a request."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar, cast

__all__ = ["lenient"]


class _Mending(Protocol):
    def mend(self) -> None:
        """Note that something was left out."""


Holder = TypeVar("Holder", bound=_Mending)
Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


def lenient(
    method: Callable[Concatenate[Holder, Arguments], Result],
) -> Callable[Concatenate[Holder, Arguments], Result]:
    """A method as it is written, to whoever checks types; called otherwise, arguments that it does not have are left
    out, those that it lacks are None, and its holder's ``mend`` is called.

    Only for methods that keep every error of their own: a TypeError is one of the arguments.
    """
    found = [*inspect.signature(method).parameters.values()][1:]
    places = [each.name for each in found if each.kind is each.POSITIONAL_OR_KEYWORD]
    names = frozenset(each.name for each in found if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY))
    needed = [each.name for each in found if each.name in names and each.default is each.empty]
    takes_all_names = any(each.kind is each.VAR_KEYWORD for each in found)

    @functools.wraps(method)
    def called(holder: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(holder, *args, **kwargs)
        except TypeError:
            holder.mend()
        fitting = {name: value for name, value in kwargs.items() if takes_all_names or name in names}
        fitting.update(zip(places, args, strict=False))
        return cast("Any", method)(holder, **{**dict.fromkeys(needed), **fitting})

    return cast("Callable[Concatenate[Holder, Arguments], Result]", called)
