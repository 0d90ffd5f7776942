"""Who holds which token, and what each may do: viewer, labeller, admin."""

from __future__ import annotations

import hashlib
import hmac
import logging
import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, TypeAlias

from agent.clock import Clock
from agent.errors import ConfigError
from agent.yaml_file import parse_yaml
from streams.web.watched import WatchedFiles

__all__ = ["ANYONE", "ROLES", "Holder", "Role", "TokenBook", "read_tokens"]

_logger = logging.getLogger(__name__)

Role: TypeAlias = Literal["viewer", "labeller", "admin"]
#: Each may do what those before it may.
ROLES: Final[tuple[Role, ...]] = ("viewer", "labeller", "admin")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]{0,63}", re.ASCII)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_MOST_TOKENS: Final = 256
_MOST_BYTES: Final = 256 * 1024


@dataclass(frozen=True, slots=True)
class Holder:
    """Whom a request comes from. ``name`` goes to the audit log; ``digest`` is the token's SHA-256, never shown."""

    name: str
    role: Role
    digest: bytes = b""

    def may(self, role: Role) -> bool:
        """Whether what is open to ``role`` is open to this one."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def __repr__(self) -> str:
        return f"Holder(name={self.name!r}, role={self.role!r})"


#: On loopback without tokens: whoever can reach it.
ANYONE: Final = Holder("anyone", "admin")


class TokenBook:
    """The tokens that hold: the one of the configuration, and those of a file, which is read anew when it has changed.

    A file that is wrong leaves those of before, with a warning once a minute: half a file must lock nobody out. To
    withdraw a token take its line away; its sessions end with it.

    Parameters
    ----------
    single
        ``web.token``: an admin of the name ``token``.
    path
        ``web.tokens_file``.

    Raises
    ------
    ConfigError
        When the file is wrong at the start.
    """

    def __init__(self, single: str | None, path: Path | None, clock: Clock) -> None:
        self._single = () if not single else (Holder("token", "admin", token_digest(single)),)
        self._path = path
        self._files = WatchedFiles([] if path is None else [path], clock)
        self._holders: tuple[Holder, ...] = self._single
        if path is not None:
            mark = self._files.mark()
            self._holders = self._single + read_tokens(path)
            self._files.taken(mark)

    @property
    def any(self) -> bool:
        """Whether a token is asked for: True for a file that has none in it, which then lets nobody in."""
        return bool(self._single) or self._path is not None

    def holder(self, token: str) -> Holder | None:
        """Whose token this is. All are compared, in constant time each, whichever fits; of ``single`` and the file the
        file says who it is.
        """
        self._look()
        given = token_digest(token)
        found = None
        for each in self._holders:
            if hmac.compare_digest(each.digest, given):
                found = each
        return found

    def by_digest(self, digest: str) -> Holder | None:
        """Who had the session's token, if it still holds. ``digest`` as `session_digest` makes it of theirs."""
        self._look()
        # As above the last one: a session may what its token may.
        latest = reversed(self._holders)
        return next((each for each in latest if hmac.compare_digest(session_digest(each), digest)), None)

    def _look(self) -> None:
        if self._path is None or (mark := self._files.due()) is None:
            return
        try:
            self._holders = self._single + read_tokens(self._path)
        except ConfigError as error:
            if self._files.may_warn():
                _logger.warning("tokens_file_not_taken reason=%s", error)
            return
        self._files.taken(mark)
        _logger.info("tokens_file_taken tokens=%d", len(self._holders))


def token_digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()


def session_digest(holder: Holder) -> str:
    """Names a token in a session without being of use for anything else; the session is signed besides."""
    return hashlib.sha256(b"harmwatch session\0" + holder.digest).hexdigest()[:32]


def read_tokens(path: Path) -> tuple[Holder, ...]:
    """Read a tokens file: ``tokens:`` with a list of ``{name, role, sha256}``.

    Raises
    ------
    ConfigError
        One line; it names the file and the entry, and never a token or a digest.
    """
    subject = "web.tokens_file"
    try:
        with path.open("rb") as stream:
            found = stat.S_IMODE(path.stat().st_mode)
            content = stream.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"{subject}: {path} cannot be read ({error.strerror})") from None
    if len(content) > _MOST_BYTES:
        raise ConfigError(f"{subject}: {path} is longer than {_MOST_BYTES} bytes")
    if found & stat.S_IWOTH:
        raise ConfigError(f"{subject}: anybody may write to {path}, and so make tokens: chmod o-w it")
    plain = parse_yaml(content, f"{subject}: {path}")
    entries = plain.get("tokens")
    if set(plain) != {"tokens"} or not isinstance(entries, list) or len(entries) > _MOST_TOKENS:
        raise ConfigError(f"{subject}: {path} must hold tokens: and a list of at most {_MOST_TOKENS} entries")
    holders = [_holder(entry, f"{subject}: {path}: entry {number}") for number, entry in enumerate(entries, 1)]
    for what, values in (("name", [h.name for h in holders]), ("token", [h.digest for h in holders])):
        if len(set(values)) != len(values):
            raise ConfigError(f"{subject}: {path}: two entries have the same {what}: give each its own")
    return tuple(holders)


def _holder(entry: Any, subject: str) -> Holder:
    # What stands in it is not shown: somebody may have written a token where a name belongs.
    if not isinstance(entry, Mapping) or set(entry) != {"name", "role", "sha256"}:
        raise ConfigError(f"{subject} must hold name, role and sha256, and nothing else")
    name, role, digest = entry["name"], entry["role"], entry["sha256"]
    if not (isinstance(name, str) and _NAME.fullmatch(name)):
        raise ConfigError(f"{subject}: name must be of letters, digits and . _ @ -, at most 64")
    if role not in ROLES:
        raise ConfigError(f"{subject}: role is one of {', '.join(ROLES)}")
    if not (isinstance(digest, str) and _SHA256.fullmatch(digest.lower())):
        raise ConfigError(f"{subject}: sha256 is the 64 hexadecimal digits of: printf %s TOKEN | sha256sum")
    return Holder(name, role, bytes.fromhex(digest))
