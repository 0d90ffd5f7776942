"""Check digits, against the examples of their standards."""

from __future__ import annotations

from agent.scoring.pii.checksums import luhn, mod_11_2, mod_97
from agent.scoring.pii.keccak import keccak_256
from agent.scoring.pii.numbering_plans import is_national, is_on_plan


def test_checksums() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert mod_11_2("11010519491231002X")
    assert not mod_11_2("110105194912310021")
    assert mod_97("GB82WEST12345698765432")
    assert not mod_97("GB82WEST12345698765433")


def test_keccak_is_that_of_ethereum_and_not_sha_3() -> None:
    empty = "c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470"
    assert keccak_256(b"").hex() == empty
    assert keccak_256(b"transfer(address,uint256)").hex().startswith("a9059cbb")  # the selector of every ERC-20 token


def test_numbering_plans() -> None:
    assert is_on_plan("442079460958") is True
    assert is_on_plan("440000000000") is None  # the right length, no such number
    assert is_on_plan("0123456789") is False
    assert is_national("02079460958", ("GB",))
    assert not is_national("02079460958", ("FR",))
