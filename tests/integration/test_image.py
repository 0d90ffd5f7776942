"""The container image: linted here; built and run where Docker is."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.brokers.layers import find_program

ROOT = Path(__file__).parents[2]
DOCKERFILE = ROOT / "deploy" / "docker" / "Dockerfile"
TAG = "harmwatch:test"
BUILD_SECONDS = 1200.0
CONFINED = ("--rm", "--interactive", "--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--network", "none",
            "--security-opt", "no-new-privileges")  # fmt: skip
EVENT = {"id": "r-1", "model": "m", "input": {"text": "How do I reach Ann?"}, "output": {"text": "ann.lee@example.org"}}


@pytest.mark.layer("hadolint")
def test_hadolint_finds_nothing() -> None:
    done = subprocess.run([find_program("hadolint", ""), DOCKERFILE], capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stdout


@pytest.mark.layer("hadolint")
def test_hadolint_would_find_something(tmp_path: Path) -> None:
    worse = tmp_path / "Dockerfile"
    worse.write_text(DOCKERFILE.read_text(encoding="utf-8") + "RUN apt-get install curl\n", encoding="utf-8")
    done = subprocess.run([find_program("hadolint", ""), worse], capture_output=True, text=True, timeout=60.0)
    assert done.returncode != 0 and "DL3008" in done.stdout


@pytest.fixture(scope="module")
def image() -> Iterator[str]:
    """The CPU image, built from this tree."""
    command = ["docker", "build", "--file", DOCKERFILE, "--target", "cpu", "--tag", TAG, ROOT]
    done = subprocess.run(command, capture_output=True, text=True, timeout=BUILD_SECONDS)
    assert done.returncode == 0, done.stderr[-4000:]
    yield TAG
    subprocess.run(["docker", "image", "rm", "--force", TAG], capture_output=True, timeout=60.0)


def run(image: str, *words: str, entry: str | None = None, given: str = "") -> subprocess.CompletedProcess[str]:
    entrypoint = ("--entrypoint", entry) if entry else ()
    command = ["docker", "run", *CONFINED, *entrypoint, image, *words]
    return subprocess.run(command, input=given, capture_output=True, text=True, timeout=180.0)


@pytest.mark.layer("docker")
@pytest.mark.slow
def test_the_image_scores_without_a_network_on_a_read_only_file_system(image: str) -> None:
    done = run(image, "score", "-", given=json.dumps(EVENT) + "\n")
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    found = {finding["category"] for verdict in verdicts for finding in verdict["findings"]}
    assert "pii.email" in found and not any(verdict["missing"] for verdict in verdicts)


@pytest.mark.layer("docker")
@pytest.mark.slow
def test_the_image_runs_as_nobody_and_cannot_write(image: str) -> None:
    assert run(image, "-u", entry="id").stdout.strip() == "10001"
    assert run(image, "/opt/harmwatch/x", entry="touch").returncode != 0


@pytest.mark.layer("docker")
@pytest.mark.slow
def test_compose_understands_its_file() -> None:
    command = ["docker", "compose", "--file", ROOT / "deploy" / "compose" / "compose.yaml", "config", "--quiet"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60.0)
    assert done.returncode == 0, done.stderr
