"""agent.scoring.guard_labels: which labels mean an attack, under the names that guard checkpoints use."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.scoring.guard_labels import attack_labels


@pytest.mark.parametrize(
    ("names", "places"),
    [
        (("LABEL_0", "LABEL_1"), (1,)),
        (("BENIGN", "INJECTION", "JAILBREAK"), (1, 2)),
        (("SAFE", "INJECTION"), (1,)),
        (("LEGIT", "INJECTION"), (1,)),
        (("benign", "injection"), (1,)),
        (("benign", "jailbreak"), (1,)),
        (("jailbreak", "benign"), (0,)),
        (("safe", "prompt-injection"), (1,)),
        (("MALICIOUS", "BENIGN"), (0,)),
        # Of two, the one that is not harmless, whatever it is called.
        (("normal", "rule breaking"), (1,)),
        (("No Injection", "Direct Injection", "Indirect Injection"), (1, 2)),
    ],
)
def test_known_names(names: Sequence[str], places: tuple[int, ...]) -> None:
    assert attack_labels(names) == places


@pytest.mark.parametrize(
    "names",
    [
        ("LABEL_0", "LABEL_1", "LABEL_2"),
        ("neutral", "hate", "offensive"),
        ("benign", "injection", "spam"),
        ("toxic", "rude"),
        ("safe", "benign"),
        ("benign",),
        (),
    ],
)
def test_names_that_say_nothing_about_attacks(names: Sequence[str]) -> None:
    assert attack_labels(names) is None
