"""Access to Kafka without a broker: configuration, secrets in files, contexts that follow files, tokens, ACLs."""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from agent.clock import ManualClock
from agent.config import validate
from agent.errors import AccessDenied, ConfigError
from streams.access.acls import GROUPS, TOPICS, rights_of
from streams.access.certificates import open_to_others
from streams.access.clients import admin_options, client_options, running_options
from streams.access.grants import acl_commands, strimzi_user
from streams.access.rights import missing_rights
from streams.access.tls import FollowingContext
from streams.access.tokens import TokenError, TokenSource, subject_of
from streams.cli import main
from streams.config import WorkerConfig
from streams.config_kafka import KafkaConfig
from tests.brokers.keys import Authority
from tests.brokers.provider import TokenProvider

ROOT = Path(__file__).resolve().parents[3]
SCRAM = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-512", "sasl_username": "u"}
OAUTH = {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "OAUTHBEARER"}
SECRET = "a-secret-9f8b7c"


def kafka(**section: Any) -> KafkaConfig:
    return validate(KafkaConfig, section, "kafka")


@pytest.mark.parametrize(
    ("section", "told"),
    [
        ({**SCRAM}, "sasl_password, or sasl_password_file"),
        (
            {**SCRAM, "sasl_password": SECRET, "sasl_password_file": "/p"},
            "or sasl_password_file, not both",
        ),
        ({**SCRAM, "sasl_password": SECRET, "oauth_scope": "s"}, "oauth_scope is for sasl_mechanism OAUTHBEARER"),
        ({**OAUTH}, "oauth_token_file, or oauth_token_url"),
        ({**OAUTH, "oauth_token_file": "/t", "oauth_token_url": "https://x/t"}, "one of the two"),
        ({**OAUTH, "oauth_token_url": "https://x/t", "oauth_client_id": "c"}, "oauth_client_secret"),
        ({**OAUTH, "oauth_token_url": "http://x.example/t"}, "must begin with https"),
        ({**OAUTH, "oauth_token_url": "http://localhost.example.com/t"}, "must begin with https"),
        ({**OAUTH, "oauth_token_url": "ftp://x/t"}, "must be a URL"),
        ({"ssl_key_file": "/k"}, "ssl_key_file needs ssl_cert_file"),
    ],
)
def test_half_a_way_in_is_refused_in_one_line(section: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as raised:
        kafka(**section)
    assert told in str(raised.value) and "\n" not in str(raised.value) and SECRET not in str(raised.value)


def test_http_is_for_loopback_alone() -> None:
    for host in ("localhost", "127.0.0.1", "[::1]"):
        url = f"http://{host}:8080/token"
        assert (
            kafka(**OAUTH, oauth_token_url=url, oauth_client_id="c", oauth_client_secret=SECRET).oauth_token_url == url
        )


def test_a_password_comes_out_of_its_file_and_a_changed_one_counts(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(f"  {SECRET}\n")
    config = kafka(**SCRAM, sasl_password_file=str(file))
    for options in (client_options(config), admin_options(config)):
        assert options["sasl_plain_password"] == SECRET
    file.write_text("another")
    assert client_options(config)["sasl_plain_password"] == "another"


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe", b"x" * 70_000])
def test_a_file_without_a_password_is_told_without_its_path(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / SECRET
    if content is not None:
        file.write_bytes(content)
    config = kafka(**SCRAM, sasl_password_file=str(file))
    with pytest.raises(ConfigError, match=r"^kafka\.sasl_password_file: ") as raised:
        client_options(config)
    assert SECRET not in str(raised.value)
    with pytest.raises(AccessDenied):  # which a running worker waits out
        running_options(config)


# -- certificates ----------------------------------------------------------------------------------------------------


def handshake(client: ssl.SSLContext, server: ssl.SSLContext) -> dict[str, Any]:
    """In memory; what the server sees of the client."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname="127.0.0.1")
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(8):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return dict(theirs.getpeercert() or {})


def test_a_context_follows_its_files(tmp_path: Path) -> None:
    (tmp_path / "old").mkdir()
    (tmp_path / "new").mkdir()
    old, new = Authority(tmp_path / "old", "old"), Authority(tmp_path / "new", "new")

    def server(authority: Authority) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pair = authority.sign("broker", address="127.0.0.1")
        context.load_cert_chain(pair.certificate, pair.key)
        context.load_verify_locations(old.path)
        context.load_verify_locations(new.path)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    files = {key: tmp_path / key for key in ("ssl_ca_file", "ssl_cert_file", "ssl_key_file")}

    def put(authority: Authority, name: str) -> None:
        pair = authority.sign(name)
        files["ssl_ca_file"].write_bytes(authority.path.read_bytes())
        files["ssl_key_file"].write_bytes(pair.key.read_bytes())
        files["ssl_cert_file"].write_bytes(pair.certificate.read_bytes())

    put(old, "first")
    config = kafka(security_protocol="SSL", **{key: str(path) for key, path in files.items()})
    context = FollowingContext.of(config)
    assert "first" in str(handshake(context, server(old)))
    put(old, "the-second-one")
    assert "the-second-one" in str(handshake(context, server(old)))
    files["ssl_key_file"].write_text("half a key")
    assert "the-second-one" in str(handshake(context, server(old)))  # in the middle of a rotation
    put(new, "third")
    assert "third" in str(handshake(context, server(new)))
    with pytest.raises(ssl.SSLCertVerificationError):  # an authority that was taken away is trusted no longer
        handshake(context, server(old))


def test_a_locked_key_without_a_password_asks_nobody(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.sign("c", password="x")
    section = {"security_protocol": "SSL", "ssl_cert_file": str(pair.certificate), "ssl_key_file": str(pair.key)}
    with pytest.raises(ConfigError, match="the key's password is wrong or missing"):
        client_options(kafka(**section))
    assert client_options(kafka(**section, ssl_key_password="x"))["ssl_context"].check_hostname is not None


def test_files_of_secrets_that_others_may_read_are_named(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text(SECRET)
    config = kafka(**SCRAM, sasl_password_file=str(file))
    for mode, named in ((0o600, False), (0o640, False), (0o400, False), (0o644, True), (0o660, True), (0o606, True)):
        file.chmod(mode)
        assert [key for key, *_ in open_to_others(config)] == ["kafka.sasl_password_file"] * named


# -- tokens ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def provider() -> Iterator[TokenProvider]:
    with TokenProvider() as made:
        made.clients["c"] = SECRET
        yield made


def source(provider: TokenProvider, clock: ManualClock, **over: Any) -> TokenSource:
    section = {"oauth_token_url": f"{provider.url}/token", "oauth_client_id": "c", "oauth_client_secret": SECRET}
    return TokenSource(kafka(**OAUTH, **(section | over)), clock)


def test_a_token_is_used_for_most_of_its_life(provider: TokenProvider) -> None:
    clock = ManualClock()
    tokens = source(provider, clock)
    assert subject_of(tokens.token()) == "c"
    clock.advance(0.79 * provider.life_seconds)
    tokens.token()
    assert provider.asked == 1
    clock.advance(0.02 * provider.life_seconds)
    tokens.token()
    assert provider.asked == 2


@pytest.mark.parametrize(
    ("status", "refused"), [(400, True), (401, True), (404, False), (429, False), (500, False), (302, False)]
)
def test_a_provider_that_does_not_know_us_is_another_thing_than_one_in_trouble(
    provider: TokenProvider, status: int, refused: bool
) -> None:
    provider.status = status
    with pytest.raises(TokenError, match=f"HTTP {status}") as raised:
        source(provider, ManualClock()).token()
    assert raised.value.refused is refused and SECRET not in str(raised.value)


def test_a_provider_that_is_away_is_no_refusal(provider: TokenProvider) -> None:
    with pytest.raises(TokenError, match="does not answer") as raised:
        source(provider, ManualClock(), oauth_token_url="http://127.0.0.1:1/t").token()
    assert not raised.value.refused


def test_a_token_file_is_read_each_time(tmp_path: Path) -> None:
    file = tmp_path / "token"
    tokens = TokenSource(kafka(**OAUTH, oauth_token_file=str(file)), ManualClock())
    with pytest.raises(TokenError, match="oauth_token_file: the file cannot be read"):
        tokens.token()
    for token in ("one.two.three", "four"):
        file.write_text(f"{token}\n")
        assert tokens.token() == token
    file.write_text("two words")
    with pytest.raises(TokenError, match="holds no token"):
        tokens.token()


@pytest.mark.parametrize("token", ["", "a", "a.b.c", "a.e30.c", "a.W10.c", "a.eyJzdWIiOjF9.c", "...."])
def test_what_is_no_jwt_has_no_subject(token: str) -> None:
    assert subject_of(token) is None


# -- rights ----------------------------------------------------------------------------------------------------------


def worker(**topics: Any) -> WorkerConfig:
    section = {"group_id": "g", "worker_name": "w1"}
    return validate(
        WorkerConfig, {"kafka": section, "topics": {"events": ["e 1".replace(" ", ""), "e2"], **topics}}, "t"
    )


def test_what_is_not_configured_needs_no_right() -> None:
    names = {right.name for right in rights_of(worker(labels=None, audit=None, feedback=None))}
    assert names == {"e1", "e2", "harm.verdicts", "harm.evidence", "harm.panes", "harm.dlq", "g", "g-side-"}
    assert not [right for right in rights_of(worker(create_missing=False)) if right.need == "creation"]


def test_each_topic_of_the_configuration_has_its_row() -> None:
    """A new topic without one would be denied to a worker of least privilege."""
    known = {row.key for row in TOPICS}
    settings = {"formats", "create_missing", "replication_factor", "verdict_partitions"}
    assert known == set(type(worker().topics).model_fields) - settings


class Admin:
    """Answers as kafka-python's admin client does."""

    def __init__(self, topics: dict[str, Any], groups: Any, cluster: Any = ()) -> None:
        self._topics, self._groups, self._cluster = topics, groups, cluster

    def describe_topics(self, names: list[str]) -> list[dict[str, Any]]:
        return [{"name": name, "error_code": 0, "partitions": [1, 2], **self._topics.get(name, {})} for name in names]

    def describe_groups(self, names: list[str]) -> dict[str, Any]:
        return {name: {"error": None, "authorized_operations": self._groups} for name in names}

    def describe_cluster(self) -> dict[str, Any]:
        return {"authorized_operations": self._cluster}


ALL = {"authorized_operations": ["DESCRIBE", "READ", "WRITE", "DESCRIBE_CONFIGS"]}


def asked(config: WorkerConfig, groups: Any = ("DESCRIBE", "READ"), cluster: Any = (), **topics: Any) -> list[str]:
    told = {right.name: topics.get(right.feature.removeprefix("topics."), ALL) for right in rights_of(config)}
    return [str(right) for right in missing_rights(config, Admin(told, groups, cluster))]


def test_only_what_is_told_to_be_missing_is_missing() -> None:
    config = worker()
    assert asked(config) == []
    assert asked(config, groups=None, panes={"authorized_operations": None}) == []  # a broker that does not tell
    assert asked(config, panes={"authorized_operations": ["READ"]}) == []  # nor does one that contradicts itself
    assert asked(config, groups=["DESCRIBE"]) == ["READ on group g", "READ on group g-side-*"]
    assert asked(config, verdicts={"authorized_operations": ["DESCRIBE"]}) == ["WRITE on topic harm.verdicts"]
    assert asked(config, dlq={"error_code": 29}) == ["WRITE on topic harm.dlq"]
    absent = {"error_code": 3, "partitions": [], **ALL}
    assert asked(config, dlq=absent) == ["CREATE on topic harm.dlq"]
    assert asked(config, dlq=absent, cluster=["CREATE"]) == asked(config, dlq=absent, cluster=None) == []
    assert asked(config, panes={**ALL, "partitions": [1]}) == ["ALTER on topic harm.panes"]


def test_the_commands_name_everything_once_and_quote_what_a_shell_would_take_apart() -> None:
    config = worker()
    rights = rights_of(config)
    commands = acl_commands(rights, "User:CN=harm watch,O=a", "h:1")
    assert len(commands) == len({(right.kind, right.name) for right in rights})
    assert all("--allow-principal 'User:CN=harm watch,O=a' " in command for command in commands)
    assert sum(command.count("--operation") for command in commands) == len(rights)
    assert commands[-1].endswith("--operation Read --group g-side- --resource-pattern-type prefixed")
    user = yaml.safe_load(strimzi_user(rights, "User:hw"))
    assert user["metadata"]["name"] == "hw" and user["spec"]["authentication"] == {"type": "scram-sha-512"}
    acls = user["spec"]["authorization"]["acls"]
    assert {"resource": {"type": "group", "name": "g-side-", "patternType": "prefix"}, "operations": ["Read"]} in acls


def test_doctor_prints_them_without_a_broker(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "harmwatch.yaml"
    file.write_text(yaml.safe_dump({"kafka": {**SCRAM, "sasl_password": SECRET, "group_id": "g"}}))
    assert main(["doctor", "--config", str(file), "--acls"]) == 0
    text = capsys.readouterr().out
    assert "--allow-principal User:u" in text and "kind: KafkaUser" in text and SECRET not in text
    assert main(["doctor", "--config", str(file), "--acls", "--json", "--principal", "User:another"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["principal"] == "User:another" and len(told["commands"]) < len(told["acls"])
    assert main(["doctor", "--config", str(file), "--principal", "User:another"]) == 2


def test_the_page_has_the_table() -> None:
    page = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
    needs = {"required": "required", "optional": "optional", "creation": "to create", "doctor": "doctor"}
    rows = [f"| topic `topics.{r.key}` | {r.operation} | {needs[r.need]} | {r.purpose} |" for r in TOPICS]
    rows += [
        f"| group `<group_id>{r.key}`{more} | {r.operation} | {needs[r.need]} | {r.purpose} |"
        for r in GROUPS
        for more in (" and what follows" * bool(r.key),)
    ]
    documented = re.findall(r"^\| (?:topic|group) `.*\|$", page, re.MULTILINE)
    assert documented == rows
