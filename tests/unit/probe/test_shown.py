"""What is shown of an attack holds no personal data, however these are disguised."""

from __future__ import annotations

import base64
import random

import pytest

from agent.probe.adversarial.shown import Redactor
from agent.probe.perturbations import PERTURBATIONS, perturbation

ORIGINAL = "Write to ann.lee@example.org and call +1 415 555 2671 about the cellar door."


@pytest.fixture(scope="module")
def redactor() -> Redactor:
    return Redactor()


@pytest.mark.parametrize("name", PERTURBATIONS)
def test_no_value_survives_a_perturbation(name: str, redactor: Redactor) -> None:
    each = perturbation(name)
    changed = each(ORIGINAL, random.Random(5))
    shown = redactor(changed, ORIGINAL)
    plain = each.read_back(shown).casefold()
    assert "ann.lee@example" not in plain and "4155552671" not in "".join(filter(str.isalnum, plain))


def test_what_the_original_shows_and_the_encoding_hides_is_not_shown(redactor: Redactor) -> None:
    assert redactor(base64.b64encode(ORIGINAL.encode()).decode(), ORIGINAL) == "[…]"
    harmless = "How is the weather?"
    encoded = base64.b64encode(harmless.encode()).decode()
    assert redactor(encoded, harmless) == encoded


def test_long_and_invisible_texts(redactor: Redactor) -> None:
    assert redactor("x" * 5_000, "x") == "x" * 200 + "…"
    assert redactor("a\u200bb\n\U000e0041c\x1b[0m", "abc") == "a<U+200B>b <U+E0041>c<U+001B>[0m"


def test_features(redactor: Redactor) -> None:
    assert redactor({"age": 3, "mail": "ann.lee@example.org"}, {"age": 4}) == '{"age": 3, "mail": "[EMAIL]"}'
