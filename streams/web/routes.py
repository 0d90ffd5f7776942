"""What a path answers with, to which method, and to whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from contextvars import ContextVar
from typing import Final, NamedTuple, TypeAlias

from aiohttp import web

from streams.web.access import ANYONE, Holder, Role

__all__ = ["READING", "SENDING", "Answer", "Route", "asks", "who_asks"]

READING: Final = frozenset({"GET", "HEAD"})
SENDING: Final = frozenset({"POST"})

Answer: TypeAlias = Callable[[web.BaseRequest], Awaitable[web.Response]]


class Route(NamedTuple):
    """Who answers which method; those that are ``public`` do without a token. HEAD goes wherever GET does.

    ``roles`` says what it takes; where it does not, a viewer may read, and only an admin send.
    """

    methods: Mapping[str, Answer]
    public: frozenset[str] = frozenset()
    roles: Mapping[str, Role] = {}

    def answer(self, method: str) -> Answer | None:
        return self.methods.get("GET" if method == "HEAD" else method)

    def role(self, method: str) -> Role:
        asked = "GET" if method == "HEAD" else method
        return self.roles.get(asked, "viewer" if asked in READING else "admin")

    @property
    def allowed(self) -> str:
        return ", ".join("GET, HEAD" if method == "GET" else method for method in self.methods)


#: Of the request that this task answers.
_asking: ContextVar[Holder] = ContextVar("asking", default=ANYONE)


def asks(holder: Holder) -> None:
    """The server has found out who it is; to be said before a request is handed on."""
    _asking.set(holder)


def who_asks() -> Holder:
    """Who sent the request that is being answered."""
    return _asking.get()
