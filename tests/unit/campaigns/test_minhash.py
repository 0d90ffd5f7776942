from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from agent.campaigns.minhash import MinHash, _modulo_prime

_PRIME = 2**31 - 1


@given(st.lists(st.integers(0, 2**62 - 1), min_size=1, max_size=50))
def test_the_remainder_is_that_of_a_division(numbers: list[int]) -> None:
    given_numbers = [*numbers, 0, _PRIME, 2 * _PRIME, (_PRIME - 1) ** 2 + _PRIME, 2**62 - 1]
    found = _modulo_prime(np.array(given_numbers, np.uint64))
    assert found.tolist() == [number % _PRIME for number in given_numbers]


def test_a_signature_is_the_least_of_each_hash_function() -> None:
    hasher = MinHash(b"key")
    hashes = hasher.hashes({"ignore", "instructions", "system"})
    assert len(hashes) == 3
    table = [hasher.signature([each]) for each in hashes]
    assert hasher.signature(hashes).tolist() == np.min(table, axis=0).tolist()
