"""What doctor says of configurations of receivers and proxies, with real sockets, files and certificates."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.cli import main
from streams.commands.doctor_edges import look_at_edge
from streams.config import WorkerConfig
from streams.courier.directory import SpoolDirectory
from tests.brokers.ports import free_ports
from tests.certificates import Authority
from tests.tls_server import served
from tests.unit.proxy.test_tls import files

#: Nobody listens there, and it is told at once.
NOWHERE = "127.0.0.1:1"


def look(edge: str, **section: Any) -> dict[str, tuple[str, str, str]]:
    """Outcome, what was found and how to mend it, by name."""
    plain = {"kafka": {"bootstrap_servers": NOWHERE}, edge: section}
    found = look_at_edge(WorkerConfig.model_validate(plain), edge)
    assert all(bool(mend) == (outcome != "ok") for _, outcome, _, mend in found)
    return {name: (outcome, said, mend) for name, outcome, said, mend in found}


@pytest.fixture
def taken() -> Iterator[int]:
    """A port that somebody listens on, and takes every connection there."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


@pytest.mark.parametrize(("edge", "part"), [("ingest", {}), ("proxy", {"upstream": f"http://{NOWHERE}"})])
def test_ports(edge: str, part: dict[str, Any], taken: int, tmp_path: Path) -> None:
    (free,) = free_ports(1)
    pair = Authority(tmp_path).sign("edge")
    token = {"token": "t" * 32} if edge == "ingest" else {}
    assert look(edge, **part, port=free)["port"][0] == "ok"
    outcome, said, mend = look(edge, **part, port=taken)["port"]
    assert outcome == "failed" and str(taken) in said and f"{edge}.port" in mend
    outcome, said, mend = look(edge, **part, **token, host="0.0.0.0", port=free)["port"]
    assert outcome == "warning" and "in the clear" in said and f"{edge}.tls" in mend
    outcome, said, _ = look(edge, **part, **token, host="0.0.0.0", port=free, tls=files(pair))["port"]
    assert outcome == "ok" and "TLS" in said
    outcome, said, _ = look(edge, **part, port=free, tls=files(pair, key_file=tmp_path / "gone"))["port"]
    assert outcome == "failed" and said.startswith(f"{edge}.tls: ")


def test_a_receiver_beyond_loopback_needs_a_token(tmp_path: Path) -> None:
    outcome, said, mend = look("ingest", host="0.0.0.0", port=0)["port"]
    assert outcome == "failed" and "without a token" in said and "token_file" in mend
    (tmp_path / "token").write_text("short")
    outcome, said, _ = look("ingest", host="0.0.0.0", port=0, token_file=tmp_path / "token")["port"]
    assert outcome == "failed" and said.startswith("ingest.token_file") and "short" not in said


def test_spools(tmp_path: Path) -> None:
    outcome, said, mend = look("ingest", port=0)["spool"]
    assert outcome == "warning" and "refused" in said and mend == "set ingest.spool_directory"
    made = tmp_path / "not" / "yet"
    outcome, said, _ = look("ingest", port=0, spool_directory=made)["spool"]
    assert outcome == "ok" and str(made) in said and not made.exists(), "it is looked at, and nothing is made"
    outcome, said, mend = look("ingest", port=0, spool_directory=made, spool_max_bytes=1 << 44)["spool"]
    assert outcome == "warning" and "has room for" in said and "spool_max_bytes" in mend
    (tmp_path / "file").write_text("")
    outcome, said, _ = look("ingest", port=0, spool_directory=tmp_path / "file" / "spool")["spool"]
    assert outcome == "failed" and "cannot be written" in said
    outcome, said, mend = look("ingest", port=0, spool_directory=tmp_path)["spool"]
    assert outcome == "failed" and "files that are no spool's" in said and "of its own" in mend
    (tmp_path / "open").mkdir()
    (tmp_path / "open").chmod(0o777)
    outcome, said, mend = look("ingest", port=0, spool_directory=tmp_path / "open")["spool"]
    assert outcome == "warning" and "everybody may write" in said and mend == f"chmod 700 {tmp_path}/open"
    tap = look("proxy", port=0, upstream=f"http://{NOWHERE}", tap={"spool_directory": made})
    assert tap["spool"][0] == "ok"


@pytest.mark.parametrize(("edge", "outcome"), [("ingest", "failed"), ("proxy", "warning")])
def test_a_spool_that_a_process_holds(edge: str, outcome: str, tmp_path: Path) -> None:
    spool = tmp_path / "spool"
    part = {"spool_directory": spool}
    section = part if edge == "ingest" else {"upstream": f"http://{NOWHERE}", "tap": part}
    held = SpoolDirectory(spool)
    told, said, mend = look(edge, port=0, **section)["spool"]
    assert (told, said) == (outcome, f"{spool} is in use: another process holds its lock")
    assert "end that one first" in mend
    held.release()
    assert look(edge, port=0, **section)["spool"][0] == "ok"
    # The lock is nobody's after the look.
    SpoolDirectory(spool).release()


def test_the_model_server(taken: int, tmp_path: Path) -> None:
    hurried = {"port": 0, "connect_seconds": 0.2}
    outcome, said, _ = look("proxy", **hurried, upstream=f"http://127.0.0.1:{taken}")["model server"]
    assert outcome == "ok" and "answers" in said, "it may be busy"
    outcome, said, mend = look("proxy", port=0, upstream=f"http://{NOWHERE}")["model server"]
    assert outcome == "warning" and "502" in mend, "it may be started later"
    outcome, said, mend = look("proxy", port=9000, upstream="http://127.0.0.1:9000")["model server"]
    assert outcome == "failed" and "itself" in said and mend == "correct proxy.upstream"


def model_server(upstream: str, **section: Any) -> tuple[str, str, str]:
    return look("proxy", port=0, upstream=upstream, **section)["model server"]


def test_a_model_server_whose_certificate_is_not_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    with served(authority.sign("model")) as port:
        upstream = f"https://127.0.0.1:{port}"
        outcome, said, mend = model_server(upstream)
        assert outcome == "failed" and "its certificate is not trusted: " in said and "upstream_ca_file" in mend
        assert model_server(upstream, upstream_ca_file=authority.ca) == ("ok", f"{upstream} answers", "")
    for pair, words, wanted in (
        (authority.sign("old", expired=True), "its certificate has expired", "a new certificate"),
        (authority.sign("elsewhere", host="elsewhere.test"), "is for another host name", "as its certificate does"),
    ):
        with served(pair) as port:
            outcome, said, mend = model_server(f"https://localhost:{port}", upstream_ca_file=authority.ca)
            assert outcome == "failed" and words in said and wanted in mend and "upstream_ca_file" not in mend


def test_a_model_server_that_speaks_tls_and_is_asked_without_and_the_other_way_round(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "ca")
    pair = authority.sign("model")
    for client_ca in (None, authority.ca):
        with served(pair, client_ca) as port:
            outcome, said, mend = model_server(f"http://127.0.0.1:{port}")
            assert outcome == "failed" and "TLS" in said and "https://" in mend
    for status in (200, 400, 404):
        with served(None, status=status) as port:
            assert model_server(f"http://127.0.0.1:{port}") == ("ok", f"http://127.0.0.1:{port} answers", "")
    with served(None) as port:
        outcome, said, mend = model_server(f"https://127.0.0.1:{port}")
        assert outcome == "failed" and "without TLS" in said and "http://" in mend


def test_a_file_of_authorities_that_cannot_be_taken(tmp_path: Path) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name, why in (("gone.pem", "No such file or directory"), ("empty.pem", "no certificate or crl found")):
        path = tmp_path / name
        outcome, said, mend = model_server(f"https://{NOWHERE}", upstream_ca_file=path)
        assert outcome == "failed" and mend == "correct proxy.upstream_ca_file"
        assert said.startswith(f"proxy.upstream_ca_file: {path} cannot be loaded ({why})")


def test_a_tap_that_scores_itself_needs_no_broker() -> None:
    found = look("proxy", port=0, upstream=f"http://{NOWHERE}", tap={"sink": "core"})
    assert found.keys() == {"port", "model server", "tap"}
    assert look("proxy", port=0, upstream=f"http://{NOWHERE}")["broker"][0] == "failed"


def test_the_command_says_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "harmwatch.yaml"
    path.write_text(yaml.safe_dump({"kafka": {"bootstrap_servers": NOWHERE}, "ingest": {"port": 0}}))
    assert main(["doctor", "--config", str(path), "--for", "ingest", "--json"]) == 1
    said = json.loads(capsys.readouterr().out)
    assert said["ok"] is False
    assert {check["name"]: check["outcome"] for check in said["checks"]} == {
        "configuration": "ok",
        "port": "ok",
        "spool": "warning",
        "broker": "failed",
    }
    assert main(["doctor", "--config", str(path), "--for", "proxy", "--acls"]) == 2
    assert "DESCRIBE and WRITE" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["doctor", "--config", str(path), "--for", "nothing"])


@pytest.mark.layer("embedded")
def test_the_topic(embedded_broker: Any) -> None:
    embedded_broker.create_topic("doctor.edges", 2)
    for topic, outcome in (("doctor.edges", "ok"), ("doctor.missing", "failed")):
        plain = {"kafka": {"bootstrap_servers": embedded_broker.bootstrap}, "ingest": {"port": 0, "topic": topic}}
        found = {name: outcome for name, outcome, _, _ in look_at_edge(WorkerConfig.model_validate(plain), "ingest")}
        assert found["broker"] == "ok" and found[f"topic {topic}"] == outcome
