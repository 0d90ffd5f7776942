"""The URL that ``--target`` gives, and which protocol it speaks."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, TypeAlias
from urllib.parse import SplitResult, urlsplit

from agent.config_base import is_host_name
from agent.errors import ConfigError

__all__ = ["Endpoint", "Protocol", "endpoint_of"]

Protocol: TypeAlias = Literal["openai", "kserve-v1", "kserve-v2"]

_V1 = re.compile(r"(?P<base>.*/v1/models/(?P<model>[^/:]+))(?::predict)?")
_V2 = re.compile(r"(?P<base>.*/v2/models/(?P<model>[^/]+)(?:/versions/[^/]+)?)(?:/infer)?")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is served.

    Attributes
    ----------
    url
        That below which the paths of OpenAI's API lie; KServe's of the model, without ``:predict`` and ``/infer``.
    model
        Its name, where the URL says it.
    """

    protocol: Protocol
    url: str
    model: str | None = None


def endpoint_of(target: str) -> Endpoint:
    """What a URL names: ``/v1/models/NAME`` and ``/v2/models/NAME`` are KServe's, all else is taken for OpenAI's API.

    Raises
    ------
    ConfigError
        When it is no URL, or holds credentials or parameters, which would be shown in reports.
    """
    parts = _split(target)
    path = parts.path.rstrip("/")
    for protocol, form in (("kserve-v1", _V1), ("kserve-v2", _V2)):
        found = form.fullmatch(path)
        if found:
            return Endpoint(protocol, _url(parts, found["base"]), found["model"])  # type: ignore[arg-type]
    for ending in ("/chat/completions", "/completions"):
        path = path.removesuffix(ending)
    return Endpoint("openai", _url(parts, path or "/v1"))


def _url(parts: SplitResult, path: str) -> str:
    return f"{parts.scheme}://{parts.netloc}{path}"


def _split(target: str) -> SplitResult:
    try:
        parts = urlsplit(target)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and is_host_name(parts.hostname or "")
        good = good and parts.port != 0
    except ValueError:
        good = False
    if not good:
        raise ConfigError("--target: is no URL; give one such as http://localhost:8000/v1")
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ConfigError(
            "--target: give the URL without user, password and parameters; a key goes to --api-key-file or "
            "HARMWATCH_PROBE_API_KEY"
        )
    return parts
