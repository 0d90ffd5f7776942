"""Signatures in the format of minisign: what it signs we check, and what we sign it checks.

Source: https://jedisct1.github.io/minisign/ ("Signature format", "Public key format"). Files are hashed (BLAKE2b-512)
before they are signed (algorithm ``ED``); the older way, over the content itself (``Ed``), is read too. The trusted
comment is signed as well: ours holds the file's name and version, ``file:NAME\tversion:3``.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from typing import Any, Final

from agent.errors import ConfigError

__all__ = ["MOST_BYTES", "PublicKey", "Signed", "cryptography_ed25519", "read_signature", "sign"]

#: No signature file is larger.
MOST_BYTES: Final = 8192
_KEY_ID_BYTES: Final = 8
_KEY_BYTES: Final = 32
_SIGNATURE_BYTES: Final = 64
_VERSION = re.compile(r"(?:^|\s)version:([0-9]{1,9})(?=\s|$)", re.ASCII)
_FILE = re.compile(r"(?:^|\s)file:([^\t\n]+?)(?=\t|\s(?:hashed|version:)|$)")


def cryptography_ed25519() -> Any:
    """The module of Ed25519 keys.

    Raises
    ------
    ConfigError
        When the package is not installed.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric import ed25519
    except ImportError:
        raise ConfigError("trust: signatures need the package cryptography: pip install 'harmwatch[trust]'") from None
    return ed25519


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A public key as minisign writes it: base64 of ``Ed``, the key's id and the key."""

    key_id: bytes
    key: bytes

    @classmethod
    def parse(cls, text: str) -> PublicKey:
        """Read one line, or the second line of a ``.pub`` file.

        Raises
        ------
        ConfigError
            When it is none.
        """
        line = text.strip().splitlines()[-1].strip() if text.strip() else ""
        raw = _base64(line)
        if raw is None or len(raw) != 2 + _KEY_ID_BYTES + _KEY_BYTES or raw[:2] != b"Ed":
            raise ConfigError("trust.public_keys: a key is a line of minisign: 56 characters that begin with RW")
        return cls(raw[2:10], raw[10:])

    def __str__(self) -> str:
        return base64.b64encode(b"Ed" + self.key_id + self.key).decode()


@dataclass(frozen=True, slots=True)
class Signed:
    """A signature file, not yet checked."""

    key_id: bytes
    hashed: bool
    signature: bytes
    comment: str
    comment_signature: bytes

    @property
    def version(self) -> int:
        """Of the trusted comment; 0 when it names none."""
        found = _VERSION.search(self.comment)
        return int(found[1]) if found else 0

    @property
    def file(self) -> str | None:
        """The file's name that was signed for, when the trusted comment has one."""
        found = _FILE.search(self.comment)
        return found[1] if found else None

    def holds(self, content: bytes, key: PublicKey) -> bool:
        """Whether this key signed this content and the trusted comment."""
        ed25519 = cryptography_ed25519()
        from cryptography.exceptions import InvalidSignature

        if key.key_id != self.key_id:
            return False
        message = hashlib.blake2b(content).digest() if self.hashed else content
        public = ed25519.Ed25519PublicKey.from_public_bytes(key.key)
        try:
            public.verify(self.signature, message)
            public.verify(self.comment_signature, self.signature + self.comment.encode())
        except InvalidSignature:
            return False
        return True


def read_signature(content: bytes) -> Signed | None:
    """The four lines of a ``.minisig`` file; None for what is none."""
    try:
        lines = content.decode("utf-8").splitlines()
    except UnicodeDecodeError:
        return None
    if len(content) > MOST_BYTES or len(lines) < 4 or not lines[2].startswith("trusted comment: "):
        return None
    first, second = _base64(lines[1]), _base64(lines[3])
    if first is None or second is None or len(first) != 2 + _KEY_ID_BYTES + _SIGNATURE_BYTES:
        return None
    if first[:2] not in (b"Ed", b"ED") or len(second) != _SIGNATURE_BYTES:
        return None
    return Signed(first[2:10], first[:2] == b"ED", first[10:], lines[2].removeprefix("trusted comment: "), second)


def sign(content: bytes, name: str, version: int, private: Any, key_id: bytes) -> bytes:
    """The content of a ``.minisig`` file; ``private`` is cryptography's Ed25519 key."""
    signature = private.sign(hashlib.blake2b(content).digest())
    comment = f"file:{name}\tversion:{version}\thashed"
    lines = (
        "untrusted comment: signature of harmwatch sign",
        base64.b64encode(b"ED" + key_id + signature).decode(),
        f"trusted comment: {comment}",
        base64.b64encode(private.sign(signature + comment.encode())).decode(),
    )
    return ("\n".join(lines) + "\n").encode()


def _base64(line: str) -> bytes | None:
    try:
        return base64.b64decode(line.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError, ValueError):
        return None
