"""What the shipped classifier says of everyday prompts, of data, and of attacks, none of which it was trained on."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from agent.scoring.adversarial import AdversarialScorer
from tests.unit.scoring.adversarial.everyday import ATTACKS, DATA, FRAMES, HARMLESS, OVERRIDES
from tests.unit.scoring.fake_scorers import make_batch

FACT = {"en": "The path is lit at night.", "zh": "路上有灯。"}


@pytest.fixture(scope="module")
def scorer() -> AdversarialScorer:
    made = AdversarialScorer()
    made.warm_up()
    return made


def flagged(scorer: AdversarialScorer, texts: Sequence[str]) -> list[bool]:
    """Whether each text reaches the default threshold."""
    rows = scorer.score(make_batch(*texts))
    return [row.scores["adversarial"] >= scorer.thresholds["adversarial"] for row in rows]


def test_prompts_of_applications_and_data_are_hardly_ever_flagged(scorer: AdversarialScorer) -> None:
    frames = [frame.replace("{}", FACT[lang]) for lang, frames in FRAMES.items() for frame in frames]
    texts = [*HARMLESS, *DATA, *frames]
    assert sum(flagged(scorer, texts)) <= 0.03 * len(texts)


@pytest.mark.parametrize("lang", sorted(FRAMES))
def test_the_same_prompts_with_an_override_in_them_mostly_are(scorer: AdversarialScorer, lang: str) -> None:
    texts = [frame.replace("{}", order) for frame in FRAMES[lang] for order in OVERRIDES[lang]]
    assert sum(flagged(scorer, texts)) >= 0.7 * len(texts)


def test_short_attacks_rank_above_everyday_prompts_and_half_are_found(scorer: AdversarialScorer) -> None:
    assert sum(flagged(scorer, ATTACKS)) >= 0.5 * len(ATTACKS)
    scores = [row.scores["adversarial"] for row in scorer.score(make_batch(*ATTACKS, *HARMLESS))]
    attacks, harmless = scores[: len(ATTACKS)], scores[len(ATTACKS) :]
    ranked_right = sum(attack > other for attack in attacks for other in harmless)
    assert ranked_right >= 0.95 * len(attacks) * len(harmless)
