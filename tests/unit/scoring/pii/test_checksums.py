"""Check digits, against the examples of their standards."""

from __future__ import annotations

from agent.scoring.pii.checksums import luhn, mod_11_2, mod_97


def test_checksums() -> None:
    assert luhn("4111111111111111")
    assert not luhn("4111111111111112")
    assert mod_11_2("11010519491231002X")
    assert not mod_11_2("110105194912310021")
    assert mod_97("GB82WEST12345698765432")
    assert not mod_97("GB82WEST12345698765433")
