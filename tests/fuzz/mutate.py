"""A simple fuzzer for where atheris is not: changes of known inputs, repeatable by seed, blind to coverage."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence

from tests.fuzz.structure import restructured

__all__ = ["mutate", "mutated"]

_PIECES = (
    b"\x00", b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xe2\x80\xae", b"\xcc\x81",
    b"{", b"}", b"[", b"]", b'"', b"\\", b"\\ud800", b"\\u0000", b"null", b"true", b"-0", b"1e999", b"9" * 30,
    b"NaN", b"-1", b"\r\n\r\n", b"\n\n", b"data: ", b"[DONE]", b"\x1f\x8b\x08", b"\x93NUMPY",
    b"\xdf\xff\xff\xff\xff", b"\xdd\xff\xff\xff\xff", b"\xc1", b"&a [*a]", b"!!python/object:os.system", b"<<: *a",
    b"${HOME}", b"__proto__", b"\x1b[31m", b"%00", b"AAAA" * 64,
)  # fmt: skip


def mutated(draw: random.Random, seeds: Sequence[bytes], most: int) -> bytes:
    """One of the inputs, changed in one to eight places, or what it says changed where it is a document."""
    seed = draw.choice(seeds) if seeds else b""
    if draw.random() < 0.5 and (document := restructured(draw, seed, seeds, most)) is not None:
        return document
    data = bytearray(seed)
    for _ in range(draw.randint(1, 8)):
        at = draw.randint(0, len(data))
        end = min(len(data), at + draw.choice((1, 2, 4, 16, 64, 1024)))
        match draw.randrange(7):
            case 0:
                data[at:at] = draw.choice(_PIECES)
            case 1:
                data[at:end] = draw.randbytes(end - at)
            case 2:
                del data[at:end]
            case 3:
                data[at:at] = bytes(data[at:end]) * draw.choice((1, 2, 16, 256))
            case 4:
                other = draw.choice(seeds) if seeds else b""
                start = draw.randint(0, len(other))
                data[at:end] = other[start : start + draw.choice((4, 64, 4096))]
            case 5:
                data[at:at] = draw.choice(_PIECES) * draw.choice((1, 8, 200, 3000))
            case _ if at < len(data):
                data[at] ^= 1 << draw.randrange(8)
            case _:
                data += draw.choice(_PIECES)
    return bytes(data[:most])


def mutate(
    check: Callable[[bytes], object], seeds: Sequence[bytes], most: int, *, seconds: float, seed: int, runs: int | None
) -> tuple[int, bytes | None, BaseException | None]:
    """So many seconds of the processor, or runs; gives how many runs, and the input and error that ended it, if any."""
    draw = random.Random(seed)
    until, count = time.process_time() + seconds, 0
    while count < runs if runs is not None else time.process_time() < until:
        data = mutated(draw, seeds, most)
        count += 1
        try:
            check(data)
        except Exception as error:
            return count, data, error
    return count, None, None
