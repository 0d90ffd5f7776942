"""The rest of ``/api/v1/``: one model in detail, the latest findings, and marks on them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Final, Protocol

import msgspec
from aiohttp import web

from agent.errors import TopicUnavailable, TransportError
from agent.scores import DIMENSIONS
from streams.web.answers import error_answer, json_answer, with_banner
from streams.web.connections import read_body
from streams.web.later import Later, settled
from streams.web.routes import Route, who_asks

__all__ = ["ConsoleApi", "ConsoleSource", "Marker"]

_MOST_FINDINGS: Final = 100
_DEFAULT_FINDINGS: Final = 30
_LONGEST_NAME: Final = 1024
_LARGEST_NUMBER: Final = 2**53

#: ``await marker(verdict_id, category, correct, by)``: what was published, None for a finding that is not held. ``by``
#: is the name of the token that it came with.
Marker = Callable[[str, str, bool | None, str], Awaitable[Any]]


class ConsoleSource(Protocol):
    """What the answers are made of, at once or later. None of it may block."""

    def model(self, name: str, window: str | None) -> Later[Mapping[str, Any] | None]:
        """One model over one window; None when there is no such model or window."""

    def findings(self, model: str | None, dimension: str | None, after: int, most: int) -> Later[Mapping[str, Any]]:
        """The latest findings, the newest first."""

    def feedback(self) -> Later[Iterable[Any]]:
        """The marks that hold."""


class _Mark(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a POST; ``correct`` null takes a mark back."""

    id: str
    category: str
    correct: bool | None


class ConsoleApi:
    """Routes below ``/api/v1/``.

    Parameters
    ----------
    marker
        Takes marks; None where they are not wanted.
    """

    def __init__(self, source: ConsoleSource, marker: Marker | None) -> None:
        self._source = source
        self._marker = marker
        self._body = msgspec.json.Decoder(_Mark)
        self.routes: Mapping[str, Route] = {
            "/api/v1/model": Route({"GET": self._answer_model}),
            "/api/v1/findings": Route({"GET": self._answer_findings}),
            "/api/v1/feedback": Route(
                {"GET": self._answer_feedback, "POST": self._take_feedback}, roles={"POST": "labeller"}
            ),
        }

    async def _answer_model(self, request: web.BaseRequest) -> web.Response:
        name = request.query.get("name")
        if name is None or len(name) > _LONGEST_NAME:
            return error_answer(400, "give the model's name: ?name=")
        found = await settled(self._source.model(name, request.query.get("window") or None))
        return error_answer(404, "no such model or window") if found is None else json_answer(found)

    async def _answer_findings(self, request: web.BaseRequest) -> web.Response:
        dimension = request.query.get("dimension") or None
        if dimension is not None and dimension not in DIMENSIONS:
            return error_answer(400, f"dimension is one of {', '.join(DIMENSIONS)}")
        after = _number(request.query.get("after"), 0, _LARGEST_NUMBER)
        most = _number(request.query.get("limit"), _DEFAULT_FINDINGS, _MOST_FINDINGS)
        if after is None or most is None:
            return error_answer(400, "after and limit are whole numbers")
        model = request.query.get("model") or None
        return json_answer(await settled(self._source.findings(model, dimension, after, most)))

    async def _answer_feedback(self, request: web.BaseRequest) -> web.Response:
        encoder = msgspec.json.Encoder()
        body = encoder.encode_lines(await settled(self._source.feedback()))
        return web.Response(body=body, headers=with_banner({"Content-Type": "application/x-ndjson"}))

    async def _take_feedback(self, request: web.BaseRequest) -> web.Response:
        # A form of another site cannot send this type, and a script of one may not: nothing here answers its preflight.
        if request.content_type != "application/json":
            return error_answer(415, "send application/json")
        if self._marker is None:
            return error_answer(409, "feedback is off: set topics.feedback")
        body = await read_body(request)
        if isinstance(body, web.Response):
            return body
        try:
            mark = self._body.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return error_answer(400, "a mark is {id, category, correct}, correct true, false or null")
        try:
            found = await self._marker(mark.id, mark.category, mark.correct, who_asks().name)
        except TopicUnavailable as error:
            return error_answer(502, f"the broker refused the mark: {error}")
        except TransportError:
            return error_answer(503, "the broker did not confirm the mark: try again")
        if found is None:
            return error_answer(404, "this finding is not held here any more")
        return json_answer({"id": mark.id, "category": mark.category, "correct": mark.correct})


def _number(text: str | None, default: int, most: int) -> int | None:
    """A whole number, not negative and not above ``most``; None for what is none."""
    if not text:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 16):
        return None
    return min(int(text), most)
