"""A torch module as a target: decisions, and gradients that find the way that is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError, TargetError
from agent.probe.pace import Budget, RateLimit
from agent.probe.question import label_mark
from streams.cli import main
from streams.served.torch_model import TorchModel

pytestmark = pytest.mark.layer("models")


def linear(weights: list[list[float]]) -> Any:
    import torch

    module = torch.nn.Linear(len(weights[0]), len(weights), bias=False)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(weights))
    return module


def model(module: Any) -> TorchModel:
    return TorchModel("m:net", module, pace=RateLimit(None, ManualClock()), budget=Budget(None), batch=2)


def test_calls_for_decisions_and_gradients_keep_to_the_rate() -> None:
    waits: list[float] = []
    pace = RateLimit(2.0, ManualClock())
    paced = TorchModel("m:net", linear([[2.0, 0.0]]), pace=pace, budget=Budget(), batch=2, sleep=waits.append)
    rows = [{"a": 1.0, "b": 0.0}] * 3
    assert len(list(paced.classify(rows))) == 3
    paced.input_gradients(rows[:1], [label_mark("1")])
    assert (waits, paced.requests) == ([0.0, 0.5, 1.0], 3)


def test_logits_become_labels_and_probabilities() -> None:
    rows = [{"a": 1.0, "b": 0.0}, {"a": 0.0, "b": 1.0}, {"a": -1.0, "b": 0.0}]
    found = [reply for _, reply in model(linear([[1.0, 0.0], [0.0, 1.0]])).classify(rows)]
    assert [reply.label for reply in found] == ["0", "1", "1"]
    binary = [reply for _, reply in model(linear([[2.0, 0.0]])).classify(rows)]
    assert [reply.label for reply in binary] == ["1", "1", "0"]
    assert binary[0].probabilities == pytest.approx({"1": 0.880797, "0": 0.119203})


def test_gradients_are_those_of_the_cross_entropy() -> None:
    (gradient,) = model(linear([[2.0, -1.0]])).input_gradients([{"a": 0.0, "b": 0.0}], [label_mark("1")])
    # p = 1/2: the loss of the label 1 has the gradient -(1 - p) w.
    assert gradient == pytest.approx([-1.0, 0.5])


def test_texts_and_wrong_shapes_are_refused() -> None:
    with pytest.raises(ConfigError, match="rows of numbers"):
        list(model(linear([[1.0]])).classify(["text"]))
    with pytest.raises(TargetError, match="does it take this many features"):
        list(model(linear([[1.0]])).classify([{"a": 1.0, "b": 2.0}]))


def test_gradients_beat_chance_on_the_command_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Forty features that each matter a little: draws rarely agree on a direction, gradients do."""
    (tmp_path / "net_for_a_test.py").write_text(
        "import torch\nnet = torch.nn.Linear(40, 1, bias=False)\n"
        "with torch.no_grad():\n    net.weight.copy_(torch.ones(1, 40))\n"
    )
    rows = [
        {"id": str(place), "features": {f"x{name}": 0.5 if (place + name) % 2 else -0.42 for name in range(40)}}
        for place in range(30)
    ]
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    monkeypatch.chdir(tmp_path)
    words = ["probe", "--target", "net_for_a_test:net", "--data", "rows.jsonl", "--epsilon", "0.12", "--json"]
    assert main([*words, "--budget", "1"]) == 1  # gradients are requests too
    capsys.readouterr()
    assert main(words) == 0
    found = json.loads(capsys.readouterr().out)
    scores = {name: score["value"] for name, score in found["sets"]["rows"]["scores"].items()}
    assert found["target"] == {"kind": "torch", "name": "net_for_a_test:net"}
    assert scores["fgsm"] == scores["pgd"] == 1.0 and scores["random"] < 1.0
    assert found["sets"]["rows"]["attacks"]["pgd"]["also_known_as"] == ""
