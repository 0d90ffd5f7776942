"""A model that is a Python callable: prompts, or rows, in, texts, or decisions, out; many at a time or one by one."""

from __future__ import annotations

import asyncio
import inspect
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from pkgutil import resolve_name
from typing import Any

from agent.errors import BudgetSpent, ConfigError
from agent.probe.pace import Budget, RateLimit
from agent.probe.served import Features, Reply, is_number
from streams.served.calling import AnswerKind, Takes, answer_kind, listed, noted_takes, plain, torn
from streams.served.predictions import prediction_reply

__all__ = ["CallableModel", "load_callable"]

_logger = logging.getLogger(__name__)

#: Foreign code may raise anything: it must end neither the probe nor the command. Ctrl-C does.
_ANY = (Exception, SystemExit, asyncio.CancelledError)


def load_callable(target: str) -> Callable[[list[str]], Any]:
    """What ``module:name`` names; modules of the current directory come first.

    What it imports later, when it is called, finds that directory as well, behind all others: nothing that happens to
    lie there takes the place of a library.

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
            sys.path.append(here)
    if not callable(found):
        raise ConfigError(f"--target {target}: is no callable")
    made: Callable[[list[str]], Any] = found
    return made


class CallableModel:
    """A served model that is a callable.

    Each call is a request; nothing is tried again, since what failed in this process will fail again. What is to be
    awaited is awaited, all of it in one event loop, since clients belong to theirs. An attribute ``log_likelihoods``
    of the callable, a list of texts in and a list of numbers out, is used where it is there.

    Parameters
    ----------
    batch
        Prompts in a call.
    sleep
        How to wait; tests give another.

    Attributes
    ----------
    takes
        Whether it is called with a list or with one input; a list until `find_out` has found otherwise.
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
        self._runner: asyncio.Runner | None = None
        self.takes: Takes = "list"

    @property
    def description(self) -> Mapping[str, str | float]:
        # Without `takes`, which changes no answer: journals are found again by it.
        return {"kind": "callable", "name": self._name}

    @property
    def requests(self) -> int:
        return self._budget.spent

    def close(self) -> None:
        """End the event loop, where one was needed."""
        if self._runner is not None:
            self._runner.close()
            self._runner = None

    def find_out(self, inputs: Sequence[str | Features], *, answers: bool) -> AnswerKind | None:
        """Find out how it is to be called, and what it answers, in at most three calls; each is a request.

        An annotation of its first parameter decides; else a list is tried, and where that raises, or does not give as
        many answers, one input. When neither does, it stays with a list: questions then fail, and say why.

        Parameters
        ----------
        inputs
            Harmless ones; three will do.
        answers
            Whether the kind of answers is wanted; without it nothing is asked that an annotation says.

        Returns
        -------
        str or None
            The kind of answers, where it was asked for or came out.
        """
        noted = noted_takes(self._function)
        if noted is not None:
            self.takes = noted
            if not answers:
                return None
        try:
            if noted != "one":
                found = self._tried_list(inputs, sure=noted is not None)
                if found is not None or noted is not None:
                    return None if found is None else answer_kind(found)
            return self._tried_one(inputs[0], sure=noted is not None)
        except BudgetSpent:
            return None  # the first question will say so

    def gives_log_likelihoods(self) -> bool:
        return callable(getattr(self._function, "log_likelihoods", None))

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        return self._asked(prompts, _text_reply)

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        return self._asked_lists(self._function.log_likelihoods, texts, _likelihood_reply)  # type: ignore[attr-defined]

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        return self._asked(inputs, _decision_reply)

    def _tried_list(self, inputs: Sequence[Any], *, sure: bool) -> list[Any] | None:
        """Answers to a list of two; None when it does not take lists."""
        first = min(2, self._batch)
        found = self._answers(list(inputs[:first]))
        if found is None or sure:
            return found
        # Two probabilities of one text, or a text and why it ended, look like two answers: their number must follow
        # that of the inputs. Where lists are of one there is no other number, and one input is tried as well.
        other = next((size for size in (3, 1) if size <= self._batch and size != first), None)
        if other is None:
            return None if self._tried_one(inputs[0], sure=False) is not None else found
        return found if self._answers(list(inputs[:other])) is not None else None

    def _answers(self, part: list[Any]) -> list[Any] | None:
        self._spend()
        try:
            found = [self._awaited(answer) for answer in listed(self._awaited(self._function(part)))]
        except _ANY:
            return None
        return found if len(found) == len(part) else None

    def _tried_one(self, given: Any, *, sure: bool) -> AnswerKind | None:
        self._spend()
        try:
            answer = self._awaited(self._function(given))
            kind = None if torn(answer, given) and not sure else answer_kind([answer])
        except _ANY:
            return None
        if kind is not None:
            self.takes = "one"
        return kind

    def _asked(self, inputs: Iterable[Any], read: Callable[[Any], Reply]) -> Iterator[tuple[int, Reply]]:
        if self.takes == "list":
            yield from self._asked_lists(self._function, inputs, read)
            return
        for place, given in enumerate(inputs):
            self._spend()
            try:
                reply = read(self._awaited(self._function(given)))
            except _ANY as error:
                reply = self._failed(error)
            yield place, reply

    def _asked_lists(
        self, function: Callable[[list[Any]], Any], texts: Iterable[Any], read: Callable[[Any], Reply]
    ) -> Iterator[tuple[int, Reply]]:
        todo = iter(texts)
        place = 0
        while part := list(islice(todo, self._batch)):
            self._spend()
            for reply in self._replies(function, part, read):
                yield place, reply
                place += 1

    def _replies(
        self, function: Callable[[list[Any]], Any], part: list[Any], read: Callable[[Any], Reply]
    ) -> list[Reply]:
        try:
            found = [self._awaited(answer) for answer in listed(self._awaited(function(list(part))))]
        except _ANY as error:  # these questions count as failed
            return [self._failed(error)] * len(part)
        if len(found) != len(part):
            return [Reply(failure="malformed")] * len(part)  # which answer is whose is not known
        return [read(value) for value in found]

    def _spend(self) -> None:
        self._sleep(self._pace.reserve())
        self._budget.spend()

    def _awaited(self, answer: Any) -> Any:
        """What a callable gave; of one that is asynchronous what comes of it."""
        if not inspect.isawaitable(answer):
            return answer
        if self._runner is None:
            self._runner = asyncio.Runner()
        return self._runner.run(_waited_for(answer))

    def _failed(self, error: BaseException) -> Reply:
        """A failure. Each kind of exception is told once, and its words are not: they may be those of a prompt."""
        kind = type(error).__name__
        if kind not in self._raised:
            self._raised.add(kind)
            _logger.warning("callable_failed target=%s error=%s", self._name, kind)
        return Reply(failure="raised")


async def _waited_for(answer: Awaitable[Any]) -> Any:
    return await answer


def _decision_reply(value: Any) -> Reply:
    return prediction_reply(plain(value))


def _text_reply(value: Any) -> Reply:
    return Reply(text=value) if isinstance(value, str) else Reply(failure="malformed")


def _likelihood_reply(value: Any) -> Reply:
    return Reply(log_likelihood=float(value)) if is_number(value) else Reply(failure="malformed")
