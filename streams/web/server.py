"""The HTTP server: routes, limits, answers. aiohttp's low level, since a dozen routes need no framework."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web

from agent.clock import Clock, SystemClock
from agent.errors import TransportError
from agent.metrics.frozen import FrozenMetrics
from streams.web.access import Holder
from streams.web.admin import AdminApi
from streams.web.answers import error_answer, json_answer, page_answer, with_banner
from streams.web.api import ConsoleApi
from streams.web.connections import ANSWER_SECONDS, BODY_SECONDS, MAX_BODY, Connection, Protocol, read_body
from streams.web.exposition import accepts, negotiate
from streams.web.guard import SECURITY_HEADERS, SESSION_SECONDS, Guard, session_cookie
from streams.web.later import Later, settled
from streams.web.limits import RateLimits
from streams.web.openapi import openapi
from streams.web.page import choose_language, console_pages, sign_in_pages
from streams.web.routes import READING, SENDING, Route, asks, who_asks
from streams.web.scraping import Scrapes, SharedBody
from streams.web.site import listening
from streams.web.status import Health, Readiness
from streams.web.tls import ServerTls

__all__ = ["WebServer"]

_logger = logging.getLogger(__name__)

_SHUTDOWN_SECONDS = 1.0

#: Orchestrators ask for these, and restart whoever does not answer: no limit holds for them.
_PROBES = frozenset({"/healthz", "/livez", "/readyz"})
#: Per address, per token (requests a second), and wrong tokens per minute.
_LIMITS = (50.0, 20.0, 10.0)


class WebServer:
    """Serves ``/metrics``, ``/healthz``, ``/livez``, ``/readyz``, the console at ``/`` and ``/api/v1/status``.

    All callables are called on the event loop that `start` was called on, that of the pipeline; they must not block.

    Parameters
    ----------
    host
        Address to bind. Beyond loopback a token is a must; on loopback the Host header must name loopback.
    port
        0 takes a free one; `port` says which after `start`.
    freeze_metrics
        What a scrape is answered with; see `streams.web.scraping.Scrapes`.
    health, ready
        Behind ``/healthz`` and ``/readyz``: 200, or 503 with what is wrong.
    live
        Behind ``/livez``, whether a restart would not help; ``health`` where it is left out.
    token
        An admin's, asked for by all but health and metrics. Without it and ``tokens_file`` loopback asks for none.
    state
        What the console shows, see `streams.web.status.Status`. Anything msgspec encodes, numpy scalars too. As what a
        scrape is answered with it is there at once, or later.
    api
        The rest of ``/api/v1/``; without it the console shows what ``state`` gives.
    admin
        What only an admin may: the audit log and reloading.
    tokens_file
        Names, roles and digests of several tokens, see `streams.web.access`.
    tls
        None speaks plain HTTP.
    limits
        Requests a second of one address and of one token, wrong tokens a minute of one address; 0 for no limit.
    answer_seconds
        Whoever has not taken an answer after so long is let go.
    body_seconds
        Whoever has not sent the whole body of a request after so long gets 408.

    Raises
    ------
    ConfigError
        Beyond loopback without a token, or with a short one.
    """

    def __init__(
        self,
        host: str,
        port: int,
        freeze_metrics: Callable[[], Later[FrozenMetrics]],
        health: Callable[[], Health],
        ready: Callable[[], Readiness],
        token: str | None,
        state: Callable[[], Later[Mapping[str, Any]]],
        *,
        live: Callable[[], Health] | None = None,
        api: ConsoleApi | None = None,
        admin: AdminApi | None = None,
        tokens_file: Path | None = None,
        tls: ServerTls | None = None,
        limits: tuple[float, float, float] = _LIMITS,
        clock: Clock | None = None,
        answer_seconds: float = ANSWER_SECONDS,
        body_seconds: float = BODY_SECONDS,
    ) -> None:
        self.host = host
        self.port = port
        self._scrapes = Scrapes(freeze_metrics)
        self._answer_seconds = answer_seconds
        self._body_seconds = body_seconds
        self._health = health
        self._live = live or health
        self._ready = ready
        self._state = state
        clock = clock or SystemClock()
        self._guard = Guard(host, token, clock, tokens_file=tokens_file)
        self._limits = RateLimits(*limits, clock)
        self._tls = tls
        self._console = console_pages()
        self._sign_in = sign_in_pages()
        self._refused = sign_in_pages(refused="signin_refused")
        self._locked_out = sign_in_pages(refused="signin_too_many")
        self._runner: web.ServerRunner | None = None
        self.routes: dict[str, Route] = {
            "/": Route({"GET": self._answer_console}),
            "/metrics": Route({"GET": self._answer_metrics}, READING),
            "/healthz": Route({"GET": self._answer_health}, READING),
            "/livez": Route({"GET": self._answer_live}, READING),
            "/readyz": Route({"GET": self._answer_ready}, READING),
            "/api/v1/status": Route({"GET": self._answer_status}),
            "/api/v1/openapi.json": Route({"GET": self._answer_openapi}),
        }
        if api is not None:
            self.routes |= api.routes
        if admin is not None:
            self.routes |= admin.routes
        if self._guard.asks_for_token:
            # The form is sent to the page's own address: so language, model and window are still there afterwards.
            self.routes["/"] = Route({"GET": self._answer_console, "POST": self._answer_session}, SENDING)
            self.routes["/session"] = Route(
                {"GET": self._answer_to_form, "POST": self._answer_session}, READING | SENDING
            )
            self.routes["/session/end"] = Route(
                {"GET": self._answer_to_form, "POST": self._answer_end}, READING | SENDING
            )

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        ConfigError
            When the address cannot be bound.
        InUse
            When that is since somebody listens there.
        """
        protocol = Protocol(self._serve)
        protocol.answer_seconds = self._answer_seconds
        protocol.body_seconds = self._body_seconds
        self._runner = await listening(
            protocol, self.host, self.port, self._tls, named="web", shutdown_seconds=_SHUTDOWN_SECONDS
        )
        self.port = self._runner.addresses[0][1]
        _logger.info("listening port=%d", self.port)

    @property
    def listens(self) -> bool:
        """Between `start` and `stop`."""
        return self._runner is not None

    async def stop(self) -> None:
        """Stop listening and close all connections; harmless when not started."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        if isinstance(request.protocol, Connection):
            request.protocol.heard()
        response = await self._route(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    async def _route(self, request: web.BaseRequest) -> web.Response:
        if not self._guard.host_allowed(request.headers.get("Host")):
            return error_answer(421, "this server answers to loopback names only")
        route = self.routes.get(request.path)
        if request.path not in _PROBES and (wait := self._limits.request(_address(request), scrape=_scrapes(request))):
            return _too_many(wait)
        if request.method not in READING | SENDING:
            # Before the body: that of CONNECT has no end.
            refused = _not_allowed(route.allowed if route is not None else ", ".join(sorted(READING | SENDING)))
            refused.force_close()
            return refused
        if request.body_exists and (request.content_length is None or request.content_length > MAX_BODY):
            refused = error_answer(413, "the request has a body that is too large")
            refused.force_close()
            return refused
        public = route is not None and request.method in route.public
        if not public:
            refusal = self._refusal(request, route)
            if refusal is not None:
                return refusal
        if route is None:
            return error_answer(404, "no such page")
        answer = route.answer(request.method)
        if answer is None:
            return _not_allowed(route.allowed)
        if request.method == "POST":
            # Browsers hide the origin of our form, which has no referrer. But a form elsewhere must not sign
            # anybody in, nor use up the wrong tokens of the operator's address.
            at_home = self._guard.sent_from_here if public else self._guard.same_origin
            if not at_home(request.headers):
                return error_answer(403, "another site may not send this")
        try:
            return await answer(request)
        except TransportError:
            return error_answer(503, "no process of this worker answers: try again")

    def _refusal(self, request: web.BaseRequest, route: Route | None) -> web.Response | None:
        """None for whoever may ask this; who that is goes with the request from then on."""
        given = self._guard.bearer_token(request.headers.get("Authorization"))
        if given is None:
            holder = self._guard.session_holder(request.cookies.get(session_cookie(request.headers.get("Host"))))
        else:
            proved = self._proved(request, given)
            if isinstance(proved, web.Response):
                return proved
            holder = proved
        if holder is None:
            return self._unauthorised(request)
        if wait := self._limits.token(holder.name):
            return _too_many(wait)
        needed = "viewer" if route is None else route.role(request.method)
        if not holder.may(needed):
            return error_answer(403, f"this needs a token with the role {needed}; {holder.name} is {holder.role}")
        asks(holder)
        return None

    def _proved(self, request: web.BaseRequest, token: str) -> Holder | web.Response | None:
        """Wrong tokens are counted by address; after too many none is looked at, so that guessing gets nowhere."""
        address = _address(request)
        if wait := self._limits.locked_out(address):
            return _too_many(wait)
        holder = self._guard.token_holder(token)
        if holder is None:
            self._limits.failed(address)
        return holder

    def _unauthorised(self, request: web.BaseRequest) -> web.Response:
        challenge = {"WWW-Authenticate": 'Bearer realm="harmwatch"'}
        if request.path == "/" and accepts(request.headers.get("Accept", "")).get("text/html", 0.0) > 0.0:
            return page_answer(self._sign_in[_language(request)], status=401, headers=challenge)
        return error_answer(401, "a bearer token is needed", challenge)

    async def _answer_metrics(self, request: web.BaseRequest) -> web.Response:
        scrape = negotiate(request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", ""))
        body = await self._scrapes.body(scrape)
        headers = {"Content-Type": scrape.content_type, "Vary": "Accept, Accept-Encoding"}
        if scrape.gzip:
            headers["Content-Encoding"] = "gzip"
        return web.Response(body=SharedBody(body), headers=with_banner(headers))

    async def _answer_health(self, request: web.BaseRequest) -> web.Response:
        return _answer_of(self._health())

    async def _answer_live(self, request: web.BaseRequest) -> web.Response:
        return _answer_of(self._live())

    async def _answer_ready(self, request: web.BaseRequest) -> web.Response:
        readiness = self._ready()
        return json_answer({"ready": readiness.ready, "missing": readiness.missing}, 200 if readiness.ready else 503)

    async def _answer_status(self, request: web.BaseRequest) -> web.Response:
        holder = who_asks()
        access = {"name": holder.name, "role": holder.role}
        return json_answer(
            {**await settled(self._state()), "health": self._health(), "ready": self._ready(), "access": access}
        )

    async def _answer_openapi(self, request: web.BaseRequest) -> web.Response:
        return json_answer(openapi())

    async def _answer_console(self, request: web.BaseRequest) -> web.Response:
        return page_answer(self._console[_language(request)])

    async def _answer_session(self, request: web.BaseRequest) -> web.Response:
        body = await read_body(request)
        if isinstance(body, web.Response):
            return body
        try:
            form = parse_qs(body.decode("utf-8", "replace"), max_num_fields=4)
        except ValueError:
            return error_answer(400, "the form has too many fields")
        given = form.get("token", [""])[0]
        holder = self._proved(request, given)
        if isinstance(holder, web.Response):
            # Whoever sits before the form gets it back, with a word.
            again = {"Retry-After": holder.headers["Retry-After"]}
            return page_answer(self._locked_out[_language(request)], status=holder.status, headers=again)
        if holder is None:
            return page_answer(self._refused[_language(request)], status=401)
        response = self._to_console(request)
        response.set_cookie(
            session_cookie(request.headers.get("Host")),
            self._guard.new_session(holder),
            max_age=SESSION_SECONDS,
            httponly=True,
            samesite="Strict",
            secure=self._tls is not None,
        )
        return response

    async def _answer_end(self, request: web.BaseRequest) -> web.Response:
        """This browser has no session any more; one that was copied from it is valid until it expires."""
        response = self._to_console(request)
        response.set_cookie(
            session_cookie(request.headers.get("Host")), "", max_age=0, httponly=True, samesite="Strict",
            secure=self._tls is not None,
        )  # fmt: skip
        return response

    async def _answer_to_form(self, request: web.BaseRequest) -> web.Response:
        return self._to_console(request)

    def _to_console(self, request: web.BaseRequest) -> web.Response:
        """The page, which is the form for whoever has no session. Browsers keep what stands behind the ``#``."""
        language = f"?lang={_language(request)}" if "lang" in request.query else ""
        return web.Response(status=303, headers=with_banner({"Location": f"/{language}"}))


def _not_allowed(allowed: str) -> web.Response:
    return error_answer(405, "this method is not allowed here", {"Allow": allowed})


def _too_many(seconds: int) -> web.Response:
    return error_answer(429, "too many requests", {"Retry-After": str(seconds)})


def _address(request: web.BaseRequest) -> str:
    """Of the connection: what a proxy says in a header anybody may say."""
    return request.remote or ""


def _scrapes(request: web.BaseRequest) -> bool:
    return request.path == "/metrics"


def _answer_of(health: Health) -> web.Response:
    return json_answer({"alive": health.alive, "reason": health.reason}, 200 if health.alive else 503)


def _language(request: web.BaseRequest) -> Any:
    return choose_language(request.query.get("lang"), request.headers.get("Accept-Language", ""))
