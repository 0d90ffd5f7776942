"""Keccak-256 as Ethereum uses it: with the padding from before the standard, which hashlib's SHA-3 does not offer."""

from __future__ import annotations

__all__ = ["keccak_256"]

_RATE = 136
_MASK = (1 << 64) - 1


def keccak_256(data: bytes) -> bytes:
    """Digest of 32 bytes. For short inputs: some hundred microseconds for each 136 bytes.

    G. Bertoni et al., "The Keccak reference", version 3.0 (2011), with capacity 512 and multi-rate padding.
    """
    padded = bytearray(data + b"\x01" + bytes(-(len(data) + 1) % _RATE))
    padded[-1] |= 0x80
    lanes = [0] * 25
    for start in range(0, len(padded), _RATE):
        for lane in range(_RATE // 8):
            lanes[lane] ^= int.from_bytes(padded[start + 8 * lane : start + 8 * lane + 8], "little")
        _permute(lanes)
    return b"".join(lane.to_bytes(8, "little") for lane in lanes[:4])


def _permute(a: list[int]) -> None:
    """Keccak-f[1600] in place; lane (x, y) is ``a[x + 5 * y]``."""
    for constant in _CONSTANTS:
        parity = [a[x] ^ a[x + 5] ^ a[x + 10] ^ a[x + 15] ^ a[x + 20] for x in range(5)]
        mixed = [parity[(x + 4) % 5] ^ _rotated(parity[(x + 1) % 5], 1) for x in range(5)]
        b = [0] * 25
        for place in range(25):
            x, y = place % 5, place // 5
            b[y + 5 * ((2 * x + 3 * y) % 5)] = _rotated(a[place] ^ mixed[x], _OFFSETS[place])
        for place in range(25):
            row = place - place % 5
            a[place] = b[place] ^ (~b[row + (place + 1) % 5] & _MASK & b[row + (place + 2) % 5])
        a[0] ^= constant


def _rotated(lane: int, by: int) -> int:
    return ((lane << by) | (lane >> (64 - by))) & _MASK


def _rotation_offsets() -> list[int]:
    offsets = [0] * 25
    x, y = 1, 0
    for step in range(24):
        offsets[x + 5 * y] = (step + 1) * (step + 2) // 2 % 64
        x, y = y, (2 * x + 3 * y) % 5
    return offsets


def _round_constants() -> list[int]:
    register, constants = 1, []
    for _ in range(24):
        constant = 0
        for bit in range(7):
            if register & 1:
                constant |= 1 << ((1 << bit) - 1)
            register = (register << 1) ^ (0x171 if register & 0x80 else 0)
        constants.append(constant)
    return constants


_OFFSETS = _rotation_offsets()
_CONSTANTS = _round_constants()
