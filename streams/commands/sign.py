"""``harmwatch sign``: signs files of models and thresholds, makes a key, or checks a signature."""

from __future__ import annotations

import argparse
import json
import os
import secrets
import sys
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from streams.commands.writable import write_file
from streams.trust.files import content_to_sign
from streams.trust.minisign import MOST_BYTES, PublicKey, cryptography_ed25519, read_signature, sign

__all__ = ["add_arguments", "run"]

_MOST_VERSION = 999_999_999


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help="a file, or a folder of a model")
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--key", type=Path, metavar="KEY", help="the private key to sign with")
    work.add_argument("--new-key", type=Path, metavar="KEY", help="make a private key; its public one is printed")
    work.add_argument("--verify", metavar="PUBLIC", help="check signatures against this public key")
    parser.add_argument("--version", type=int, metavar="N",
                        help="with --key: of the files (default 1); trust.monotonic compares it")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Exit code 1 when a signature does not hold."""
    if args.version is not None and args.key is None:
        raise ConfigError("--version is what --key signs; without it nothing looks at it")
    version = 1 if args.version is None else args.version
    if args.new_key is not None:
        if args.files:
            raise ConfigError("--new-key signs nothing: give files with --key")
        return _told(args, {"public_key": str(_new_key(args.new_key)), "key": str(args.new_key)})
    if not args.files:
        raise ConfigError("give the files to sign or to verify")
    if not 0 <= version <= _MOST_VERSION:
        raise ConfigError(f"--version is a whole number from 0 to {_MOST_VERSION}")
    for path in args.files:
        if not path.exists():
            raise ConfigError(f"{path} is not there")
    if args.verify is not None:
        public = PublicKey.parse(args.verify)
        held = {str(path): _holds(path, public) for path in args.files}
        _told(args, {"holds": held})
        return 0 if all(held.values()) else 1
    for path in args.files:
        if not path.is_dir() and not _fits(path.name):
            raise ConfigError(f"{path}: its name is signed too, and holds what a signature cannot; rename it")
    private, public = _load_key(args.key)
    written = []
    for path in args.files:
        place, content = content_to_sign(path)
        if path.is_dir():
            write_file(place, content, "manifest")
        signature = place.with_name(f"{place.name}.minisig")
        write_file(signature, sign(content, place.name, version, private, public.key_id), "signature")
        written.append(str(signature))
    return _told(args, {"written": written, "version": version, "public_key": str(public)})


def _fits(name: str) -> bool:
    """Whether minisign's trusted comment, a line of UTF-8 with tabs between its parts, can hold a name."""
    return name.encode("utf-8", "ignore").decode() == name and name.splitlines() == [name] and "\t" not in name


def _told(args: argparse.Namespace, said: dict[str, Any]) -> int:
    if args.json:
        sys.stdout.write(json.dumps(said) + "\n")
        return 0
    for name, value in said.items():
        if isinstance(value, dict):
            sys.stdout.writelines(f"{path}: {'holds' if held else 'does not hold'}\n" for path, held in value.items())
        else:
            sys.stdout.write(f"{name}: {', '.join(map(str, value)) if isinstance(value, list) else value}\n")
    return 0


def _holds(path: Path, public: PublicKey) -> bool:
    place, content = content_to_sign(path)
    try:
        with place.with_name(f"{place.name}.minisig").open("rb") as stream:
            signed = read_signature(stream.read(MOST_BYTES + 1))
    except OSError:
        return False
    return signed is not None and signed.file in (None, place.name) and signed.holds(content, public)


def _new_key(path: Path) -> PublicKey:
    from cryptography.hazmat.primitives import serialization

    private = cryptography_ed25519().Ed25519PrivateKey.generate()
    content = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    key_id = secrets.token_bytes(8)
    try:
        # For its owner alone, from the first byte on.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "wb") as stream:
            stream.write(f"harmwatch key {key_id.hex()}\n".encode() + content)
    except OSError as error:
        raise ConfigError(f"--new-key {path}: cannot be written ({error.strerror}); give a new file") from None
    return _public(private, key_id)


def _load_key(path: Path) -> tuple[Any, PublicKey]:
    ed25519 = cryptography_ed25519()
    from cryptography.hazmat.primitives import serialization

    try:
        first, _, content = path.read_bytes().partition(b"\n")
        key_id = bytes.fromhex(first.removeprefix(b"harmwatch key ").decode("ascii"))
        private = serialization.load_pem_private_key(content, None)
        if len(key_id) != 8 or not isinstance(private, ed25519.Ed25519PrivateKey):
            raise ValueError
    except OSError as error:
        raise ConfigError(f"--key {path}: cannot be read ({error.strerror})") from None
    except (ValueError, TypeError):
        raise ConfigError(f"--key {path}: is no key of harmwatch sign --new-key; minisign signs with its own") from None
    return private, _public(private, key_id)


def _public(private: Any, key_id: bytes) -> PublicKey:
    return PublicKey(key_id, private.public_key().public_bytes_raw())
