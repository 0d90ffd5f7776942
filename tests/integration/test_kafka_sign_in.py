"""Ways into a real broker: passwords, certificates, tokens. Every client of ours takes them; a refusal is one line."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from agent.config import validate
from agent.errors import AccessDenied, TransportError
from streams.access.acls import rights_of
from streams.access.clients import token_source
from streams.access.identity import principal_of
from streams.access.probe import knock
from streams.access.watch import AccessWatch
from streams.config import WorkerConfig
from streams.ports import Message
from streams.worker import Worker
from tests.builders import native
from tests.integration.test_kafka_acls import at_work, until
from tests.integration.test_worker import publish, values

if TYPE_CHECKING:
    from tests.brokers.secured import SecuredKafka

CLIENT, SECRET = "svc one", "s3cret%/&+ of the client"


@pytest.fixture(scope="module", autouse=True)
def known(secured: SecuredKafka) -> None:
    """Who comes in."""
    secured.provider.clients[CLIENT] = SECRET
    secured.add_user("worker", "SCRAM-SHA-256", "SCRAM-SHA-512")


def write(path: Path, text: str) -> str:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return str(path)


def by_client(cluster: SecuredKafka, protocol: str = "SASL_SSL", **over: Any) -> dict[str, Any]:
    return {
        **cluster.listener(protocol),
        "sasl_mechanism": "OAUTHBEARER",
        "oauth_token_url": f"{cluster.provider.url}/token",
        "oauth_client_id": CLIENT,
        "oauth_client_secret": SECRET,
        **over,
    }


def by_token(cluster: SecuredKafka, folder: Path, token: str) -> dict[str, Any]:
    file = write(folder / "token", token)
    return {**cluster.listener("SASL_SSL"), "sasl_mechanism": "OAUTHBEARER", "oauth_token_file": file}


def password_in_file(cluster: SecuredKafka, folder: Path) -> dict[str, Any]:
    section = cluster.scram("worker", tls=True)
    section["sasl_password_file"] = write(folder / "password", section.pop("sasl_password") + "\n")
    return section


def locked_key(cluster: SecuredKafka, folder: Path) -> dict[str, Any]:
    pair = cluster.authority.sign("locked", password="of the key")
    return cluster.certified(pair) | {"ssl_key_password_file": write(folder / "key-password", "of the key")}


WAYS: dict[str, Callable[[SecuredKafka, Path], dict[str, Any]]] = {
    "scram-256": lambda c, _: c.scram("worker", "SCRAM-SHA-256"),
    "scram-512-tls": lambda c, _: c.scram("worker", "SCRAM-SHA-512", tls=True),
    "password-file": password_in_file,
    "plain-tls": lambda c, _: c.scram("plain", "PLAIN", tls=True),
    "client-credentials": lambda c, _: by_client(c),
    "token-file": lambda c, folder: by_token(c, folder, c.provider.token("bearer")),
    "certificate": lambda c, _: c.certified(c.authority.sign("client")),
    "locked-key": locked_key,
}


def configured(cluster: SecuredKafka, kafka: dict[str, Any]) -> tuple[WorkerConfig, WorkerConfig]:
    """For the worker, and for the tests; topics and groups of its own."""
    name = f"s-{uuid.uuid4().hex[:8]}"
    topics = {key: f"{name}.{key}" for key in ("labels", "verdicts", "evidence", "panes", "decisions", "dlq", "audit",
                                               "feedback")}  # fmt: skip
    plain = {
        "topics": {"events": [f"{name}.events"], "replication_factor": 1, "verdict_partitions": 1, **topics},
        "tap": {"commit_interval_seconds": 0.1, "sink_patience_seconds": 60.0},
        "scorers": {"pii": {}},
        "web": {"port": 0},
    }
    who = {"group_id": name, "worker_name": "w1", "session_timeout_seconds": 6.0}
    mine, open_to_all = (
        validate(WorkerConfig, {**plain, "kafka": section | who}, "test")
        for section in (kafka, cluster.listener("PLAINTEXT"))
    )
    cluster.create_topic(f"{name}.events", 2)
    return mine, open_to_all


async def taken(worker: Worker, count: int) -> None:
    await until(lambda: sum(worker.tap.committed.values()) == count)


@pytest.mark.parametrize("way", WAYS)
async def test_a_worker_comes_in_and_works_with_every_client_that_it_has(
    secured: SecuredKafka, way: str, tmp_path: Path
) -> None:
    config, open_to_all = configured(secured, WAYS[way](secured, tmp_path))
    principal = principal_of(config.kafka)
    assert "<" not in principal
    secured.grant(principal, rights_of(config))
    events = [Message(config.topics.events[0], b"m", native(f"r-{n}"), partition=n % 2) for n in range(10)]
    async with at_work(config) as (worker, _):
        await publish(open_to_all, events)
        await taken(worker, 10)
        # Faust's client as well.
        await until(lambda: sum(r.results["harm"].events for r in worker.status.fleet.total_measurements()) == 10)
    assert len(await values(open_to_all, config.topics.verdicts, 1)) == 20


def moved(section: dict[str, Any], port: int) -> dict[str, Any]:
    return section | {"bootstrap_servers": f"127.0.0.1:{port}"}


WRONG: dict[str, tuple[Callable[[SecuredKafka, Path], dict[str, Any]], str]] = {
    "password": (
        lambda c, _: c.scram("worker") | {"sasl_password": "another-d41d8c"},
        r"does not accept user worker with this password: check kafka.sasl_username and sasl_password",
    ),
    "user": (lambda c, _: c.scram("nobody"), "does not accept user nobody with this password"),
    "plain": (
        lambda c, _: c.scram("plain", "PLAIN") | {"sasl_password": "another-d41d8c"}, "does not accept user plain",
    ),
    "client": (
        lambda c, _: by_client(c, oauth_client_secret="another-d41d8c"),
        r"the provider gives no token \(HTTP 401\); check oauth_client_id, oauth_client_secret",
    ),
    "token-expired": (
        lambda c, folder: by_token(c, folder, c.provider.token("bearer", life_seconds=-120.0)),
        "does not accept the token: expired, or of another audience or issuer",
    ),
    "token-audience": (
        lambda c, folder: by_token(c, folder, c.provider.token("bearer", audience="another")),
        "does not accept the token",
    ),
    "token-missing": (
        lambda c, folder: by_token(c, folder, "x") | {"oauth_token_file": str(folder / "nothing")},
        r"kafka.oauth_token_file: the file cannot be read \(No such file or directory\)",
    ),
    "certificate-expired": (
        lambda c, _: c.certified(c.authority.sign("client", days=-1)),
        r"refuses our certificate .*that of kafka.ssl_cert_file expired on 20\d\d-\d\d-\d\d, renew it",
    ),
    "certificate-foreign": (
        lambda c, _: c.certified(c.foreign.sign("client")),
        "refuses our certificate .*by an authority that the broker trusts",
    ),
    "no-certificate": (
        lambda c, _: c.listener("SSL"),
        "refuses who shows no certificate .*set kafka.ssl_cert_file and kafka.ssl_key_file",
    ),
    "key-locked": (
        lambda c, _: c.certified(c.authority.sign("client", password="x")),
        "no PEM file, or the key's password is wrong or missing",
    ),
    "key-of-another": (
        lambda c, _: c.certified(c.authority.sign("client")) | {"ssl_key_file": str(c.foreign.sign("client").key)},
        "the key is not that of the certificate",
    ),
    "authority": (
        lambda c, _: c.scram("worker", tls=True) | {"ssl_ca_file": str(c.foreign.path)},
        "the certificate of .* is not trusted .*kafka.ssl_ca_file",
    ),
    "host-name": (
        lambda c, _: c.scram("worker", tls=True) | {"bootstrap_servers": f"localhost:{c.sasl_ssl_port}"},
        "is not for localhost: name the broker in kafka.bootstrap_servers as its certificate does",
    ),
    "plaintext-to-sasl": (lambda c, _: moved(c.listener("PLAINTEXT"), c.sasl_port), "as a listener with SASL"),
    "plaintext-to-tls": (lambda c, _: moved(c.listener("PLAINTEXT"), c.ssl_port), "as a listener with TLS"),
    "tls-to-plaintext": (lambda c, _: moved(c.scram("worker", tls=True), c.sasl_port), "as a listener without TLS"),
    "sasl-to-plaintext": (
        lambda c, _: moved(c.scram("worker"), int(c.bootstrap.rpartition(":")[2])), "is a listener without SASL",
    ),
    "sasl-to-tls": (lambda c, _: moved(c.scram("worker"), c.ssl_port), "as a listener with TLS"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
async def test_who_is_refused_is_told_why_in_one_line(secured: SecuredKafka, case: str, tmp_path: Path) -> None:
    section, expected = WRONG[case]
    config = validate(WorkerConfig, {"kafka": section(secured, tmp_path)}, "test")
    with pytest.raises(AccessDenied, match=expected) as raised:
        await knock(config.kafka)
    assert "\n" not in str(raised.value) and "another-d41d8c" not in str(raised.value)


@pytest.mark.parametrize("case", ["password", "certificate-expired", "authority", "plaintext-to-tls", "token-expired"])
def test_the_command_ends_with_2_and_one_line_without_a_secret(
    secured: SecuredKafka, case: str, tmp_path: Path
) -> None:
    section, expected = WRONG[case]
    file = tmp_path / "harmwatch.yaml"
    plain = {"kafka": section(secured, tmp_path), "scorers": {"pii": {}}, "web": {"port": 0}}
    write(file, yaml.safe_dump(plain))
    command = [sys.executable, "-m", "streams.cli", "run", "--config", str(file)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == 2, ended.stderr
    (line,) = [each for each in ended.stderr.splitlines() if each.startswith("harmwatch run: ")]
    assert "Traceback" not in ended.stderr
    assert not [secret for secret in ("another-d41d8c", secured.password) if secret in ended.stderr + ended.stdout]
    assert re.search(expected, line)


async def test_nobody_at_home_is_no_refusal(secured: SecuredKafka) -> None:
    config = validate(WorkerConfig, {"kafka": moved(secured.scram("worker"), 1)}, "test")
    with pytest.raises(TransportError, match=r"no broker answers at 127\.0\.0\.1:1") as raised:
        await knock(config.kafka)
    assert not isinstance(raised.value, AccessDenied)


async def test_one_broker_that_lets_us_in_is_enough(secured: SecuredKafka) -> None:
    ports = (1, secured.ssl_port, secured.sasl_port)
    servers = ",".join(f"127.0.0.1:{port}" for port in ports)
    config = validate(WorkerConfig, {"kafka": secured.scram("worker") | {"bootstrap_servers": servers}}, "test")
    await knock(config.kafka)


async def test_a_token_is_fetched_once_for_all_clients_and_anew_before_it_ends(secured: SecuredKafka) -> None:
    config = validate(WorkerConfig, {"kafka": by_client(secured, oauth_scope="once")}, "test").kafka
    before = secured.provider.asked
    for _ in range(5):
        await knock(config)
    assert secured.provider.asked == before + 1
    assert token_source(config) is token_source(config.model_copy())


async def test_a_worker_goes_on_when_it_is_refused_later_and_says_why(
    secured: SecuredKafka, caplog: pytest.LogCaptureFixture
) -> None:
    """The password is changed at the broker and back, and all connections are cut: nothing is lost."""
    name = f"u-{uuid.uuid4().hex[:8]}"
    secured.add_user(name)
    config, open_to_all = configured(secured, secured.scram(name))
    secured.grant(f"User:{name}", rights_of(config))
    events = [Message(config.topics.events[0], b"m", native(f"r-{n}"), partition=n % 2) for n in range(20)]
    async with at_work(config) as (worker, task):
        await publish(open_to_all, events[:10])
        await taken(worker, 10)
        await asyncio.to_thread(lambda: secured.add_user(name, password="changed-at-the-broker"))
        await asyncio.to_thread(secured.stop_broker, 0)
        await asyncio.to_thread(secured.start_broker, 0)
        await publish(open_to_all, events[10:])
        await until(lambda: worker.contact.silent)
        assert await AccessWatch(config, worker.contact).look()
        assert not task.done()
        await asyncio.to_thread(lambda: secured.add_user(name))
        await taken(worker, 20)
    told = [r.getMessage() for r in caplog.records if r.getMessage().startswith("kafka_access_denied")]
    assert f"does not accept user {name} with this password" in told[0]
    assert not [record for record in caplog.records if secured.password in record.getMessage()]
    judged = {(v["inference_id"], v["direction"]) for v in await values(open_to_all, config.topics.verdicts, 1)}
    assert judged == {(f"r-{n}", direction) for n in range(20) for direction in ("input", "output")}


async def test_a_new_certificate_is_taken_with_the_next_connection(secured: SecuredKafka, tmp_path: Path) -> None:
    """The old one has ended, so that who still showed it would stay outside."""
    folder = tmp_path / "mounted"
    folder.mkdir()
    files = {"ssl_cert_file": str(folder / "tls.crt"), "ssl_key_file": str(folder / "tls.key")}

    def put(pair: Any) -> None:
        (folder / "tls.key").write_bytes(pair.key.read_bytes())
        (folder / "tls.crt").write_bytes(pair.certificate.read_bytes())

    put(secured.authority.sign("rotating", days=1))
    config, open_to_all = configured(secured, secured.listener("SSL") | files)
    secured.grant("User:CN=rotating", rights_of(config))
    events = [Message(config.topics.events[0], b"m", native(f"r-{n}"), partition=n % 2) for n in range(20)]
    async with at_work(config) as (worker, task):
        await publish(open_to_all, events[:10])
        await taken(worker, 10)
        put(secured.foreign.sign("rotating"))
        with pytest.raises(AccessDenied):
            await knock(config.kafka)
        put(secured.authority.sign("rotating", days=40))
        await asyncio.to_thread(secured.stop_broker, 0)
        await asyncio.to_thread(secured.start_broker, 0)
        await publish(open_to_all, events[10:])
        await taken(worker, 20)
        assert not task.done()


def doctor(config: WorkerConfig, folder: Path, *more: str) -> tuple[int, dict[str, Any], str]:
    file = folder / "doctor.yaml"
    kafka = config.kafka.model_dump(mode="json", exclude_none=True)
    for key in ("sasl_password", "ssl_key_password", "oauth_client_secret"):
        if (secret := getattr(config.kafka, key)) is not None:
            kafka[key] = secret.get_secret_value()
    plain = {
        "kafka": kafka,
        "topics": config.topics.model_dump(mode="json"),
        "scorers": {"pii": {}},
        "web": {"port": 0},
    }
    write(file, yaml.safe_dump(plain))
    command = [sys.executable, "-m", "streams.cli", "doctor", "--json", "--config", str(file), *more]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert "Traceback" not in ended.stderr
    return ended.returncode, json.loads(ended.stdout or "{}"), ended.stdout + ended.stderr


def test_doctor_tells_certificates_modes_and_rights(secured: SecuredKafka, tmp_path: Path) -> None:
    pair = secured.authority.sign("seen", days=10)
    pair.key.chmod(0o644)
    config, _ = configured(secured, secured.certified(pair))
    rights = rights_of(config)
    evidence = next(right for right in rights if right.name == config.topics.evidence and right.operation == "WRITE")
    secured.grant("User:CN=seen", [right for right in rights if right != evidence])
    code, told, text = doctor(config, tmp_path)
    assert code == 1
    checks = {check["name"]: check for check in told["checks"]}
    assert checks["kafka.ssl_key_file"]["outcome"] == "warning" and "mode 0644" in checks["kafka.ssl_key_file"]["found"]
    assert checks["kafka.ssl_cert_file"]["found"].endswith("days") and checks["kafka.ssl_cert_file"]["mend"]
    assert checks["kafka.ssl_ca_file"]["outcome"] == "ok"
    assert checks["broker's certificate"]["outcome"] in ("ok", "warning")
    missing = [name for name in checks if name.startswith("right ")]
    assert missing == [f"right {evidence}"]
    assert checks[missing[0]]["outcome"] == "failed"
    assert checks[missing[0]]["mend"] == (
        f"kafka-acls.sh --add --allow-principal User:CN=seen --operation Write --topic {evidence.name}"
    )
    assert f"topic {evidence.name}" not in checks
    secured.grant("User:CN=seen", [evidence])
    code, told, text = doctor(config, tmp_path)
    assert code == 0, text
    assert {check["name"]: check for check in told["checks"]}["rights"]["found"].startswith("User:CN=seen: nothing is")


def test_the_acls_that_doctor_prints_are_enough(secured: SecuredKafka, tmp_path: Path) -> None:
    """Its own words, given to Kafka's own tool."""
    secured.add_user("printed")
    config, _ = configured(secured, secured.scram("printed"))
    code, told, _ = doctor(config, tmp_path, "--acls")
    assert code == 0 and told["principal"] == "User:printed"
    secured.run_commands(told["commands"])
    code, told, text = doctor(config, tmp_path)
    assert code == 0, text
    assert {check["name"]: check for check in told["checks"]}["rights"]["outcome"] == "ok"


async def test_nothing_shows_a_secret(secured: SecuredKafka, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, "streams")
    for section in (by_client(secured), secured.scram("worker")):
        config = validate(WorkerConfig, {"kafka": section}, "test")
        await knock(config.kafka)
        shown = repr(config) + str(config.kafka) + caplog.text
        assert SECRET not in shown and secured.password not in shown
