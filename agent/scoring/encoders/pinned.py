"""Pickles are read only when their SHA-256 is known: `weights_only` runs no code, but its reader has had holes.

transformers goes by what an index of shards says, whatever these are: of one that is called safetensors it reads a
pickle, in another folder too, though it was asked for safetensors alone.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from agent.errors import ModelError

__all__ = ["check_pickles", "check_pin", "check_shards", "digest_of"]

_SAFE: Final = ("model.safetensors", "model.safetensors.index.json")
_PICKLED: Final = (".bin", ".pt", ".pth", ".ckpt")
_PICKLED_INDEX: Final = "pytorch_model.bin.index.json"
_SHARD: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,250}\.safetensors")


def digest_of(files: Sequence[Path]) -> str:
    """SHA-256 of a file; of several that of the lines which ``sha256sum`` prints of them, by name.

    Raises
    ------
    OSError
        When one cannot be read.
    """
    lines = []
    for path in sorted(files):
        with path.open("rb") as stream:
            lines.append(f"{hashlib.file_digest(stream, 'sha256').hexdigest()}  {path.name}\n")
    return lines[0][:64] if len(lines) == 1 else hashlib.sha256("".join(lines).encode()).hexdigest()


def check_pin(slot: str, files: Sequence[Path], sha256: str | None) -> None:
    """Compare with what the configuration says.

    Raises
    ------
    ModelError
        When they are not pinned, and then with what to write; when they are others than was said; when they cannot be
        read.
    """
    shown = str(files[0]) if len(files) == 1 else f"{len(files)} files in {files[0].parent}"
    try:
        found = digest_of(files)
    except OSError as error:
        raise ModelError(f"scorer {slot}: {shown} cannot be read ({error.strerror})") from None
    if sha256 is None:
        raise ModelError(
            f"scorer {slot}: {shown} is a pickle and is not pinned; if it is the one that you mean, set sha256: {found}"
        )
    if not hmac.compare_digest(found.encode(), sha256.lower().encode("utf-8", "replace")):
        raise ModelError(f"scorer {slot}: {shown} is not what sha256 says: it has been exchanged, or the pin is old")


def check_pickles(slot: str, folder: Path, sha256: str | None) -> None:
    """As `check_pin`, of all pickled weights in a folder, unless transformers reads safetensors in their place.

    Raises
    ------
    ModelError
        As `check_pin`; and when the index of pickles names a file that is none of those in the folder.
    """
    if any((folder / name).is_file() for name in _SAFE):
        return
    pickled = sorted(path for path in folder.iterdir() if path.suffix in _PICKLED)
    index = folder / _PICKLED_INDEX
    if index.is_file() and not _shards(slot, index) <= {path.name for path in pickled}:
        raise ModelError(f"scorer {slot}: {index} names other files than the pickles beside it")
    if pickled:
        check_pin(slot, pickled, sha256)


def check_shards(slot: str, source: str, config: Mapping[str, Any], transformers: Any, **common: Any) -> None:
    """Make sure that an index of safetensors names such files, and in its own folder.

    Parameters
    ----------
    source, common
        As ``from_pretrained`` takes them: a directory, or the id of a model on the hub.
    config
        The content of ``config.json``, which may name another index.

    Raises
    ------
    ModelError
        When it does not.
    """
    for name in {_SAFE[1], config.get("transformers_weights")}:
        if not isinstance(name, str) or not name.endswith(".index.json"):
            continue
        try:
            index = Path(transformers.utils.cached_file(source, name, **common))
        except OSError:
            continue  # there is none, or what reads it next says why it cannot be had
        if not all(map(_SHARD.fullmatch, _shards(slot, index))):
            raise ModelError(
                f"scorer {slot}: {source}: {name} names files that are no safetensors, or lie elsewhere; no others "
                "are read by way of it"
            )


def _shards(slot: str, index: Path) -> set[str]:
    try:
        return set(map(str, json.loads(index.read_bytes())["weight_map"].values()))
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        raise ModelError(f"scorer {slot}: {index} is no index of weights") from None
