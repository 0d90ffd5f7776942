"""The section `ingest`: what `harmwatch ingest` listens on, how much it holds, and how records come to Kafka."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import Field

from agent.config_base import HostName, Seconds
from streams.config_web import Token, WebTlsConfig
from streams.courier.config import CourierConfig

__all__ = ["IngestConfig"]

_MIB = 1024 * 1024


class IngestConfig(CourierConfig):
    """Keys of `harmwatch ingest`, those of `CourierConfig` included.

    Attributes
    ----------
    topic
        Where records go; the first of ``topics.events`` when not set.
    token, token_file
        What clients send as a bearer token: the token itself, or a file with it.
    max_body_bytes
        Of one request, unpacked.
    bodies_bytes
        Bodies of all requests that are read or looked at now.
    body_seconds
        How long a body may take to come.
    drain_seconds
        How long requests that are under way may take after SIGTERM.
    """

    host: HostName = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9465
    token: Token | None = None
    token_file: Path | None = None
    tls: WebTlsConfig = WebTlsConfig()
    topic: Annotated[str, Field(pattern=r"^[A-Za-z0-9._-]{1,249}$")] | None = None
    max_body_bytes: Annotated[int, Field(ge=1024, le=64 * _MIB)] = 4 * _MIB
    bodies_bytes: Annotated[int, Field(ge=_MIB, le=1 << 34)] = 64 * _MIB
    body_seconds: Seconds = 10.0
    max_connections: Annotated[int, Field(ge=10, le=100_000)] = 1000
    drain_seconds: Seconds = 20.0
