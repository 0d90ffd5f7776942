"""The table of commands, and exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

from agent.config import CoreConfig
from agent.errors import ConfigError
from streams.cli import COMMANDS, main
from streams.commands.score import _without_drift


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_can_be_asked_for_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([name, "--help"])
    assert ended.value.code == 0
    assert COMMANDS[name].summary.split(";")[0].split(":")[0] in " ".join(capsys.readouterr().out.split())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_the_two_functions(name: str) -> None:
    module = import_module(COMMANDS[name].module)
    assert callable(module.add_arguments)
    assert callable(module.run)


def test_without_a_command_help_goes_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert "demo" in captured.err


def test_a_worker_that_starts_or_ends_survives_sighup(tmp_path: Path) -> None:
    file = tmp_path / "harmwatch.yaml"
    os.mkfifo(file)
    command = [sys.executable, "-m", "streams.cli", "run", "--config", str(file)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as starting:
        # The pipe opens when the worker reads its file: it has begun, and its own handler is not there yet.
        with file.open("w") as pipe:
            starting.send_signal(signal.SIGHUP)
            pipe.write("no_such_section: 1\n")
        said = starting.communicate(timeout=60.0)[1]
    assert starting.returncode == 2 and "no_such_section" in said


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out.startswith("harmwatch 0.")


@pytest.mark.parametrize("moment", ["add_arguments", "run"])
def test_an_interrupt_is_one_line_whenever_it_comes(
    moment: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupt(_: object) -> int:
        raise KeyboardInterrupt

    monkeypatch.setattr(f"{COMMANDS['schema'].module}.{moment}", interrupt)
    assert main(["schema"]) == 1
    assert capsys.readouterr().err == "harmwatch schema: interrupted\n"


def test_score_embeds_nothing_for_drift_but_reads_its_configuration(tmp_path: Path) -> None:
    config = CoreConfig.model_validate({"drift": {"enabled": True, "embeddings": {"encoder": "built_in"}}})
    assert not _without_drift(config).drift.enabled
    for drift in ({"embeddings": {"encoder": "/nowhere"}}, {"reference": str(tmp_path / "nothing.json")}):
        with pytest.raises(ConfigError, match=r"nowhere|nothing"):
            _without_drift(CoreConfig.model_validate({"drift": {"enabled": True, **drift}}))
