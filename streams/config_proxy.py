"""Configuration of ``harmwatch proxy``."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import Field, field_validator

from agent.config_base import Count, HostName, Seconds, Section, is_host_name
from streams.config_web import WebTlsConfig
from streams.courier.config import CourierConfig
from streams.proxy.routes import plain_path

__all__ = ["ProxyConfig", "ProxyTapConfig"]

_UPSTREAM = re.compile(r"https?://(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?/?")
_ROUTE = re.compile(r"/[\x20-\x7e]{0,200}")
# What frameworks write for a part of a path that varies; requests have none of it.
_PLACEHOLDER = re.compile(r"[{}<>*]|/:[^/]*")

Bytes = Annotated[int, Field(gt=0, le=1 << 40)]


class ProxyTapConfig(CourierConfig):
    """What is tapped, how much of it, and where it goes; how it comes to Kafka is every courier's.

    Attributes
    ----------
    max_body_bytes
        Of a request, and of a response; the copy of a longer one lacks its end, the body itself passes whole.
    max_held_bytes
        Copies of calls that are going on.
    max_backlog_bytes
        Copies on their way to the tap's process.
    max_queue_bytes
        Copies there that the sink has not taken yet.
    max_record_bytes
        Of what is written to Kafka; larger ones are cut.
    """

    sink: Literal["kafka", "core"] = "kafka"
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")] | None = None
    source: Annotated[str, Field(min_length=1, max_length=200)] = "harmwatch-proxy"
    ids: Literal["own", "request"] = "own"
    routes: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)] = (
        "/chat/completions",
        "/completions",
        "/responses",
        # Servers' own, of vLLM, llama.cpp, TGI, SGLang and Ollama: so that hardly anybody can ask there unseen.
        "/v1/messages",
        "/invocations",
        "/completion",
        "/infill",
        "/generate",
        "/generate_stream",
        "/api/chat",
    )
    max_body_bytes: Bytes = 512 * 1024
    max_record_bytes: Annotated[int, Field(ge=4096, le=32 * 1024 * 1024)] = 900_000
    max_held_bytes: Bytes = 64 * 1024 * 1024
    max_backlog_bytes: Bytes = 64 * 1024 * 1024
    max_queue_bytes: Bytes = 64 * 1024 * 1024
    stop_seconds: Seconds = 10.0

    @field_validator("routes")
    @classmethod
    def _paths(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not all(_ROUTE.fullmatch(route) for route in value):
            raise ValueError("must be the ends of paths, such as /chat/completions")
        routes = tuple(route.rstrip("/") or "/" for route in value)
        for route in routes:
            if reason := _why_never(route):
                raise ValueError(reason)
        return routes


class ProxyConfig(Section):
    """The pass-through: where it listens, the server behind it, limits and patience."""

    host: HostName = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    tls: WebTlsConfig = WebTlsConfig()
    upstream: str = "http://127.0.0.1:8000"
    upstream_ca_file: Path | None = None
    preserve_host: bool = False
    max_connections: Count = 4096
    max_head_bytes: Annotated[int, Field(ge=1024, le=1024 * 1024)] = 64 * 1024
    max_idle_servers: Count = 256
    connect_seconds: Seconds = 5.0
    head_seconds: Seconds = 30.0
    idle_seconds: Seconds = 75.0
    client_seconds: Seconds = 120.0
    response_seconds: Seconds = 600.0
    server_idle_seconds: Seconds = 3.0
    drain_seconds: Seconds = 30.0
    tap: ProxyTapConfig = ProxyTapConfig()

    @field_validator("upstream")
    @classmethod
    def _origin(cls, value: str) -> str:
        if _UPSTREAM.fullmatch(value) is None:
            raise ValueError("must be http://host:port or https://host:port, without a path")
        if not _can_be(value):
            raise ValueError("no such host or port can be; ports are 1 to 65535")
        return value.rstrip("/")


def _why_never(route: str) -> str:
    """Why no request's path ends like this, and what to write instead; empty when one may."""
    if _PLACEHOLDER.search(route):
        behind = _PLACEHOLDER.split(route)[-1]
        instead = behind if behind[:1] == "/" else "an end itself, such as /chat/completions"
        return f"{route} matches no path: routes are ends of paths, without placeholders; write {instead}"
    plain = plain_path(route.encode()).decode("utf-8", "replace")
    if plain == route.lower():
        return ""
    instead = plain if _ROUTE.fullmatch(plain) else "an end of the path that is plain ASCII"
    return f"{route} matches no path, as paths are compared plain, without query and parameters; write {instead}"


def _can_be(origin: str) -> bool:
    try:
        parts = urlsplit(origin)
        return parts.port != 0 and is_host_name(parts.hostname or "")
    except ValueError:  # what stands in brackets is no address, or the port is too high
        return False
