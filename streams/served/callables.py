"""A model that is a Python callable: a list of prompts, or of rows, in, a list of as many texts, or decisions, out."""

from __future__ import annotations

import logging
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from agent.errors import ConfigError
from agent.probe.pace import Budget, RateLimit
from agent.probe.served import Features, Reply, is_number
from streams.served.predictions import prediction_reply

__all__ = ["CallableModel", "load_callable"]

_logger = logging.getLogger(__name__)


def load_callable(target: str) -> Callable[[list[str]], Any]:
    """What ``module:name`` names; modules of the current directory come first.

    Raises
    ------
    ConfigError
        When there is no such thing, or importing it fails, or it is no callable.
    """
    here = str(Path.cwd())
    added = here not in sys.path
    if added:
        sys.path.insert(0, here)
    try:
        found = resolve_name(target)
    except (Exception, SystemExit) as error:  # a script without a guard around its end
        raise ConfigError(
            f"--target {target}: cannot be imported ({type(error).__name__}); give a URL, or module:callable"
        ) from None
    finally:
        if added:
            sys.path.remove(here)
    if not callable(found):
        raise ConfigError(f"--target {target}: is no callable")
    made: Callable[[list[str]], Any] = found
    return made


class CallableModel:
    """A served model that is a callable.

    Each call is a request; nothing is tried again, since what failed in this process will fail again. An attribute
    ``log_likelihoods`` of the callable, a list of texts in and a list of numbers out, is used where it is there.

    Parameters
    ----------
    batch
        Prompts in a call.
    sleep
        How to wait; tests give another.
    """

    def __init__(
        self,
        name: str,
        function: Callable[[list[str]], Any],
        *,
        pace: RateLimit,
        budget: Budget,
        batch: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._name, self._function = name, function
        self._pace, self._budget, self._batch, self._sleep = pace, budget, batch, sleep
        self._raised: set[str] = set()

    @property
    def description(self) -> Mapping[str, str | float]:
        return {"kind": "callable", "name": self._name}

    @property
    def requests(self) -> int:
        return self._budget.spent

    def gives_log_likelihoods(self) -> bool:
        return callable(getattr(self._function, "log_likelihoods", None))

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        return self._called(self._function, prompts, _text_reply)

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        return self._called(self._function.log_likelihoods, texts, _likelihood_reply)  # type: ignore[attr-defined]

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        return self._called(self._function, inputs, _decision_reply)

    def _called(
        self, function: Callable[[list[Any]], Any], texts: Iterable[Any], read: Callable[[Any], Reply]
    ) -> Iterator[tuple[int, Reply]]:
        todo = iter(texts)
        place = 0
        while part := list(islice(todo, self._batch)):
            self._sleep(self._pace.reserve())
            self._budget.spend()
            for reply in self._replies(function, part, read):
                yield place, reply
                place += 1

    def _replies(
        self, function: Callable[[list[Any]], Any], part: list[Any], read: Callable[[Any], Reply]
    ) -> list[Reply]:
        try:
            answer = function(list(part))
            # One text for all prompts is no list of answers, though it can be taken letter by letter.
            found = list(answer) if isinstance(answer, Iterable) and not isinstance(answer, str | bytes | dict) else []
        except (Exception, SystemExit) as error:  # foreign code: whatever is wrong, these questions count as failed
            self._tell(type(error).__name__)
            return [Reply(failure="raised")] * len(part)
        if len(found) != len(part):
            return [Reply(failure="malformed")] * len(part)  # which answer is whose is not known
        return [read(value) for value in found]

    def _tell(self, kind: str) -> None:
        """Each kind of exception once. Its kind and not its words, which may be those of a prompt."""
        if kind not in self._raised:
            self._raised.add(kind)
            _logger.warning("callable_failed target=%s error=%s", self._name, kind)


def _decision_reply(value: Any) -> Reply:
    return prediction_reply(_plain(value))


def _plain(value: Any) -> Any:
    """Numbers and arrays of NumPy, and what behaves like them, as those of Python."""
    if isinstance(value, str | bool | int | float | list | tuple | dict):
        return [_plain(part) for part in value] if isinstance(value, list | tuple) else value
    convert = getattr(value, "tolist", None)
    return convert() if callable(convert) else value


def _text_reply(value: Any) -> Reply:
    return Reply(text=value) if isinstance(value, str) else Reply(failure="malformed")


def _likelihood_reply(value: Any) -> Reply:
    return Reply(log_likelihood=float(value)) if is_number(value) else Reply(failure="malformed")
