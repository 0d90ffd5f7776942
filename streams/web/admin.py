"""What only an admin may: read the audit log, and have the configuration's file looked at."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from aiohttp import web

from streams.web.answers import error_answer, json_answer
from streams.web.connections import read_body
from streams.web.later import Later, settled
from streams.web.routes import Route, who_asks

__all__ = ["AdminApi"]

#: ``await reload(by)``: the audit record of what came of it; None when the file is as it was.
Reload = Callable[[str], Awaitable[Any]]


class AdminApi:
    """Routes below ``/api/v1/`` that need the role ``admin``.

    Parameters
    ----------
    audit
        The latest records, the newest first.
    reload
        None where no file is watched.
    """

    def __init__(self, audit: Callable[[], Later[Sequence[Any]]], reload: Reload | None) -> None:
        self._audit = audit
        self._reload = reload
        self.routes: Mapping[str, Route] = {
            "/api/v1/audit": Route({"GET": self._answer_audit}, roles={"GET": "admin"}),
            "/api/v1/reload": Route({"POST": self._answer_reload}, roles={"POST": "admin"}),
        }

    async def _answer_audit(self, request: web.BaseRequest) -> web.Response:
        return json_answer({"records": list(await settled(self._audit()))})

    async def _answer_reload(self, request: web.BaseRequest) -> web.Response:
        # As with marks: what a form of another site could send is not taken.
        if request.content_type != "application/json":
            return error_answer(415, "send application/json")
        if self._reload is None:
            return error_answer(409, "this worker was not started from a file")
        body = await read_body(request)
        if isinstance(body, web.Response):
            return body
        if body.strip() != b"{}":
            return error_answer(400, "send {}: there is nothing to choose")
        change = await self._reload(who_asks().name)
        if change is None:
            return json_answer({"outcome": "unchanged", "reason": "", "keys": [], "restart_keys": []})
        return json_answer({key: getattr(change, key) for key in ("outcome", "reason", "keys", "restart_keys")})
