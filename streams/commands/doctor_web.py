"""What ``harmwatch doctor`` says about the web port: tokens, certificates, and whether the port is free."""

from __future__ import annotations

import socket
from typing import Literal

from agent.errors import ConfigError
from streams.config_web import WebConfig
from streams.web.access import read_tokens
from streams.web.guard import is_loopback
from streams.web.tls import server_tls

__all__ = ["cannot_bind", "look_at_web"]


def look_at_web(web: WebConfig) -> tuple[Literal["ok", "warning", "failed"], str, str]:
    """Outcome, what was found, and how to mend it."""
    beyond = not is_loopback(web.host)
    if beyond and web.token is None and web.tokens_file is None:
        return "failed", f"{web.host} is beyond loopback without a token", "set web.token or web.tokens_file"
    try:
        tls = server_tls(web.tls)
        if web.tokens_file is not None:
            read_tokens(web.tokens_file)
    except ConfigError as error:
        return "failed", str(error), "mend the file; a worker that runs keeps what it has taken before"
    place = f"{web.host}:{web.port}"
    if (reason := cannot_bind(web.host, web.port)) is not None:
        return "failed", f"{place} cannot be bound ({reason})", "choose another web.port"
    if beyond and tls is None:
        mend = "set web.tls.cert_file and web.tls.key_file, or put a proxy with TLS in front"
        return "warning", f"{place} is free, and beyond loopback: tokens and texts go in the clear", mend
    return "ok", f"{place} is free", ""


def cannot_bind(host: str, port: int) -> str | None:
    """Why a server could not listen there; None when it could."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            return error.strerror or type(error).__name__
    return None
