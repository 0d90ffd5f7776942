"""OAuth tokens for SASL/OAUTHBEARER: from a file that others renew, or of an OIDC provider by client credentials.

A provider that is away fails connections, which are tried again, and never the worker: what is raised is an `OSError`,
as of a network that is down.
"""

from __future__ import annotations

import base64
import http.client
import json
import ssl
import threading
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from agent.clock import Clock
from agent.errors import ConfigError
from streams.access.secret_files import read_secret, read_small_file
from streams.config_kafka import KafkaConfig

__all__ = ["TokenError", "TokenSource", "subject_of"]

_SECONDS = 10.0
_MOST_BYTES = 65_536
#: Of a token's life; a new one is fetched before the old one has ended.
_USED_SHARE = 0.8
_LIFE_SECONDS = 60.0


class TokenError(OSError):
    """No token. ``refused``: the provider does not know us, so that asking again does not help."""

    def __init__(self, message: str, *, refused: bool = False) -> None:
        super().__init__(message)
        self.refused = refused


class TokenSource:
    """Tokens for one configuration; one that is still good is given again. For any thread."""

    def __init__(self, config: KafkaConfig, clock: Clock) -> None:
        self._config = config
        self._clock = clock
        self._lock = threading.Lock()
        self._token = ""
        self._good_until = 0.0

    def token(self) -> str:
        """A token; blocks for as long as a provider takes, ten seconds at most.

        Raises
        ------
        TokenError
            When there is none. Neither token nor secret is in the message.
        """
        try:
            if self._config.oauth_token_file is not None:
                return _checked(read_small_file(self._config.oauth_token_file, "kafka.oauth_token_file"))
            with self._lock:
                if self._clock.monotonic() >= self._good_until:
                    self._token, life = self._fetch()
                    self._good_until = self._clock.monotonic() + _USED_SHARE * life
                return self._token
        except ConfigError as error:
            raise TokenError(str(error), refused=True) from None

    def _fetch(self) -> tuple[str, float]:
        config = self._config
        secret = read_secret(config.oauth_client_secret, config.oauth_client_secret_file, "kafka.oauth_client_secret")
        credentials = (
            f"{quote(config.oauth_client_id or '', safe='')}:{quote(secret or '', safe='')}"  # RFC 6749, 2.3.1
        )
        form = {"grant_type": "client_credentials"} | ({"scope": config.oauth_scope} if config.oauth_scope else {})
        headers = {
            "Authorization": f"Basic {base64.b64encode(credentials.encode()).decode()}",
            "Content-Type": "application/x-www-form-urlencoded",
            "Accept": "application/json",
        }
        url = urlsplit(config.oauth_token_url or "")
        path = f"{url.path or '/'}{'?' + url.query if url.query else ''}"
        try:
            connection = self._connection(url.scheme, url.hostname or "", url.port)
            try:
                # A redirection is not followed: it would take the secret along.
                connection.request("POST", path, urlencode(form), headers)
                answer = connection.getresponse()
                status, body = answer.status, answer.read(_MOST_BYTES + 1)
            finally:
                connection.close()
        except (OSError, ValueError, http.client.HTTPException) as error:
            why, untrusted = type(error).__name__, isinstance(error, ssl.SSLCertVerificationError)
            if isinstance(error, ssl.SSLCertVerificationError):
                why = f"its certificate: {error.verify_message}"
            raise TokenError(
                f"kafka.oauth_token_url: the provider does not answer ({why})", refused=untrusted
            ) from None
        return _read(status, body)

    def _connection(self, scheme: str, host: str, port: int | None) -> http.client.HTTPConnection:
        if scheme == "http":
            return http.client.HTTPConnection(host, port, timeout=_SECONDS)
        ca = self._config.oauth_ca_file
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
        return http.client.HTTPSConnection(host, port, timeout=_SECONDS, context=context)


def _read(status: int, body: bytes) -> tuple[str, float]:
    if status != 200 or len(body) > _MOST_BYTES:
        refused = 400 <= status < 404
        mend = "; check oauth_client_id, oauth_client_secret and oauth_scope" if refused else ""
        raise TokenError(f"kafka.oauth_token_url: the provider gives no token (HTTP {status}){mend}", refused=refused)
    try:
        answer: Any = json.loads(body)
        token = _checked(answer["access_token"])
        life = float(answer.get("expires_in", _LIFE_SECONDS))
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise TokenError("kafka.oauth_token_url: what the provider gives is no token") from None
    return token, life if 0.0 < life < 1e9 else _LIFE_SECONDS


def _checked(token: Any) -> str:
    if not isinstance(token, str) or not token or not all("!" <= character <= "~" for character in token):
        raise ConfigError("kafka.oauth_token_file: the file holds no token")
    return token


def subject_of(token: str) -> str | None:
    """The ``sub`` of a JWT, unverified: whom the broker is likely to take us for. None for any other token."""
    parts = token.split(".")
    try:
        claims: Any = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        subject = claims["sub"]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    return subject if isinstance(subject, str) else None
