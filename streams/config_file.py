"""The file of the configuration as it lies there: its bytes, their hash, and whose it is."""

from __future__ import annotations

import hashlib
import os
import pwd
import stat
from dataclasses import dataclass, field
from pathlib import Path

from agent.errors import ConfigError
from agent.yaml_file import parse_yaml
from streams.config import WorkerConfig, parse_config

__all__ = ["ConfigFile", "user_name"]

_MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """What one look at a file found.

    Attributes
    ----------
    content
        May hold secrets: it is in no representation.
    sha256
        Of `content`, hexadecimal; empty when it could not be read.
    owner
        Who owns the file: a name, or the number where the machine knows no name for it; empty when there is none.
    modified
        When it was written, seconds since the Unix epoch; 0 when there is none.
    problem
        Why it could not be read; empty when it could.
    watchable
        It is a regular file. A pipe (``--config <(sops -d ...)``) gives its content once.
    """

    path: Path
    content: bytes = field(default=b"", repr=False)
    sha256: str = ""
    owner: str = ""
    modified: float = 0.0
    problem: str = ""
    watchable: bool = True

    @classmethod
    def at_start(cls, path: Path) -> ConfigFile:
        """Read a file or a pipe, once.

        Raises
        ------
        ConfigError
            When it cannot be read.
        """
        if path.is_fifo() or path.is_char_device():
            content = path.read_bytes()
            return cls(path, content, hashlib.sha256(content).hexdigest(), watchable=False)
        found = cls.look(path)
        if found.problem:
            raise ConfigError(f"{path}: {found.problem}")
        return found

    @classmethod
    def look(cls, path: Path) -> ConfigFile:
        """What is there now, if it is a regular file. Never waits for a writer, and never raises."""
        owner, modified = "", 0.0
        try:
            state = path.stat()
            owner, modified = user_name(state.st_uid), state.st_mtime
            if not stat.S_ISREG(state.st_mode):
                # Not even opened: whoever writes into a pipe would take us for its reader.
                return cls(path, owner=owner, modified=modified, problem="is no regular file")
            with os.fdopen(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb") as stream:
                state = os.fstat(stream.fileno())  # of what is read, should it have been replaced meanwhile
                owner, modified = user_name(state.st_uid), state.st_mtime
                content = stream.read(_MAX_BYTES + 1)
        except OSError as error:
            problem = f"cannot be read ({type(error).__name__})"
            return cls(path, owner=owner, modified=modified, problem=problem)
        if len(content) > _MAX_BYTES:
            return cls(path, owner=owner, modified=modified, problem="is too large for a configuration")
        return cls(path, content, hashlib.sha256(content).hexdigest(), owner, modified)

    @property
    def mark(self) -> str:
        """Tells one look from another: by content, or by what is wrong."""
        return self.sha256 or self.problem

    def config(self) -> WorkerConfig:
        """The configuration in it.

        Raises
        ------
        ConfigError
            When it could not be read, or is none: one line that says why, and never a value.
        """
        if self.problem:
            raise ConfigError(f"{self.path}: {self.problem}")
        return parse_config(self.content, str(self.path))

    def replacement(self) -> WorkerConfig:
        """The configuration in it, to go on with. A worker may start with every default; none falls back to them.

        Raises
        ------
        ConfigError
            As `config` does, and when the file holds no key: truncated, or caught while it is written.
        """
        config = self.config()
        if not parse_yaml(self.content, str(self.path)):
            raise ConfigError(f"{self.path}: holds no key; to go back to all defaults, restart the worker")
        return config


def user_name(number: int) -> str:
    """A user's name; the number itself where there is none, as in most containers."""
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)
