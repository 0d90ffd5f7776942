"""What must not be loaded: heavy packages before a scorer needs them."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = (
    "torch",
    "transformers",
    "detoxify",
    "alibi_detect",
    "faust",
    "sklearn",
    "matplotlib",
    "opendp",
    "pyarrow",
    "cryptography",
    "ffx",
)


@pytest.mark.parametrize(
    "statement",
    [
        "import agent",
        "import agent.pipeline",
        "import agent.drift; [agent.drift.detector_class(name) for name in agent.drift.DETECTORS]",
        "import agent.scoring; [agent.scoring.load_scorer(n, {}) for n in ('pii', 'toxicity', 'adversarial')]",
        "import agent.scoring; "
        "agent.scoring.load_scorer('toxicity', {'checkpoint': 'x'}, 'detoxify'); "
        "agent.scoring.load_scorer('toxicity_zh', {'model': 'x', 'labels': {'a': 'b'}}, 'transformers')",
        "from streams.cli import main\ntry:\n    main(['--help'])\nexcept SystemExit:\n    pass",
        "import streams.worker",
        "import streams.commands.evaluate, streams.commands.calibrate",
        "import streams.commands.assess",
        "import streams.commands.probe, streams.served.torch_model, agent.probe.perturbations as p; "
        "[p.perturbation(name) for name in p.PERTURBATIONS]",
        "import streams.commands.probe, agent.probe.bias; "
        "[agent.probe.bias.benchmark_class(name) for name in agent.probe.bias.BENCHMARKS]",
        "import streams.commands.anonymize",
        "from agent.assess.policy import load_policy; load_policy('research')",
        "import streams.demo.conduct",
    ],
)
def test_heavy_packages_are_not_loaded(statement: str) -> None:
    program = f"{statement}\nimport sys\nprint([name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_a_probe_begins_without_the_pipeline_and_without_http() -> None:
    """Each of the two takes longer than everything else that the command loads before it knows what is asked of it."""
    program = "import streams.commands.probe, sys; print({'agent.pipeline', 'aiohttp'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
