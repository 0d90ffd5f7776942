"""Passes padded to a recorded size: what can be checked of them without a GPU."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.layer("models")


@pytest.mark.parametrize(
    ("budget", "smallest", "largest"),
    [
        (1, 256, 256),
        (256, 256, 256),
        (257, 256, 512),
        (16_384, 256, 16_384),
        (17_000, 256, 20_480),
        (1 << 20, 256, 32_768),
    ],
)
def test_every_pass_within_the_budget_has_a_size_of_its_own(budget: int, smallest: int, largest: int) -> None:
    from agent.scoring.encoders.recorded import sizes_up_to

    sizes = sizes_up_to(budget)
    assert (sizes[0], sizes[-1]) == (smallest, largest)
    assert sizes == sorted(set(sizes))


class Pass:
    """Room, and nothing else: a recording needs a GPU."""

    def __init__(self, encoder: Any, device: Any, tokens: int, texts: int, longest: int, pool: Any) -> None:
        self.tokens, self.texts = tokens, texts


def test_the_smallest_recording_that_holds_a_pass_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    from agent.scoring.encoders import recorded

    monkeypatch.setattr(recorded, "RecordedPass", Pass)
    monkeypatch.setattr(torch.cuda, "graph_pool_handle", lambda: None)
    recordings = recorded.Recordings(None, torch.device("cpu"), 512, 16_384)  # type: ignore[arg-type]
    rng = np.random.default_rng(4)
    for _ in range(500):
        tokens = int(rng.integers(1, 17_000))
        texts = int(rng.integers(1, tokens // 3 + 2))
        found = recordings.fitting(tokens, texts)
        if found is None:
            assert tokens > 16_384 or texts > tokens // 4
        else:
            assert found.tokens >= tokens and found.texts >= texts
            assert found.tokens == min(size for size in recorded.sizes_up_to(16_384) if size >= tokens)
    roomy = recordings.fitting(256, 6)
    assert roomy is not None and roomy.texts == 16
