"""The HTTP server of `harmwatch ingest`: what comes in is answered when Kafka or the disk has it."""

from __future__ import annotations

import asyncio
import hmac
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiohttp import web

from agent.clock import Clock
from agent.errors import ConfigError, DecodeError, MessageTooLarge, Overloaded
from agent.metrics.edge import EdgeMetrics
from streams.courier.courier import Courier, Held
from streams.descriptors import connections_within
from streams.ingest.bodies import BodyRefused, Budget, read_body
from streams.ingest.config import IngestConfig
from streams.ingest.gauges import gauges
from streams.ingest.intake import Intake, Taken
from streams.ingest.otlp import is_json, status_body, success_body
from streams.ingest.routes import ROUTES, TapRoute
from streams.web.answers import error_answer, json_answer, with_banner
from streams.web.connections import Connection, Protocol
from streams.web.exposition import negotiate
from streams.web.guard import SECURITY_HEADERS, Guard
from streams.web.handshakes import MOST_DESCRIPTORS
from streams.web.limits import RateLimits
from streams.web.scraping import Scrapes, SharedBody
from streams.web.site import listening
from streams.web.tls import ServerTls

__all__ = ["IngestServer"]

#: Larger bodies are looked at in a thread, one at a time: neither the loop nor the memory is taken by several at once.
_INLINE_BYTES: Final = 64 * 1024
#: KServe's logger copies the headers of a call into one header of its event.
_MAX_LINE: Final = 16 * 1024
_WRONG_TOKENS_PER_MINUTE: Final = 10.0
_PUBLIC: Final = ("/metrics", "/healthz", "/livez", "/readyz")
#: gRPC's codes, which OTLP's errors carry.
_CODES: Final = {400: 3, 401: 16, 408: 4, 413: 8, 415: 3, 429: 8, 503: 14}


class IngestServer:
    """Routes of `streams.ingest.routes`, ``/metrics`` and health.

    Parameters
    ----------
    token
        What clients must send; None asks for none, which only loopback allows.

    Raises
    ------
    ConfigError
        Beyond loopback without a token.
    """

    def __init__(
        self,
        config: IngestConfig,
        token: str | None,
        courier: Courier,
        intake: Intake,
        metrics: EdgeMetrics,
        clock: Clock,
        tls: ServerTls | None = None,
    ) -> None:
        self.port = config.port
        self._config = config
        self._courier = courier
        self._intake = intake
        self._metrics = metrics
        self._clock = clock
        self._tls = tls
        try:
            self._guard = Guard(config.host, token, clock)
        except ConfigError as error:
            raise ConfigError(f"ingest{str(error).removeprefix('web')}") from None
        self._token = token.encode() if token else b""
        self._limits = RateLimits(0.0, 0.0, _WRONG_TOKENS_PER_MINUTE, clock)
        self._scrapes = Scrapes(lambda: gauges(metrics, courier, self._bodies.used, config, clock))
        self._bodies = Budget(config.bodies_bytes)
        self._large = ThreadPoolExecutor(1, "ingest-large")
        self._runner: web.ServerRunner | None = None
        self._ending = False
        self.stuck = False

    async def start(self) -> None:
        """Listen.

        Raises
        ------
        ConfigError
            When the address cannot be bound.
        """
        protocol = Protocol(self._serve)
        protocol.body_seconds = self._config.body_seconds
        protocol.max_connections = connections_within(
            self._config.max_connections, 1, "ingest.max_connections", MOST_DESCRIPTORS if self._tls else 0
        )
        protocol.max_line = _MAX_LINE
        protocol.answers_half_closed = True  # it is an acknowledgement
        config = self._config
        self._runner = await listening(
            protocol, config.host, config.port, self._tls, named="ingest", shutdown_seconds=config.drain_seconds
        )
        self.port = self._runner.addresses[0][1]

    async def stop(self) -> None:
        """Listen no longer, finish what is under way, close all connections."""
        self._ending = True
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None
        self._large.shutdown(wait=False)

    # -- requests

    async def _serve(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if isinstance(connection, Connection):
            connection.heard()
        response = await self._answer(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        if self._ending:
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        if not self._guard.host_allowed(request.headers.get("Host")):
            return _closing(error_answer(421, "this server answers to loopback names only"))
        if request.path in _PUBLIC:
            return await self._answer_public(request)
        route = ROUTES.get(request.path)
        if route is None:
            return _closing(error_answer(404, f"no such path; there are {', '.join(ROUTES)}"))
        if request.method != "POST":
            return _closing(error_answer(405, "this method is not allowed here", {"Allow": "POST"}))
        began = self._clock.monotonic()
        try:
            taken, held = await self._take(route, request)
        except BodyRefused as error:
            self._count(route, error.result, error.message if error.status == 400 else None)
            if error.result == "busy":
                self._courier.counts.refused["busy"] += 1
            answer = self._refusal(request, route, error.status, error.message, retry_after=error.retry_after_seconds)
            return _closing(answer)
        except DecodeError as error:
            too_large = error.reason == "too_large"
            self._count(route, "too_large" if too_large else "bad", error.reason)
            return self._refusal(request, route, 413 if too_large else 400, str(error), error.reason)
        except MessageTooLarge as error:
            self._count(route, "too_large", "too_large")
            return self._refusal(request, route, 413, str(error), "too_large")
        except Overloaded as error:
            status, result = (429, "busy") if error.busy else (503, "unavailable")
            self._count(route, result)
            return self._refusal(request, route, status, str(error), retry_after=error.retry_after_seconds)
        self._count(route, "taken" if held else "ignored")
        for name, count in taken.events.items():
            self._metrics.add("harmwatch_ingest_events_total", count, name)
        if held:
            self._metrics.add("harmwatch_ingest_records_total", len(taken.messages), held)
        self._metrics.observe("harmwatch_ingest_request_seconds", self._clock.monotonic() - began, route.name)
        return _acknowledged(route, request, taken, held)

    async def _take(self, route: TapRoute, request: web.BaseRequest) -> tuple[Taken, Held | None]:
        """The request's records, and who has them now: None when there were none.

        Raises
        ------
        BodyRefused, DecodeError, MessageTooLarge, Overloaded
            Whatever keeps them from being taken.
        """
        self._authorise(request)
        media = request.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        if route.types and media not in route.types:
            raise BodyRefused(415, "bad", f"Content-Type must be one of {', '.join(sorted(filter(None, route.types)))}")
        if not self._courier.state().accepting:
            # Before the body is read: it would only take memory.
            raise self._courier.refusal()
        with self._bodies.lease() as lease:
            body = await read_body(request, self._config.max_body_bytes, lease)
            headers = {name.lower(): value for name, value in request.headers.items()}
            if len(body) <= _INLINE_BYTES:
                taken = self._intake.take(route, body, headers)
            else:
                loop = asyncio.get_running_loop()
                taken = await loop.run_in_executor(self._large, self._intake.take, route, body, headers)
            del body
            return taken, await self._courier.deliver(taken.messages) if taken.messages else None

    def _authorise(self, request: web.BaseRequest) -> None:
        if not self._guard.same_origin(request.headers):
            raise BodyRefused(403, "denied", "another site may not send this")
        if not self._token:
            return
        scheme, _, given = request.headers.get("Authorization", "").partition(" ")
        right = hmac.compare_digest(given.strip().encode("utf-8", "surrogatepass"), self._token)
        if right and scheme.lower() == "bearer":
            return  # whatever else its address has sent: all senders behind a NAT or an ingress share one
        address = request.remote or ""
        if wait := self._limits.locked_out(address):
            raise BodyRefused(429, "denied", f"too many wrong tokens: come again in {wait} s", wait)
        self._limits.failed(address)
        raise BodyRefused(401, "denied", "a bearer token is needed")

    def _count(self, route: TapRoute, result: str, reason: str | None = None) -> None:
        self._metrics.add("harmwatch_ingest_requests_total", 1, route.name, result)
        if reason is not None:
            self._metrics.add("harmwatch_ingest_bad_bodies_total", 1, reason if " " not in reason else "not_whole")

    def _refusal(
        self,
        request: web.BaseRequest,
        route: TapRoute,
        status: int,
        message: str,
        reason: str = "",
        retry_after: float | None = None,
    ) -> web.Response:
        headers: dict[str, str] = {}
        if status in (429, 503):
            headers["Retry-After"] = str(max(1, math.ceil(retry_after or 1.0)))
        if status == 401:
            headers["WWW-Authenticate"] = 'Bearer realm="harmwatch"'
        if route.partial:
            kind = request.headers.get("Content-Type", "")
            headers["Content-Type"] = "application/json" if is_json(kind) else "application/x-protobuf"
            body = status_body(kind, _CODES.get(status, 2), message)
            return web.Response(body=body, status=status, headers=with_banner(headers))
        plain = {"error": message, **({"reason": reason} if reason else {})}
        return json_answer(plain, status, headers)

    # -- health and metrics

    async def _answer_public(self, request: web.BaseRequest) -> web.Response:
        if request.method not in ("GET", "HEAD"):
            return _closing(error_answer(405, "this method is not allowed here", {"Allow": "GET, HEAD"}))
        if request.path == "/metrics":
            scrape = negotiate(request.headers.get("Accept", ""), request.headers.get("Accept-Encoding", ""))
            body = await self._scrapes.body(scrape)
            packed = {"Content-Encoding": "gzip"} if scrape.gzip else {}
            headers = {"Content-Type": scrape.content_type, "Vary": "Accept, Accept-Encoding", **packed}
            return web.Response(body=SharedBody(body), headers=with_banner(headers))
        state = self._courier.state()
        if request.path == "/readyz":
            ready = state.accepting and not self._ending
            missing = [] if ready else [state.problem or "room"]
            return json_answer({"ready": ready, "missing": missing}, 200 if ready else 503)
        # A restart brings neither Kafka nor room on the disk.
        well = not state.problem or request.path == "/livez"
        return json_answer({"alive": well, "reason": "" if well else state.problem}, 200 if well else 503)


def _acknowledged(route: TapRoute, request: web.BaseRequest, taken: Taken, held: Held | None) -> web.Response:
    if route.partial:
        kind = request.headers.get("Content-Type", "")
        spans = route.name == "otlp_traces"
        body = success_body(kind, spans=spans, rejected=taken.rejected, reason=taken.reason)
        media = "application/json" if is_json(kind) else "application/x-protobuf"
        return web.Response(body=body, headers=with_banner({"Content-Type": media}))
    if route.name == "cloudevents":
        # Without a body: Knative would take one for an event in reply.
        return web.Response(status=202, headers=with_banner())
    answer: Mapping[str, object] = {
        "records": len(taken.messages),
        "events": sum(taken.events.values()),
        "ignored": taken.ignored,
        "held": held or "nobody",
    }
    return json_answer(answer)


def _closing(response: web.Response) -> web.Response:
    """There may be a body that nobody reads."""
    response.force_close()
    return response
