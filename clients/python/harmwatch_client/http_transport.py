"""To `harmwatch ingest` over HTTP: native events as JSON Lines, one connection that is kept.

A batch counts as delivered when the answer is 2xx: `harmwatch ingest` answers so only when Kafka, or its spool, has it.
"""

from __future__ import annotations

import http.client
import io
import os
import socket
import ssl
import time
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from harmwatch_client.errors import ConfigurationError
from harmwatch_client.events import Event
from harmwatch_client.hosts import is_host
from harmwatch_client.secret_file import Secret, SecretAbsent
from harmwatch_client.transport import Outcome

__all__ = ["EVENTS_PATH", "HttpTarget", "HttpTransport"]

#: Where `harmwatch ingest` takes events, when the URL has no path of its own.
EVENTS_PATH = "/v1/events"
_MOST_ANSWER_BYTES = 64 * 1024
_MOST_EVENTS = 1_000_000
_TOO_LATE = "no answer in time"
#: How often the files of certificates are looked at while a connection is kept; each new one looks at them anyway.
_LOOK_SECONDS = 10.0
#: The events themselves are at fault: sent again they would be refused again. Everything else may pass.
_REFUSALS = frozenset({400, 411, 413, 414, 415, 422, 431})


class HttpTarget:
    """Where to, taken apart.

    Parameters
    ----------
    url
        ``http://host:port`` or ``https://...``; with a path, events are posted there.

    Raises
    ------
    ConfigurationError
        When it is no such URL. A URL that holds a password is refused without being shown.
    """

    def __init__(self, url: str, ca_file: str | None, client_certificate: str | None) -> None:
        try:
            parts = urlsplit(url)
            self.host, port = parts.hostname or "", parts.port
        except (ValueError, AttributeError, TypeError):
            raise ConfigurationError("url: not a URL; give one like http://ingest:9465") from None
        if parts.username or parts.password:
            raise ConfigurationError("url: it holds a user or password; give token_file or token_env instead")
        if parts.scheme not in ("http", "https") or not self.host:
            raise ConfigurationError("url: give one like http://ingest:9465 or https://ingest.example")
        if not url.isascii() or not url.isprintable() or " " in url:
            raise ConfigurationError("url: it has characters that no URL has")
        if not is_host(self.host):
            raise ConfigurationError("url: its host is no name and no address; give one like http://ingest:9465")
        if port == 0:
            raise ConfigurationError("url: nothing listens on port 0; give one like http://ingest:9465")
        self.secure = parts.scheme == "https"
        self.port = port or (443 if self.secure else 80)
        self.path = parts.path if parts.path not in ("", "/") else EVENTS_PATH
        if parts.query:
            self.path = f"{self.path}?{parts.query}"
        self.shown = f"{parts.scheme}://{parts.netloc}"
        if not self.secure and (ca_file or client_certificate):
            raise ConfigurationError("url: ca_file and client_certificate need an https URL")
        self._ca_file, self._client_certificate = ca_file, client_certificate
        self._seen = self._look()
        self.context = self.make_context()
        #: Whether the files have changed into something that cannot be used.
        self.stale = False

    def renew(self) -> bool:
        """Take certificates that were replaced since; True when there are new ones.

        What cannot be read, such as a file that is being written, leaves those before in use, and is tried again.
        """
        try:
            seen = self._look()
            if seen == self._seen:
                self.stale = False
                return False
            # What was seen is of before the reading: a change in the middle of it is seen the next time.
            self.context, self._seen, self.stale = self.make_context(), seen, False
        except (ConfigurationError, OSError):
            self.stale = True
            return False
        return True

    def _look(self) -> list[tuple[int, int, int]]:
        files = [file for file in (self._ca_file, self._client_certificate) if file is not None]
        try:
            return [(found.st_mtime_ns, found.st_ino, found.st_size) for found in map(os.stat, files)]
        except (OSError, TypeError, ValueError):
            return []

    def make_context(self) -> ssl.SSLContext | None:
        """Certificates as they are now. Raises ConfigurationError."""
        if not self.secure:
            return None
        try:
            context = ssl.create_default_context(cafile=self._ca_file)
            if self._client_certificate is not None:
                # Without a password OpenSSL would ask the terminal for that of an encrypted key, and wait.
                context.load_cert_chain(self._client_certificate, password="")
        except (OSError, TypeError, ValueError):
            raise ConfigurationError("ca_file or client_certificate: cannot be read as PEM") from None
        return context


class HttpTransport:
    """One connection to one `HttpTarget`.

    Parameters
    ----------
    timeout_seconds
        For each step: connecting, sending, and each piece of the answer.
    """

    def __init__(self, target: HttpTarget, token: Secret | None, timeout_seconds: float, agent: str) -> None:
        self._target = target
        self._token = token
        self._timeout = timeout_seconds
        self._agent = agent
        self._connection: http.client.HTTPConnection | None = None
        self._used = False
        self._next_look = 0.0
        self._most = _MOST_EVENTS

    def send(self, batch: Sequence[Event]) -> Outcome:
        """Post a batch; where the other side refuses it, ever smaller parts, until the events at fault are alone.

        The size of parts is remembered between calls, so that a search goes on where a fault interrupted it.
        """
        rest = list(batch)
        refused: list[Event] = []
        why_refused = ""
        while rest:
            part = rest[: self._most]
            status, after, reason = self._post(b"\n".join(event.value for event in part) + b"\n")
            if 200 <= status < 300:
                self._most = min(self._most * 2, _MOST_EVENTS)
            elif status not in _REFUSALS:
                return Outcome(rest, refused, after, reason)
            elif len(part) > 1:
                self._most = len(part) // 2
                continue
            else:
                refused += part
                why_refused = reason
            rest = rest[len(part) :]
        return Outcome((), refused, 0.0, why_refused)

    def _post(self, body: bytes) -> tuple[int, float, str]:
        """Status (0 when there was no answer), Retry-After in seconds, and what to say of it."""
        headers = {"Content-Type": "application/x-ndjson", "User-Agent": self._agent}
        if self._token is not None:
            try:
                headers["Authorization"] = f"Bearer {self._token.read()}"
            except SecretAbsent as absent:
                return 0, 0.0, str(absent)
        kept = self._used
        answer = self._try(body, headers)
        if kept and answer[0] == 0 and answer[2] != _TOO_LATE:
            # The other side had closed the connection meanwhile, which costs no pause, once.
            answer = self._try(body, headers)
        return answer

    def _try(self, body: bytes, headers: dict[str, str]) -> tuple[int, float, str]:
        try:
            return self._exchange(body, headers)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            reason = _why(error)
            if self._target.stale and isinstance(error, ssl.SSLError):
                reason += ", and ca_file or client_certificate has changed and cannot be read"
            return 0, 0.0, reason

    def _renew(self) -> None:
        """Certificates may be rotated: a new connection has those of now, and a kept one that has others is left."""
        now = time.monotonic()
        if self._connection is None or now >= self._next_look:
            self._next_look = now + _LOOK_SECONDS
            if self._target.renew():
                self.close()

    def _exchange(self, body: bytes, headers: dict[str, str]) -> tuple[int, float, str]:
        self._renew()
        connection = self._connection or self._connect()
        if connection.sock is not None:
            connection.sock.settimeout(self._timeout)
        whole = True
        try:
            connection.request("POST", self._target.path, body, headers)
        except (ConnectionError, ssl.SSLEOFError):
            if connection.sock is None:
                raise  # it was never there
            # Who refuses a body need not read it to its end. The refusal is there all the same: without it the same
            # batch would be sent for ever, and all others would wait behind it.
            whole = False
        answer = connection.getresponse()
        length = len(answer.read(_MOST_ANSWER_BYTES))
        # http.client takes an answer that breaks off in its head, or in its body, for a whole one.
        endless = answer.length is None and not answer.chunked and answer.status != 204
        if endless or (answer.length and length < _MOST_ANSWER_BYTES) or (not whole and answer.status < 300):
            raise http.client.IncompleteRead(b"")
        self._used = True
        if not answer.isclosed() or answer.will_close or not whole:
            self.close()
        after = _retry_after(answer.getheader("Retry-After"))
        return answer.status, after, f"{self._target.shown} answers {answer.status}"

    def _connect(self) -> http.client.HTTPConnection:
        target = self._target
        if target.secure:
            self._connection = http.client.HTTPSConnection(
                target.host, target.port, timeout=self._timeout, context=target.context
            )
        else:
            self._connection = http.client.HTTPConnection(target.host, target.port, timeout=self._timeout)
        self._connection.response_class = partial(_Answer, self._timeout)  # type: ignore[assignment]
        return self._connection

    def forget(self) -> None:
        """Close this process's copy of the socket. No farewell is sent: the parent goes on using it."""
        connection = self._connection
        if connection is not None and connection.sock is not None:
            connection.sock.close()

    def close(self) -> None:
        """Close the connection."""
        connection, self._connection, self._used = self._connection, None, False
        if connection is not None:
            connection.close()


class _Answer(http.client.HTTPResponse):
    """An answer that has a time for all of it. http.client's own is one for each piece, so that drops never end it."""

    def __init__(self, timeout_seconds: float, sock: socket.socket, *arguments: Any, **named: Any) -> None:
        super().__init__(sock, *arguments, **named)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, time.monotonic() + timeout_seconds))


class _Timed(io.RawIOBase):
    """The bytes of a socket until a moment; TimeoutError after it."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, end: float) -> None:
        self._raw, self._sock, self._end = raw, sock, end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        if not self.closed:
            self._raw.close()
        super().close()


def _why(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return _TOO_LATE
    if isinstance(error, ssl.SSLCertVerificationError):
        return "the certificate is not trusted"
    if isinstance(error, ConnectionRefusedError):
        return "connection refused"
    # The type alone: messages of these exceptions quote what the other side sent.
    return f"{type(error).__name__}"


def _retry_after(value: str | None) -> float:
    """Seconds out of a Retry-After header, which may be a number or a date; 0.0 when there is no sense in it."""
    if not value or len(value) > 64:
        return 0.0
    if value.isascii() and value.strip().isdigit():
        return float(value)
    try:
        return max(parsedate_to_datetime(value).timestamp() - time.time(), 0.0)
    except (ValueError, TypeError, OverflowError, IndexError):
        return 0.0
