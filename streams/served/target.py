"""The served model that ``--target`` names."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from agent import __version__
from agent.clock import Clock
from agent.probe.pace import Backoff, Budget, RateLimit
from agent.probe.served import ServedModel
from streams.served.callables import CallableModel, load_callable
from streams.served.torch_model import TorchModel, is_torch_module
from streams.served.url import endpoint_of

__all__ = ["TargetOptions", "is_url", "open_target"]


@dataclass(frozen=True, slots=True)
class TargetOptions:
    """How a model is asked.

    Attributes
    ----------
    model
        Its name at a server; None: the only one there.
    api_key
        Sent as a bearer token; never shown.
    per_second, most_requests
        None for no bound.
    batch
        Prompts in one call of a callable.
    """

    target: str
    model: str | None = None
    api_key: str | None = None
    per_second: float | None = None
    most_requests: int | None = None
    concurrency: int = 4
    timeout_seconds: float = 60.0
    retries: int = 4
    most_tokens: int = 64
    batch: int = 16

    def __repr__(self) -> str:
        return f"TargetOptions({self.target!r})"


def is_url(target: str) -> bool:
    """Whether a target is a server's URL, and not a callable."""
    return "://" in target


@contextmanager
def open_target(options: TargetOptions, clock: Clock) -> Iterator[ServedModel]:
    """The model, until the block ends.

    Raises
    ------
    ConfigError
        When the target is neither a URL nor a callable.
    TargetError
        When it must be asked for its models and does not answer.
    """
    pace, budget = RateLimit(options.per_second, clock), Budget(options.most_requests)
    if not is_url(options.target):
        function = load_callable(options.target)
        if is_torch_module(function):
            yield TorchModel(options.target, function, pace=pace, budget=budget, batch=options.batch)
            return
        called = CallableModel(options.target, function, pace=pace, budget=budget, batch=options.batch)
        try:
            yield called
        finally:
            called.close()
        return
    # aiohttp takes a third of a second to load: wrong usage and callables do not wait for it.
    from streams.served.http_posts import HttpPosts
    from streams.served.kserve import KServeModel
    from streams.served.openai import OpenAiModel

    endpoint = endpoint_of(options.target)
    headers = {"User-Agent": f"harmwatch/{__version__}", "Accept": "application/json"}
    if options.api_key is not None:
        headers["Authorization"] = f"Bearer {options.api_key}"
    with HttpPosts(
        headers,
        pace=pace,
        budget=budget,
        backoff=Backoff(options.retries),
        timeout_seconds=options.timeout_seconds,
        concurrency=options.concurrency,
    ) as posts:
        if endpoint.protocol != "openai":
            yield KServeModel(endpoint, posts, budget)
            return
        yield OpenAiModel(endpoint.url, options.model, posts, budget, most_tokens=options.most_tokens)
