"""Addresses of crypto currencies."""

from __future__ import annotations

import hashlib
import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.keccak import keccak_256

__all__ = ["RECOGNIZER"]

_BASE_58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Version bytes: Bitcoin (0, 5), Dogecoin (30, 22), Litecoin (48, 50), Tron (65), Dash (76, 16).
_VERSIONS = frozenset((0, 5, 16, 22, 30, 48, 50, 65, 76))
_BECH_32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)


def _base_58_check(address: str) -> bool:
    number = 0
    for character in address:
        number = number * 58 + _BASE_58.index(character)
    if number.bit_length() > 200:
        return False
    data = number.to_bytes(25, "big")
    if data[0] not in _VERSIONS:
        return False
    return hashlib.sha256(hashlib.sha256(data[:21]).digest()).digest()[:4] == data[21:]


def _bech_32(address: str) -> bool:
    if address not in (address.lower(), address.upper()):
        return False
    prefix, _, data = address.lower().rpartition("1")
    checksum = 1
    values = [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + [_BECH_32.index(c) for c in data]
    for value in values:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit in range(5):
            checksum ^= _GENERATOR[bit] if (top >> bit) & 1 else 0
    return checksum in (1, 0x2BC830A3)


def _eip_55(digits: str) -> bool:
    """Capitals are where the hash of the address has a digit from 8; an address in one case has no check."""
    if digits in (digits.lower(), digits.upper()):
        return len(set(digits.lower())) > 4
    marks = keccak_256(digits.lower().encode()).hex()
    return all(not c.isalpha() or c.isupper() == (mark >= "8") for c, mark in zip(digits, marks, strict=False))


def _judge(match: re.Match[str], in_context: bool) -> float:
    if match["hex"]:
        return 1.0 if _eip_55(match["hex"]) else 0.0
    return 1.0 if (_bech_32 if match["bech"] else _base_58_check)(match[0]) else 0.0


RECOGNIZER = Recognizer(
    name="crypto currency address",
    type="BANK_ACCOUNT",
    source="Bitcoin's Base58Check (version byte, hash160, four bytes of double SHA-256), BIP-173 and BIP-350 (bech32, "
    "bech32m), EIP-55 (mixed-case checksum of Ethereum addresses), Tron's address format (version byte 0x41)",
    pattern=bounded(
        rf"[0-9A-Za-z](?<!\w[0-9A-Za-z])(?:(?<=0)x(?P<hex>[0-9A-Fa-f]{{40}})"
        rf"|(?P<bech>(?<=b)c1[02-9ac-hj-np-z]{{11,71}}+|(?<=B)C1[02-9AC-HJ-NP-Z]{{11,71}}+"
        rf"|(?<=l)tc1[02-9ac-hj-np-z]{{11,71}}+)|(?<=[13579ADLMTX])[{_BASE_58}]{{25,34}}+)(?!\w)"
    ),
    trigger=r"\b(?:0x[0-9A-Fa-f]{8}|bc1|BC1|ltc1|[13579ADLMTX][1-9A-HJ-NP-Za-km-z]{25})",
    lead=26,
    judge=_judge,
    priority=9,
    seldom=True,
)
