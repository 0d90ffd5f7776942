"""Answers: pages, JSON, errors, each with our own banner."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import web

from streams.web.guard import SECURITY_HEADERS
from streams.web.page import Page

__all__ = ["error_answer", "json_answer", "page_answer", "with_banner"]


def with_banner(headers: Mapping[str, str] | None = None) -> dict[str, str]:
    # aiohttp names itself and its version unless the header is there.
    return {"Server": "harmwatch", **(headers or {})}


def page_answer(page: Page, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    own = {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Language": page.language,
        "Content-Security-Policy": page.policy,
        "Vary": "Accept-Language",
        **(headers or {}),
    }
    return web.Response(body=page.body, status=status, headers=with_banner(own))


def json_answer(value: Any, status: int = 200, headers: Mapping[str, str] | None = None) -> web.Response:
    body = msgspec.json.encode(value, enc_hook=_plain_number)
    return web.Response(
        body=body, status=status, headers=with_banner({"Content-Type": "application/json", **(headers or {})})
    )


def error_answer(status: int, message: str, headers: Mapping[str, str] | None = None) -> web.Response:
    response = json_answer({"error": message}, status, headers)
    response.headers.update(SECURITY_HEADERS)
    return response


def _plain_number(value: Any) -> Any:
    # numpy's scalars, without importing numpy here.
    item = getattr(value, "item", None)
    if item is None:
        raise TypeError(f"{type(value).__name__} cannot be written as JSON")
    return item()
