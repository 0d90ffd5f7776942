"""What ``harmwatch doctor`` says of our access to Kafka: secrets, certificates, rights; and the ACLs that it prints."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Iterator
from typing import Any, Final, Literal, NamedTuple

from agent.clock import Clock
from agent.errors import ConfigError
from streams.access.acls import Right, rights_of
from streams.access.certificates import certificate_times, day, open_to_others, server_certificate_end
from streams.access.grants import acl_commands, grant_command, strimzi_user
from streams.access.identity import principal_of
from streams.access.tls import FollowingContext
from streams.config import WorkerConfig
from streams.config_kafka import KafkaConfig

__all__ = ["Found", "acls_text", "look_at_access", "look_at_rights"]

_SOON_DAYS: Final = 30
_DAY_SECONDS: Final = 86_400.0
_CONNECT_SECONDS: Final = 5.0


class Found(NamedTuple):
    """As `streams.commands.doctor.Check`."""

    name: str
    outcome: Literal["ok", "warning", "failed"]
    found: str
    mend: str = ""


def look_at_access(kafka: KafkaConfig, clock: Clock) -> list[Found]:
    """What a broker does not say: who else may read our secrets, what is sent in the clear, when certificates end."""
    return [*_secrets(kafka), *_clear(kafka), *_certificates(kafka, clock)]


def _secrets(kafka: KafkaConfig) -> Iterator[Found]:
    for key, path, mode in open_to_others(kafka):
        found = f"{path} has mode {mode}: more than its owner and group may read it, or write it"
        yield Found(key, "warning", found, f"chmod 600 {path} (or 640, for the worker's group)")


def _clear(kafka: KafkaConfig) -> Iterator[Found]:
    if kafka.security_protocol == "SASL_PLAINTEXT" and kafka.sasl_mechanism in ("PLAIN", "OAUTHBEARER"):
        what = "token" if kafka.sasl_mechanism == "OAUTHBEARER" else "password"
        found = f"the {what} is sent in the clear"
        yield Found("kafka.security_protocol", "warning", found, "set SASL_SSL, or a mechanism of SCRAM")
    if kafka.encrypted and not kafka.ssl_check_hostname:
        found = "any certificate of the authority passes for any broker's"
        yield Found("kafka.ssl_check_hostname", "warning", found, "name brokers as their certificates do, set true")


def _certificates(kafka: KafkaConfig, clock: Clock) -> Iterator[Found]:
    if not kafka.encrypted:
        return
    for each in certificate_times(kafka):
        if each.begins > clock.now():
            yield Found(each.key, "failed", f"is valid from {day(each.begins)} on", "check this machine's clock")
        else:
            yield _end(each.key, each.ends, clock, "put a new one in its place; no restart is needed")
    ends = _of_broker(kafka)
    if ends is not None:
        yield _end("broker's certificate", ends, clock, "renew it on the brokers")


def _end(name: str, ends: float, clock: Clock, mend: str) -> Found:
    days = (ends - clock.now()) / _DAY_SECONDS
    if days < 0:
        return Found(name, "failed", f"expired on {day(ends)}", mend)
    if days < _SOON_DAYS:
        return Found(name, "warning", f"expires on {day(ends)}, in {int(days)} days", mend)
    return Found(name, "ok", f"holds until {day(ends)}")


def _of_broker(kafka: KafkaConfig) -> float | None:
    """When the certificate of the first broker that shows one ends; None when none does: why is said elsewhere."""
    try:
        context = FollowingContext.of(kafka)
    except ConfigError:
        return None
    for server in kafka.bootstrap_servers.split(","):
        host, _, port = server.rpartition(":")
        host = host.strip("[]")
        try:
            with (
                socket.create_connection((host, int(port)), _CONNECT_SECONDS) as connection,
                context.wrap_socket(connection, server_hostname=host) as secured,
            ):
                shown: dict[str, Any] = secured.getpeercert() or {}
                return server_certificate_end(shown)
        except (OSError, ssl.SSLError):
            continue
    return None


def look_at_rights(config: WorkerConfig, missing: list[Right]) -> list[Found]:
    """One line for each right that is missing, or one that none is."""
    principal = principal_of(config.kafka)
    if not missing:
        needed = [right for right in rights_of(config) if right.need in ("required", "optional")]
        return [Found("rights", "ok", f"{principal}: nothing is missing of {len(needed)}")]
    return [
        Found(
            f"right {right}",
            "failed" if right.vital else "warning",
            f"{principal} does not have it: {right.purpose}",
            grant_command(right, principal),
        )
        for right in missing
    ]


def acls_text(config: WorkerConfig, principal: str | None, *, as_json: bool) -> str:
    """All that the configuration asks for, as commands of Kafka's own tool and as Strimzi's KafkaUser."""
    rights = rights_of(config)
    who = principal or principal_of(config.kafka)
    commands = acl_commands(rights, who, config.kafka.bootstrap_servers)
    if as_json:
        acls = [
            {
                "resource": right.kind,
                "name": right.name,
                "pattern": "prefixed" if right.prefixed else "literal",
                "operation": right.operation,
                "need": right.need,
                "purpose": right.purpose,
            }
            for right in rights
        ]
        return json.dumps({"principal": who, "acls": acls, "commands": commands, "strimzi": strimzi_user(rights, who)})
    once = "CREATE and ALTER serve to create topics: leave them out where topics are made by others"
    lines = [
        f"# What {who} needs. {once}",
        "# (topics.create_missing: false). READ and WRITE imply DESCRIBE.",
        *commands,
    ]
    return "\n".join([*lines, "", "# The same for Strimzi's user operator:", "---", strimzi_user(rights, who).rstrip()])
