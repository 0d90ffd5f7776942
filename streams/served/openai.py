"""A model behind the API of OpenAI, which vLLM, llama.cpp, TGI, Ollama and gateways speak as well.

Answers come from ``/v1/chat/completions`` at temperature 0. Log-likelihoods of whole texts come from
``/v1/completions`` with ``echo`` and ``logprobs``, which few servers give; whether this one does is asked once. The
first token of a text has no probability and counts as certain.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from agent.errors import BudgetSpent, ConfigError, TargetError
from agent.probe.pace import Budget
from agent.probe.served import Features, Reply, is_number
from streams.served.http_posts import Answer, HttpPosts
from streams.served.predictions import label_reply

__all__ = ["OpenAiModel"]

_TRIAL = "The sun rises in the east."
_MOST_TOKENS = 100_000
_NONE = Reply(failure="malformed")


class OpenAiModel:
    """A served model.

    Parameters
    ----------
    url
        As `streams.served.url.endpoint_of` gives it.
    model
        Its name at the server; None: the only one that ``/v1/models`` lists.
    most_tokens
        Of an answer.

    Raises
    ------
    ConfigError
        When `model` is None and the server lists none, or several.
    TargetError
        When the server cannot be reached, or refuses the key.
    """

    def __init__(self, url: str, model: str | None, posts: HttpPosts, budget: Budget, *, most_tokens: int) -> None:
        self._url, self._posts, self._budget, self._most_tokens = url, posts, budget, most_tokens
        self._model = model or self._only_model()
        self._gives: bool | None = None

    @property
    def description(self) -> Mapping[str, str | float]:
        return {
            "kind": "openai",
            "name": self._url,
            "model": self._model,
            "temperature": 0.0,
            "max_tokens": float(self._most_tokens),
        }

    @property
    def requests(self) -> int:
        return self._budget.spent

    def gives_log_likelihoods(self) -> bool:
        if self._gives is None:
            try:
                ((_, reply),) = self.log_likelihoods([_TRIAL])
            except BudgetSpent:
                raise
            except TargetError:
                self._gives = False  # no such path at this server
            else:
                self._gives = reply.log_likelihood is not None
        return self._gives

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        requests = (
            (
                f"{self._url}/chat/completions",
                {
                    "model": self._model,
                    "messages": [{"role": "user", "content": prompt}],
                    "temperature": 0,
                    "max_tokens": self._most_tokens,
                },
            )
            for prompt in prompts
        )
        for place, answer in self._posts.post_all(requests):
            yield place, _chat_reply(answer)

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        """Answers as labels, of a model that was told to answer with one: the first line, in small letters."""
        for place, reply in self.generate(given if isinstance(given, str) else json.dumps(given) for given in inputs):
            lines = (reply.text or "").strip().splitlines()
            yield (
                place,
                label_reply(lines[0].casefold().strip(" .。\"'")) if lines else reply if reply.failure else _NONE,
            )

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        asked: dict[int, str] = {}

        def requests() -> Iterator[tuple[str, Mapping[str, Any]]]:
            for place, text in enumerate(texts):
                asked[place] = text
                yield (
                    f"{self._url}/completions",
                    {
                        "model": self._model,
                        "prompt": text,
                        # Some servers refuse 0; the one token more is cut off again.
                        "max_tokens": 1,
                        "temperature": 0,
                        "echo": True,
                        "logprobs": 1,
                    },
                )

        for place, answer in self._posts.post_all(requests()):
            yield place, _likelihood_reply(answer, asked.pop(place))

    def _only_model(self) -> str:
        answer = self._posts.get(f"{self._url}/models")
        if answer.body is None:
            reason = answer.failure if answer.status is None else f"{answer.failure}, {answer.status}"
            raise TargetError(
                f"the target does not list its models ({reason}); see that it is up, or name one: --model"
            )
        listed = answer.body.get("data")
        names = [
            entry["id"]
            for entry in (listed if isinstance(listed, list) else ())
            if isinstance(entry, dict) and isinstance(entry.get("id"), str)
        ]
        if len(names) != 1:
            raise ConfigError(f"the target lists {len(names)} models; say which: --model NAME")
        return str(names[0])


def _choice(answer: Answer) -> Mapping[str, Any] | None:
    choices = answer.body.get("choices") if answer.body is not None else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return first if isinstance(first, dict) else None


def _chat_reply(answer: Answer) -> Reply:
    if answer.failure is not None:
        return Reply(failure=answer.failure, status=answer.status)
    choice = _choice(answer)
    message = choice.get("message") if choice is not None else None
    if not isinstance(message, dict):
        return Reply(failure="malformed")
    content, refusal = message.get("content"), message.get("refusal")
    if choice is not None and choice.get("finish_reason") == "content_filter" and not content and not refusal:
        return Reply(failure="rejected")
    if isinstance(content, str):
        return Reply(text=content)
    if isinstance(refusal, str):
        return Reply(text=refusal)
    # Servers that keep thoughts apart give null where these took all tokens: an empty answer. Calls of tools are none.
    empty = content is None and "content" in message and not message.get("tool_calls")
    return Reply(text="") if empty else Reply(failure="malformed")


def _likelihood_reply(answer: Answer, text: str) -> Reply:
    if answer.failure is not None or answer.body is None:
        return Reply(failure=answer.failure or "malformed", status=answer.status)
    choice = _choice(answer)
    usage = answer.body.get("usage")
    count = usage.get("prompt_tokens") if isinstance(usage, dict) else None
    value = None if choice is None else _log_likelihood(choice, text, count if isinstance(count, int) else None)
    return Reply(failure="malformed") if value is None else Reply(log_likelihood=value)


def _log_likelihood(choice: Mapping[str, Any], text: str, count: int | None) -> float | None:
    """The sum over the text's tokens; None unless the server did echo the text and all is as it must be.

    A server that takes no notice of ``echo`` gives the probabilities of its own continuation: that the text comes
    back is what tells them apart.

    Parameters
    ----------
    count
        Tokens of the text, as the server says; else where it ends is told from the tokens' lengths, which are wrong
        where a character has several tokens.
    """
    echoed, logprobs = choice.get("text"), choice.get("logprobs")
    if not isinstance(echoed, str) or not echoed.startswith(text) or not isinstance(logprobs, dict):
        return None
    tokens, values = logprobs.get("tokens"), logprobs.get("token_logprobs")
    if not isinstance(tokens, list) or not isinstance(values, list) or len(tokens) != len(values):
        return None
    if count is None:
        count = _count(tokens, text)
    if count is None or not 1 < count <= min(len(values), _MOST_TOKENS):
        return None
    own = values[1:count] if values[0] is None else values[:count]
    for value in own:
        if not is_number(value) or value > 0.0:
            return None
    return float(sum(own))


def _count(tokens: list[Any], text: str) -> int | None:
    length = 0
    for place, token in enumerate(tokens):
        if not isinstance(token, str):
            return None
        length += len(token)
        if length >= len(text):
            return place + 1
    return None
