"""Middleware for ASGI servers (FastAPI, Starlette, ...): what goes in and out is copied, never held up or changed.

Bodies are kept up to a bound while they pass, and read by the tap's thread: a request pays for copying alone.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any
from urllib.parse import unquote

from harmwatch_client.exchange import Body, Exchange, Reader
from harmwatch_client.lifespan import lifespan
from harmwatch_client.tap import Tap

__all__ = ["TapMiddleware"]

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[MutableMapping[str, Any], Receive, Send], Awaitable[None]]

_METHODS = frozenset({"POST", "PUT", "PATCH"})


class TapMiddleware:
    """Taps pairs of JSON requests and JSON, event-stream or text answers; flushes its tap where the server ends.

    Parameters
    ----------
    app
        The application inside; ``app.add_middleware(TapMiddleware, tap=tap)`` gives it.
    paths
        Only paths that begin with one of these are tapped; all when not given.
    model
        Of requests that do not name one.
    id_header
        A header that holds the id of the call. Only for a header that a gateway of yours sets: harmwatch passes over a
        second call of the same id, so whoever may choose ids may hide calls. Without it every call has its own id.
    reader
        Makes the arguments of `Tap.log` out of the two bodies where their shape is your own; runs in the tap's thread.
        None from it: nothing to tell. Of an answer that breaks off it is given what there was of it, and None where it
        raises over that. Without it OpenAI-compatible bodies are read as such, of others all strings.
    max_body_bytes
        Of each direction; what is over it is cut, and the event says so.
    """

    def __init__(
        self,
        app: App,
        tap: Tap,
        *,
        paths: Iterable[str] | None = None,
        model: str = "",
        id_header: str | None = None,
        reader: Reader | None = None,
        max_body_bytes: int = 1024 * 1024,
    ) -> None:
        self.app = app
        self._tap = tap
        self._paths = None if paths is None else tuple(paths)
        self._model = model
        self._id_header = id_header.lower().encode() if id_header else None
        self._reader = reader
        self._max_body_bytes = max_body_bytes

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope.get("type") == "lifespan":
            await lifespan(self._tap, self.app, scope, receive, send)
            return
        exchange = self._exchange(scope)
        if exchange is None:
            await self.app(scope, receive, send)
            return

        async def heard() -> Message:
            message = await receive()
            try:
                if message["type"] == "http.request":
                    exchange.hear(message.get("body", b""), not message.get("more_body", False))
            except Exception:
                exchange.broken = True
            return message

        async def said(message: Message) -> None:
            try:
                _look(exchange, message)
            except Exception:
                exchange.broken = True
            await send(message)

        try:
            await self.app(scope, heard, said)
        except Exception:
            # What an application does behind its answer, such as background tasks, is not the call.
            exchange.failed = not exchange.answered.whole
            raise
        finally:
            self._tell(exchange)

    def _exchange(self, scope: MutableMapping[str, Any]) -> Exchange | None:
        try:
            if scope["type"] != "http" or scope["method"] not in _METHODS:
                return None
            if self._paths is not None and not scope["path"].startswith(self._paths):
                return None
            headers = dict(scope["headers"])
            ident = headers.get(self._id_header, b"") if self._id_header else b""
            return Exchange(
                known={**self._tap.known, **({"model": self._model} if self._model else {})},
                ident=ident.decode("latin-1"),
                trace_id=_trace_id(headers.get(b"traceparent", b"")),
                reader=self._reader,
                max_event_bytes=self._tap.max_event_bytes,
                sought=not _is_json(headers.get(b"content-type", b"")) and self._reader is None,
                asked=Body(self._max_body_bytes, headers.get(b"content-encoding", b"")),
                answered=Body(self._max_body_bytes),
            )
        except Exception:
            self._tap.lose()
            return None

    def _tell(self, exchange: Exchange) -> None:
        if exchange.broken:
            self._tap.lose()
        elif not (exchange.unwanted or exchange.sought):
            self._tap.offer(exchange)


def _look(exchange: Exchange, message: Message) -> None:
    if message["type"] == "http.response.start":
        headers = {bytes(name).lower(): bytes(value) for name, value in message.get("headers", ())}
        kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
        exchange.status = message["status"]
        exchange.kind = kind.decode("latin-1")
        exchange.answered.encoding = headers.get(b"content-encoding", b"")
        if exchange.reader is None and not (_is_json(kind) or kind in (b"text/event-stream", b"text/plain")):
            exchange.unwanted = True
    elif message["type"] == "http.response.body" and not exchange.unwanted:
        exchange.answered.add(message.get("body", b""), not message.get("more_body", False))


def _is_json(kind: bytes) -> bool:
    kind = kind.partition(b";")[0].strip().lower()
    return kind in (b"application/json", b"application/x-ndjson") or kind.endswith(b"+json")


def _trace_id(traceparent: bytes) -> str:
    """The trace id of a W3C traceparent header, "" when there is none."""
    parts = unquote(traceparent.decode("latin-1")).split("-")
    if len(parts) >= 4 and len(parts[1]) == 32 and set(parts[1]) <= set("0123456789abcdef"):
        return parts[1]
    return ""
