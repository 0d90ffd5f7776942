"""Which files a configuration names, and whether each is signed by somebody who is trusted.

Files are looked at before anything is made of them. Between that and their reading they are not locked: whoever may
write to them at that moment is an operator.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from agent.config import CoreConfig
from agent.errors import ConfigError
from agent.scoring.embedding import BUILT_IN
from streams.trust.config import TrustConfig
from streams.trust.minisign import MOST_BYTES, PublicKey, Signed, read_signature

__all__ = ["MANIFEST", "check_files", "content_to_sign", "look_at_files", "manifest", "named_files"]

MANIFEST: Final = "harmwatch.manifest"
_SUFFIX: Final = ".minisig"
_MOST_FILES: Final = 10_000
_RECORD_BYTES: Final = 1 << 20
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that is signed: its place in the configuration, and its version."""

    key: str
    path: Path
    version: int


def named_files(config: CoreConfig) -> Iterator[tuple[str, Path]]:
    """Key and path of each file or folder of models and thresholds that the configuration names and that is there.

    A scorer's option that is a string counts when something of that name exists, as scorers themselves take it: also
    a bare name, which they look for in the working directory.
    """
    for name, scorer in config.scorers.items():
        if not scorer.enabled:
            continue
        if scorer.calibration is not None:
            yield f"scorers.{name}.calibration", scorer.calibration
        yield from _named_in(scorer.options, f"scorers.{name}.options")
        if scorer.cascade is not None:
            yield from _named_in(scorer.cascade.screen.options, f"scorers.{name}.cascade.screen.options")
    if config.drift.reference is not None:
        yield "drift.reference", Path(config.drift.reference)
    if config.drift.embeddings.encoder != BUILT_IN:
        yield from _named_in(config.drift.embeddings.encoder, "drift.embeddings.encoder")
    yield from _named_in(config.identity.sentiment.options, "identity.sentiment.options")


def _named_in(options: Any, key: str) -> Iterator[tuple[str, Path]]:
    if isinstance(options, dict):
        for name, value in options.items():
            yield from _named_in(value, f"{key}.{name}")
    elif isinstance(options, list | tuple):
        for place, value in enumerate(options):
            yield from _named_in(value, f"{key}.{place}")
    elif isinstance(options, str | Path) and str(options):
        # What is no name at all, too long or of a user who is not there, names nothing.
        with contextlib.suppress(OSError, RuntimeError):
            path = Path(options).expanduser()
            if path.exists():
                yield key, path


def manifest(folder: Path) -> bytes:
    """SHA-256 and name of each file below a folder, as ``sha256sum`` writes them; without ours.

    Raises
    ------
    ConfigError
        For what is neither file nor folder, a link that leads out or to a folder, or a file that cannot be read.
    """
    root = folder.resolve()
    lines: list[str] = []
    # A link to a folder stays among them: `rglob` does not follow it, so that what it leads to would not be signed.
    for path in sorted(path for path in root.rglob("*") if path.is_symlink() or not path.is_dir()):
        name = path.relative_to(root).as_posix()
        if name in (MANIFEST, MANIFEST + _SUFFIX):
            continue
        if len(lines) >= _MOST_FILES or "\n" in name or path.is_dir() or not path.resolve().is_relative_to(root):
            raise ConfigError(
                f"trust: {folder} holds too many files, links that lead out or to folders, or names that are none"
            )
        lines.append(f"{_sha256(path)}  {name}\n")
    return "".join(lines).encode("utf-8", "surrogateescape")


def content_to_sign(path: Path) -> tuple[Path, bytes]:
    """What is signed for a file or folder, and where it lies: the file itself, or the folder's manifest."""
    if path.is_dir():
        return path / MANIFEST, manifest(path)
    return path, _read(path)


def look_at_files(config: CoreConfig, trust: TrustConfig) -> list[Checked]:
    """Check every file that is named; writes nothing.

    Raises
    ------
    ConfigError
        For the first one that is not signed by a trusted key, has been changed, or is older than one that ran before.
    """
    if not trust.require:
        return []
    keys = [PublicKey.parse(text) for text in trust.public_keys]
    known = _recorded(trust.record) if trust.monotonic and trust.record else {}
    checked = []
    for key, path in named_files(config):
        signed = _signature_of(path, key, keys)
        least = known.get(key, 0)
        if trust.monotonic and signed.version < least:
            raise ConfigError(
                f"{key}: {path} has version {signed.version}, and version {least} has run here before; sign a newer "
                "one, or take the key out of trust.record to go back"
            )
        checked.append(Checked(key, path, signed.version))
    return checked


def check_files(config: CoreConfig, trust: TrustConfig) -> None:
    """As `look_at_files`, and remembers the versions when ``trust.monotonic`` says so.

    Raises
    ------
    ConfigError
        As `look_at_files`, or when ``trust.record`` cannot be written.
    """
    checked = look_at_files(config, trust)
    if not (trust.monotonic and trust.record):
        return
    known = _recorded(trust.record)
    versions = {**known, **{each.key: each.version for each in checked}}
    if versions != known:  # a start that has nothing to add asks nothing of the disk, which may be full
        _write_record(trust.record, versions)


def _write_record(record: Path, versions: Mapping[str, int]) -> None:
    """On the disk before it takes its place: an empty file after a power cut would keep every worker from starting."""
    beside = record.with_name(f".{record.name}.{os.getpid()}")
    try:
        with beside.open("w", encoding="utf-8") as stream:
            stream.write(json.dumps(versions, indent=1, sort_keys=True) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        beside.replace(record)
    except OSError as error:
        with contextlib.suppress(OSError):
            beside.unlink(missing_ok=True)
        raise ConfigError(f"trust.record: {record} cannot be written ({error.strerror})") from None


def _signature_of(path: Path, key: str, keys: list[PublicKey]) -> Signed:
    signed_path, content = content_to_sign(path)
    beside = signed_path.with_name(signed_path.name + _SUFFIX)
    try:
        with beside.open("rb") as stream:
            signed = read_signature(stream.read(MOST_BYTES + 1))
    except OSError:
        raise ConfigError(f"{key}: {path} is not signed ({beside.name} is missing); see harmwatch sign") from None
    if signed is None:
        raise ConfigError(f"{key}: {beside} is no signature; make it again with harmwatch sign")
    if signed.key_id not in {each.key_id for each in keys}:
        raise ConfigError(f"{key}: {path} is signed by a key that is none of trust.public_keys")
    if not any(signed.holds(content, each) for each in keys):
        raise ConfigError(f"{key}: {path} is not what was signed: it, or its signature, has been changed")
    if signed.file is not None and signed.file != signed_path.name:
        raise ConfigError(f"{key}: {path} has the signature of a file of another name")
    return signed


def _recorded(path: Path) -> dict[str, int]:
    try:
        content = path.read_bytes()[: _RECORD_BYTES + 1]
        plain = json.loads(content)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise ConfigError(f"trust.record: {path} cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError):
        plain = None
    if not isinstance(plain, dict) or not all(type(version) is int for version in plain.values()):
        raise ConfigError(f"trust.record: {path} is damaged; restore it, or remove it to begin anew")
    return plain


def _read(path: Path) -> bytes:
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ConfigError(f"trust: {path} is no regular file")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"trust: {path} cannot be read ({error.strerror})") from None


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as stream:
            while piece := stream.read(_PIECE):
                digest.update(piece)
    except OSError as error:
        raise ConfigError(f"trust: {path} cannot be read ({error.strerror})") from None
    return digest.hexdigest()
