"""A small OpenID provider on loopback: client credentials in, signed tokens out, and the keys to verify them with."""

from __future__ import annotations

import base64
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

__all__ = ["TokenProvider"]

AUDIENCE = "kafka"


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


class TokenProvider:
    """Use as a context manager.

    Attributes
    ----------
    clients
        Secret by client; the ``sub`` of a token is the client.
    life_seconds
        Of tokens.
    asked
        How many tokens have been asked for.
    status
        What the token endpoint answers instead, when it is not 0.
    """

    def __init__(self) -> None:
        self._key = rsa.generate_private_key(65537, 2048)
        self.clients: dict[str, str] = {}
        self.life_seconds = 3600.0
        self.asked = 0
        self.status = 0
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *_: Any) -> None:
                pass

            def do_GET(self) -> None:
                self._give(200, provider.keys())

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                provider.asked += 1
                status, answer = provider.answer(self.headers.get("Authorization", ""), parse_qs(body))
                self._give(status, answer)

            def _give(self, status: int, answer: dict[str, Any]) -> None:
                content = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def keys(self) -> dict[str, Any]:
        """The JSON Web Key Set."""
        numbers = self._key.public_key().public_numbers()
        modulus = _text(numbers.n.to_bytes(256, "big"))
        return {"keys": [{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "k1", "n": modulus, "e": "AQAB"}]}

    def answer(self, authorization: str, form: dict[str, list[str]]) -> tuple[int, dict[str, Any]]:
        """What the token endpoint says."""
        if self.status:
            return self.status, {}
        client, _, secret = base64.b64decode(authorization.removeprefix("Basic ")).decode().partition(":")
        client = unquote(client)
        if form.get("grant_type") != ["client_credentials"] or self.clients.get(client) != unquote(secret):
            return 401, {"error": "invalid_client"}
        return 200, {"access_token": self.token(client), "token_type": "Bearer", "expires_in": self.life_seconds}

    def token(self, subject: str, *, life_seconds: float | None = None, audience: str = AUDIENCE) -> str:
        """A signed token."""
        now = time.time()
        life = self.life_seconds if life_seconds is None else life_seconds
        claims = {"iss": self.url, "aud": audience, "sub": subject, "iat": int(now) - 60, "exp": int(now + life)}
        head = {"alg": "RS256", "typ": "JWT", "kid": "k1"}
        signed = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        return f"{signed}.{_text(self._key.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256()))}"

    def __enter__(self) -> TokenProvider:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
