"""``harmwatch evaluate`` of a scorer behind a screen."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from streams.cli import main
from tests.unit.quality.builders import TOXIC_ROWS, write


def result(capsys: pytest.CaptureFixture[str], *words: str) -> dict[str, Any]:
    assert main([words[0], "--json", "--quiet", *words[1:]]) == 0
    figures: dict[str, Any] = json.loads(capsys.readouterr().out)
    return figures


def test_a_cascade_is_measured_as_production_runs_it_and_tells_how_much_it_has_seen(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    toxic = write(tmp_path / "toxic.jsonl", TOXIC_ROWS)
    config = tmp_path / "harmwatch.yaml"
    config.write_text("scorers:\n  toxicity: {cascade: {screen: ngrams, threshold: 0.5, audit_share: 1}}\n")
    whole = result(capsys, "evaluate", str(toxic), "--task", "toxicity", "--bootstrap", "0")
    behind = result(capsys, "evaluate", str(toxic), "--task", "toxicity", "--bootstrap", "0", "--config", str(config))
    assert "cascade" not in whole
    seen = behind["cascade"]
    assert seen["texts"] == behind["n"] == sum(one["texts"] for one in seen["by_lang"].values())
    assert 0 < seen["seen"] < seen["texts"] and seen["share_seen"] == seen["seen"] / seen["texts"]
    assert behind["recall"] <= whole["recall"] and behind["scorer_version"] == "builtin@2+screen.ngrams@1"
    assert main(["evaluate", str(toxic), "--task", "toxicity", "--bootstrap", "0", "--config", str(config)]) == 0
    assert f"Behind the screen {seen['share_seen']:.1%} of the texts were seen" in " ".join(
        capsys.readouterr().out.split()
    )
