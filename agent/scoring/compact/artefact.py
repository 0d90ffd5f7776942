"""The file that holds the built-in harm classifier: a zip of networks, tokenisers, a table of characters and settings.

Nothing in it is code: ONNX graphs (protobuf), tokenisers (JSON), settings (JSON). A digest over all members shows
whether the file is the one that was trained.
"""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
import zlib
from collections.abc import Mapping
from importlib import resources
from math import isfinite
from pathlib import Path
from typing import Any

import msgspec

from agent.errors import ModelError

__all__ = ["ENGLISH", "FORMAT", "MULTILINGUAL", "VERSION", "About", "EncoderSettings", "pack", "unpack"]

ENGLISH, MULTILINGUAL = "english", "multilingual"
"""The two encoders of every file."""

VERSION = "2"
"""Of the file that is shipped. Verdicts and calibrations name it, so a file that scores otherwise has another."""

FORMAT = 2
"""Raised whenever reading, routing or windows change: weights of another format mean nothing then."""

_ABOUT = "about.json"
_MAX_BYTES = 200_000_000
# What the libraries raise for files that are none, torn, encrypted, packed otherwise or nested deeply.
_DAMAGE = (
    ValueError, KeyError, TypeError, AttributeError, RuntimeError, OSError, EOFError, zipfile.BadZipFile, zlib.error,
    msgspec.MsgspecError,
)  # fmt: skip


class EncoderSettings(msgspec.Struct, frozen=True):
    """One encoder. Its members are ``<name>.onnx`` and ``<name>.tokenizer.json``.

    Attributes
    ----------
    first, last, pad
        Ids of the special tokens.
    window, overlap
        Tokens of a window, special tokens not counted, and what neighbouring windows share.
    slope, intercept
        Platt scaling (Platt 1999) of the logit.
    """

    name: str
    first: int
    last: int
    pad: int
    window: int
    overlap: int
    slope: float
    intercept: float


class About(msgspec.Struct, frozen=True):
    """Settings. ``threshold`` is the default one; ``facts`` are for people, nothing is computed from them."""

    format: int
    version: str
    threshold: float
    encoders: tuple[EncoderSettings, ...]
    facts: dict[str, Any]
    sha256: str = ""


def pack(about: About, members: Mapping[str, bytes]) -> bytes:
    """The file's content, the same bytes for the same input."""
    about = msgspec.structs.replace(about, sha256=_digest(about, members))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in [(_ABOUT, msgspec.json.encode(about)), *sorted(members.items())]:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def unpack(path: Path | None) -> tuple[About, dict[str, bytes]]:
    """Read a file; the one shipped with harmwatch when None.

    Raises
    ------
    ModelError
        Missing, damaged, of another format, or altered after training.
    """
    origin = "model toxicity" if path is None else f"model {path}"
    try:
        if path is None:
            content = resources.files("agent.models").joinpath("toxicity.encoder.zip").read_bytes()
        else:
            content = path.read_bytes()
    except OSError as error:
        advice = "; reinstall harmwatch" if path is None else ""
        raise ModelError(f"{origin}: cannot be read ({type(error).__name__}){advice}") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > _MAX_BYTES:
                raise ModelError(f"{origin}: the file would unpack to more than {_MAX_BYTES // 1_000_000} MB")
            members = {name: archive.read(name) for name in archive.namelist()}
        if _ABOUT not in members:
            raise ModelError(f"{origin}: it holds no encoders; a model of n-grams (.npz) needs kind: ngrams")
        plain = json.loads(members.pop(_ABOUT))
        if plain.get("format") != FORMAT:
            raise ModelError(f"{origin}: format {plain.get('format')!r}, this version reads {FORMAT}")
        about = msgspec.convert(plain, About)
        if {encoder.name for encoder in about.encoders} != {ENGLISH, MULTILINGUAL}:
            raise ModelError(f"{origin}: it must hold the encoders {ENGLISH} and {MULTILINGUAL}")
        if not 0.0 < about.threshold <= 1.0 or (path is None and about.version != VERSION):
            raise ModelError(f"{origin}: threshold or version is not what it should be")
        for encoder in about.encoders:
            if not isfinite(encoder.slope + encoder.intercept) or not 0 <= encoder.overlap < encoder.window:
                raise ModelError(f"{origin}: the settings of the encoder {encoder.name} make no sense")
            if f"{encoder.name}.onnx" not in members or f"{encoder.name}.tokenizer.json" not in members:
                raise ModelError(f"{origin}: the encoder {encoder.name} is missing in the file")
        if about.sha256 != _digest(about, members):
            raise ModelError(f"{origin}: the checksum does not match; the file was altered")
    except ModelError:
        raise
    except _DAMAGE as error:
        raise ModelError(f"{origin}: the file is damaged ({type(error).__name__})") from error
    return about, members


def _digest(about: About, members: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256(msgspec.json.encode(msgspec.structs.replace(about, sha256="")))
    for name in sorted(members):
        digest.update(f"{name}\0{len(members[name])}\0".encode())
        digest.update(members[name])
    return digest.hexdigest()
