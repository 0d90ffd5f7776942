"""Who may ask: the bind address, the Host header, bearer token and session, and the headers of every answer."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

from agent.clock import Clock
from agent.errors import ConfigError
from streams.config_web import LEAST_TOKEN
from streams.web.access import ANYONE, Holder, TokenBook, session_digest

__all__ = ["SECURITY_HEADERS", "SESSION_SECONDS", "Guard", "is_loopback", "session_cookie"]

SESSION_SECONDS = 12 * 3600

#: On every answer; pages replace the policy with one that names their own script and style by hash.
SECURITY_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}


def is_loopback(host: str) -> bool:
    """True for ``localhost`` and addresses of the loopback networks. Other names are not resolved: they may change."""
    name = host.strip("[]").rstrip(".").lower()
    if name == "localhost":
        return True
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


def session_cookie(host: str | None) -> str:
    """The name of the session's cookie, by the port that a browser asks, which its Host header says.

    Browsers give cookies to all ports of a host (RFC 6265, 8.5): under one name, signing in to one of two workers that
    are asked there would end the session at the other.
    """
    try:
        port = urlsplit(f"//{host or ''}").port
    except ValueError:
        port = None
    return "harmwatch_session" if port is None else f"harmwatch_session_{port}"


class Guard:
    """The rules of one server.

    Parameters
    ----------
    host
        Where the server binds.
    token
        The bearer token of an admin.
    tokens_file
        Of several holders, see `streams.web.access`. With neither nobody is asked, which only loopback allows.

    Raises
    ------
    ConfigError
        Beyond loopback without a token, with one that can be guessed, or with a file of tokens that is wrong.
    """

    def __init__(self, host: str, token: str | None, clock: Clock, *, tokens_file: Path | None = None) -> None:
        self.loopback = is_loopback(host)
        if not self.loopback and not token and tokens_file is None:
            raise ConfigError(
                f"web: host {host or '(all)'} is beyond loopback and has no token: set a token, or bind to 127.0.0.1"
            )
        if token and len(token) < LEAST_TOKEN:
            raise ConfigError(f"web: the token is too short: use at least {LEAST_TOKEN} random characters")
        self._book = TokenBook(token, tokens_file, clock)
        self._session_key = secrets.token_bytes(32)
        self._clock = clock

    @property
    def asks_for_token(self) -> bool:
        return self._book.any

    def host_allowed(self, header: str | None) -> bool:
        """False when a page from elsewhere had its name rebound to our loopback address (DNS rebinding)."""
        if not self.loopback:
            return True
        if not header:
            return False
        try:
            name = urlsplit(f"//{header}").hostname
        except ValueError:
            return False
        return name is not None and "@" not in header and is_loopback(name)

    def same_origin(self, headers: Mapping[str, str]) -> bool:
        """False when a browser says that a page of another origin sends this (cross-site request forgery).

        Every browser names the origin of a POST; programs that are no browser name none, and have no cookies of ours.
        """
        if not self.sent_from_here(headers):
            return False
        origin = headers.get("Origin")
        if origin is None:
            return True
        scheme, _, authority = origin.partition("://")
        return scheme in ("http", "https") and authority.lower() == headers.get("Host", "").lower()

    def sent_from_here(self, headers: Mapping[str, str]) -> bool:
        """False when a browser says itself that another site sends this (fetch metadata), whatever origin it hides."""
        return headers.get("Sec-Fetch-Site", "same-origin") in ("same-origin", "none")

    def token_holder(self, given: str) -> Holder | None:
        """Whose token it is; compared in constant time with all."""
        return self._book.holder(given)

    def bearer_token(self, authorization: str | None) -> str | None:
        """The token of an Authorization header; None for other schemes, which are meant for somebody else.

        Behind a proxy that asks for a password browsers send it here, too, beside the session that they have.
        """
        scheme, _, given = (authorization or "").partition(" ")
        return given.strip() if scheme.lower() == "bearer" and self.asks_for_token else None

    def session_holder(self, session: str | None) -> Holder | None:
        """Whom a session cookie proves; everybody is `ANYONE` where no token is asked for."""
        if not self.asks_for_token:
            return ANYONE
        expires, _, rest = (session or "").partition(".")
        digest, _, signature = rest.partition(".")
        right = self._sign(f"{expires}.{digest}").encode()
        if not hmac.compare_digest(signature.encode("utf-8", "surrogatepass"), right):
            return None
        return self._book.by_digest(digest) if int(expires) > self._clock.now() else None

    def new_session(self, holder: Holder) -> str:
        """A cookie for a browser, which cannot send a bearer token: valid for twelve hours, for this process, and while
        the token is.
        """
        said = f"{int(self._clock.now()) + SESSION_SECONDS}.{session_digest(holder)}"
        return f"{said}.{self._sign(said)}"

    def _sign(self, said: str) -> str:
        return hmac.new(self._session_key, said.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
