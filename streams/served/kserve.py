"""A model behind KServe's protocols: V1 (``:predict``) and V2 (``/infer``, the Open Inference Protocol).

One input a request, so that what fails is known. V2 tells names and types of tensors (model metadata), which are asked
for once; where it does not, one tensor ``input-0`` is sent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from agent.errors import ConfigError, TargetError
from agent.probe.pace import Budget
from agent.probe.served import Features, Reply
from streams.served.http_posts import Answer, HttpPosts
from streams.served.predictions import label_reply, prediction_reply, text_reply
from streams.served.url import Endpoint

__all__ = ["KServeModel"]

_FLOATS = ("FP16", "FP32", "FP64", "BF16")
_INTEGERS = ("INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64")


class KServeModel:
    """A served model.

    Parameters
    ----------
    endpoint
        Of protocol ``kserve-v1`` or ``kserve-v2``.
    """

    def __init__(self, endpoint: Endpoint, posts: HttpPosts, budget: Budget) -> None:
        self._endpoint, self._posts, self._budget = endpoint, posts, budget
        self._tensors: list[Mapping[str, Any]] | None = None

    @property
    def description(self) -> Mapping[str, str | float]:
        return {"kind": self._endpoint.protocol, "name": self._endpoint.url, "model": self._endpoint.model or "-"}

    @property
    def requests(self) -> int:
        return self._budget.spent

    def gives_log_likelihoods(self) -> bool:
        return False

    def log_likelihoods(self, texts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        raise ConfigError("--target: KServe's protocols give no log-likelihoods; add --no-log-likelihoods")

    def generate(self, prompts: Iterable[str]) -> Iterator[tuple[int, Reply]]:
        return self._read(prompts, text_reply, _first_text)

    def classify(self, inputs: Iterable[str | Features]) -> Iterator[tuple[int, Reply]]:
        return self._read(inputs, prediction_reply, _tensor_reply)

    def _read(
        self,
        inputs: Iterable[str | Features],
        of_prediction: Callable[[Any], Reply],
        of_tensors: Callable[[list[Any]], Reply],
    ) -> Iterator[tuple[int, Reply]]:
        url = self._endpoint.url
        if self._endpoint.protocol == "kserve-v1":
            requests = ((f"{url}:predict", {"instances": [_instance(given)]}) for given in inputs)
            for place, answer in self._posts.post_all(requests):
                yield place, _one_of(answer, "predictions", lambda found: of_prediction(found[0]))
            return
        if self._tensors is None:
            self._tensors = self._metadata()
        tensors = self._tensors
        requests = ((f"{url}/infer", {"inputs": _tensors(given, tensors)}) for given in inputs)
        for place, answer in self._posts.post_all(requests):
            yield place, _one_of(answer, "outputs", of_tensors)

    def _metadata(self) -> list[Mapping[str, Any]]:
        """Inputs that the model takes; none where the server does not say."""
        try:
            answer = self._posts.get(self._endpoint.url)
        except TargetError:
            return []
        listed = None if answer.body is None else answer.body.get("inputs")
        good = isinstance(listed, list) and all(
            isinstance(each, dict) and isinstance(each.get("name"), str) and isinstance(each.get("datatype"), str)
            for each in listed
        )
        return list(listed) if good and isinstance(listed, list) else []


def _instance(given: str | Features) -> Any:
    """Numbers alone as a list, which is what most servers of tables take; else the object."""
    if isinstance(given, str):
        return given
    values = list(given.values())
    return values if all(isinstance(value, int | float) for value in values) else dict(given)


def _tensors(given: str | Features, known: list[Mapping[str, Any]]) -> list[dict[str, Any]]:
    if isinstance(given, str):
        first = known[0] if known else {"name": "input-0", "shape": [1]}
        return [{"name": first["name"], "shape": _ones(first), "datatype": "BYTES", "data": [given]}]
    by_name = {str(each["name"]): each for each in known}
    if len(given) > 1 and set(given) <= set(by_name):
        return [
            {
                "name": name,
                "shape": _ones(by_name[name]),
                "datatype": by_name[name]["datatype"],
                "data": [_as_type(value, by_name[name]["datatype"])],
            }
            for name, value in given.items()
        ]
    first = known[0] if known else {"name": "input-0", "datatype": "FP64"}
    data = [_as_type(value, str(first["datatype"])) for value in given.values()]
    return [{"name": first["name"], "shape": [1, len(data)], "datatype": first["datatype"], "data": data}]


def _ones(tensor: Mapping[str, Any]) -> list[int]:
    shape = tensor.get("shape")
    return [1] * len(shape) if isinstance(shape, list) and 0 < len(shape) <= 8 else [1]


def _as_type(value: float | str, datatype: str) -> Any:
    if isinstance(value, str):
        return value
    if datatype in _INTEGERS:
        return round(value)
    return str(value) if datatype == "BYTES" else float(value)


def _one_of(answer: Answer, field: str, read: Callable[[list[Any]], Reply]) -> Reply:
    if answer.failure is not None:
        return Reply(failure=answer.failure, status=answer.status)
    found = answer.body.get(field) if answer.body is not None else None
    return read(found) if isinstance(found, list) and found else Reply(failure="malformed")


def _data(outputs: list[Any], datatypes: tuple[Any, ...]) -> list[Any]:
    """The values of the first output of one of these types."""
    for output in outputs:
        if isinstance(output, dict) and output.get("datatype") in datatypes and isinstance(output.get("data"), list):
            data: Any = output["data"]
            while len(data) == 1 and isinstance(data[0], list):
                data = data[0]
            return list(data)
    return []


def _first_text(outputs: list[Any]) -> Reply:
    data = _data(outputs, ("BYTES",))
    return text_reply(data[0]) if data else Reply(failure="malformed")


def _tensor_reply(outputs: list[Any]) -> Reply:
    """Labels first, since a server that gives them knows its own; with its probabilities where it gives those too."""
    names, numbers = _data(outputs, ("BYTES",)), _data(outputs, ("BOOL", *_INTEGERS))
    scores = prediction_reply(_data(outputs, _FLOATS))
    if len(names) == 1:
        return prediction_reply(names[0])
    if len(numbers) != 1:
        return scores
    number = numbers[0]
    if scores.label is None or scores.probabilities is None:
        return prediction_reply(number)
    whole = isinstance(number, int) or (isinstance(number, float) and number.is_integer())
    return label_reply(str(int(number)) if whole else "", scores.probabilities)
