"""The table of commands, and exit codes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Sequence
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


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_of_wrong_usage_the_help_of_the_command_is_named(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    required = {"probe": ["--target", "m:f", "--data", "f"]}
    with pytest.raises(SystemExit) as ended:
        main([name, *required.get(name, []), "--no-such-word", "1"])
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith(f"harmwatch {name}: ") and said.endswith(f"; see 'harmwatch {name} --help'\n")


def test_of_wrong_usage_without_a_command_the_whole_help_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--no-such-word"])
    assert ended.value.code == 2
    assert capsys.readouterr().err == "harmwatch: unrecognized arguments: --no-such-word; see 'harmwatch --help'\n"


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


def _ended(words: Sequence[str], *, closed: int | None = None, stdout: int | None = None) -> tuple[int, str]:
    """Exit code and standard error of a process of its own, with a buffer before its output as users have it."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    shut = ["sh", "-c", f'exec "$@" {closed}>&-', "sh"] if closed is not None else []
    command = [*shut, sys.executable, "-m", "streams.cli", *words]
    with subprocess.Popen(command, env=environment, stdout=stdout, stderr=subprocess.PIPE, text=True) as process:
        if stdout == subprocess.PIPE:
            assert process.stdout is not None
            process.stdout.close()
            process.stdout = None
        said = process.communicate(timeout=60.0)[1]
    return process.returncode, said


@pytest.mark.parametrize("words", [("schema", "--part", "label"), ("schema",), ("--help",)])
def test_output_that_a_full_disk_does_not_take_is_code_1_and_one_line(words: tuple[str, ...]) -> None:
    with Path("/dev/full").open("wb") as full:
        code, said = _ended(words, stdout=full.fileno())
    assert (code, said) == (1, f"harmwatch {words[0]}: No space left on device\n")


@pytest.mark.parametrize("words", [("schema", "--part", "label"), ("schema",), ("--help",)])
def test_a_reader_that_went_away_is_code_1_and_no_message(words: tuple[str, ...]) -> None:
    assert _ended(words, stdout=subprocess.PIPE) == (1, "")


def test_a_file_is_read_where_standard_input_is_closed(tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("a,b\n1,2\n")
    assert _ended(("assess", str(table), "--json"), closed=0, stdout=subprocess.DEVNULL) == (0, "")


def test_closed_standard_output_is_said() -> None:
    code, said = _ended(("schema",), closed=1)
    assert code == 2 and said.startswith("harmwatch schema: standard output")


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


def test_a_disk_that_is_full_while_scorers_work_ends_in_one_line(tmp_path: Path) -> None:
    events = tmp_path / "events.jsonl"
    line = '{"id": "%d", "model": "m", "input": {"text": "Hello %d"}, "output": {"text": "Good day %d"}}\n'
    events.write_text("".join(line % (number, number, number) for number in range(2000)), encoding="utf-8")
    with Path("/dev/full").open("wb") as full:
        code, said = _ended(("score", str(events)), stdout=full.fileno())
    assert code == 1
    assert said.strip() == "harmwatch score: No space left on device"
