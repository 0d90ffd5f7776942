"""``harmwatch ingest`` as it is called: help, and one line with exit code 2 for what cannot be."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.clock import SystemClock
from streams.cli import main
from streams.courier.spool import Spool


def configured(tmp_path: Path, ingest: str) -> list[str]:
    path = tmp_path / "harmwatch.yaml"
    path.write_text(
        f"kafka: {{bootstrap_servers: '127.0.0.1:1'}}\ningest: {{port: 0, kafka_patience_seconds: 0.1, {ingest}}}\n"
    )
    return ["ingest", "--config", str(path)]


def test_help_says_what_it_is_and_wants(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["ingest", "--help"])
    assert ended.value.code == 0
    assert "--config FILE" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("ingest", "said"),
    [
        ("host: 0.0.0.0", "ingest: host 0.0.0.0 is beyond loopback and has no token"),
        ("host: a..b", "ingest.host: is no host name"),
        ("token: short", "ingest.token"),
        ("token_file: /nowhere", "ingest.token_file: /nowhere cannot be read"),
        ("spool_directory: /dev/null", "spool_directory: /dev/null cannot be used"),
        ("spool_directory: ''", "ingest.spool_directory: must name a folder"),
        ("tls: {cert_file: /nowhere}", "ingest.tls: /nowhere cannot be loaded"),
        ("max_body_bytes: 1", "ingest.max_body_bytes"),
        ("host: 203.0.113.1, token: 'sixteen characters'", "ingest: cannot listen on 203.0.113.1"),
        ("nothing: 1", "ingest.nothing"),
    ],
)
def test_a_wrong_configuration_is_one_line_and_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], ingest: str, said: str
) -> None:
    assert main(configured(tmp_path, ingest)) == 2
    error = capsys.readouterr().err
    (line,) = [each for each in error.splitlines() if each.startswith("harmwatch ingest:")]
    assert said in line
    assert "Traceback" not in error


def test_a_spool_where_others_files_lie_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mode = tmp_path.stat().st_mode
    assert main(configured(tmp_path, f"spool_directory: '{tmp_path}', host: 203.0.113.1, token: '{16 * 't'}'")) == 2
    assert "holds files that are no spool's; name a folder of its own" in capsys.readouterr().err
    assert tmp_path.stat().st_mode == mode


def test_a_spool_that_another_process_has_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    spool = Spool(tmp_path / "spool", 1 << 20, SystemClock())
    try:
        assert main(configured(tmp_path, f"spool_directory: '{tmp_path}/spool'")) == 2
        assert "another process uses" in capsys.readouterr().err
    finally:
        spool.close()


def test_a_token_file_is_read_and_must_hold_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "token").write_text("hunter2\n")
    assert main(configured(tmp_path, f"token_file: '{tmp_path}/token'")) == 2
    error = capsys.readouterr().err
    assert "at least 16 characters" in error and "hunter2" not in error
