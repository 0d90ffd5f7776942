"""A torch module as a target: decisions about rows of numbers, and gradients with respect to them."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from math import exp
from typing import Any

from agent.errors import ConfigError, TargetError
from agent.probe.pace import Budget, RateLimit
from agent.probe.question import label_mark
from agent.probe.served import Features, Reply
from streams.served.predictions import prediction_reply

__all__ = ["TorchModel", "is_torch_module"]


def is_torch_module(found: object) -> bool:
    """Whether it is a ``torch.nn.Module``; torch is not loaded to find out, since whoever made one has loaded it."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(found, torch.nn.Module)


class TorchModel:
    """A module from [n, features] to [n, labels] logits, or to [n] or [n, 1], the logit of the label 1.

    It is put into evaluation mode. Numbers go in in the order of the rows' names, as float32 (or the type of the
    module's first parameter) on the device of that parameter. Every call of the module counts as a request.
    """

    def __init__(
        self,
        name: str,
        module: Any,
        *,
        pace: RateLimit,
        budget: Budget,
        batch: int,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        import torch

        self._torch, self._name, self._module = torch, name, module
        self._pace, self._budget, self._batch, self._sleep = pace, budget, batch, sleep
        module.eval()
        first = next(iter(module.parameters()), None)
        self._like = torch.zeros(1) if first is None else first.detach()

    @property
    def description(self) -> Mapping[str, str | float]:
        return {"kind": "torch", "name": self._name}

    @property
    def requests(self) -> int:
        return self._budget.spent

    def gives_log_likelihoods(self) -> bool:
        return False

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        raise ConfigError("--target: a torch module gives no log-likelihoods of texts")

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        raise ConfigError("--target: a torch module takes features, not texts; wrap it in a callable")

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        todo = iter(inputs)
        place = 0
        while part := list(islice(todo, self._batch)):
            self._spend()
            with self._torch.no_grad():
                logits = self._logits(self._tensor(part)).tolist()
            for row in logits:
                yield place, prediction_reply(row) if len(row) > 1 else _binary(row[0])
                place += 1

    def input_gradients(self, rows: Sequence[Features], marks: Sequence[str]) -> list[list[float]]:
        """The gradient of the cross entropy of a label, given by its mark, with respect to each number of its row."""
        self._spend()
        given = self._tensor(rows).requires_grad_(True)
        logits = self._logits(given)
        if logits.shape[1] == 1:
            logits = self._torch.cat([self._torch.zeros_like(logits), logits], dim=1)
        places = {label_mark(str(place)): place for place in range(logits.shape[1])}
        wanted = [places[mark] for mark in marks]
        loss = self._torch.nn.functional.cross_entropy(
            logits, self._torch.tensor(wanted, device=logits.device), reduction="sum"
        )
        (gradient,) = self._torch.autograd.grad(loss, given)
        found: list[list[float]] = gradient.tolist()
        return found

    def _spend(self) -> None:
        self._sleep(self._pace.reserve())
        self._budget.spend()

    def _tensor(self, rows: Sequence[str | Features]) -> Any:
        values: list[list[float]] = []
        for row in rows:
            if isinstance(row, str) or not all(isinstance(value, int | float) for value in row.values()):
                raise ConfigError("--target: a torch module takes rows of numbers; encode texts and categories first")
            values.append([float(value) for value in row.values()])
        return self._torch.tensor(values, dtype=self._like.dtype, device=self._like.device)

    def _logits(self, given: Any) -> Any:
        try:
            found = self._module(given)
            return found.reshape(len(given), -1)
        except Exception as error:  # foreign code; its words may be those of the data
            raise TargetError(
                f"the torch module failed ({type(error).__name__}); does it take this many features?"
            ) from None


def _binary(logit: float) -> Reply:
    share = 1.0 / (1.0 + exp(-logit)) if logit > -700.0 else 0.0
    return prediction_reply(share)
