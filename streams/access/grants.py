"""What an operator of Kafka runs or applies to grant a worker exactly what it uses."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

import yaml

from streams.access.acls import Right

__all__ = ["acl_commands", "grant_command", "strimzi_user"]

_TOOL = "kafka-acls.sh --bootstrap-server {brokers} --command-config admin.properties --add"
_STRIMZI = {"READ": "Read", "WRITE": "Write", "CREATE": "Create", "ALTER": "Alter",
            "DESCRIBE_CONFIGS": "DescribeConfigs"}  # fmt: skip


def acl_commands(rights: Iterable[Right], principal: str, brokers: str) -> list[str]:
    """One command of Kafka's own tool for each resource."""
    return [
        f"{_TOOL.format(brokers=shlex.quote(brokers))} --allow-principal {shlex.quote(principal)} "
        + _what(first, operations)
        for first, operations in _by_resource(rights)
    ]


def grant_command(right: Right, principal: str) -> str:
    """The part that matters of the command that grants one right."""
    return f"kafka-acls.sh --add --allow-principal {shlex.quote(principal)} {_what(right, [right.operation])}"


def strimzi_user(rights: Iterable[Right], principal: str) -> str:
    """A KafkaUser with these ACLs, YAML. Its authentication is a guess that its comment names."""
    name = principal.removeprefix("User:")
    by_certificate = name.startswith("CN=")
    resource = {
        "apiVersion": "kafka.strimzi.io/v1",
        "kind": "KafkaUser",
        "metadata": {
            "name": name.removeprefix("CN=").split(",")[0],
            "labels": {"strimzi.io/cluster": "my-cluster"},
        },
        "spec": {
            "authentication": {"type": "tls" if by_certificate else "scram-sha-512"},
            "authorization": {
                "type": "simple",
                "acls": [
                    {
                        "resource": {
                            "type": first.kind,
                            "name": first.name,
                            "patternType": "prefix" if first.prefixed else "literal",
                        },
                        "operations": [_STRIMZI[operation] for operation in operations],
                    }
                    for first, operations in _by_resource(rights)
                ],
            },
        },
    }
    text: str = yaml.safe_dump(resource, sort_keys=False)
    return text


def _by_resource(rights: Iterable[Right]) -> list[tuple[Right, list[str]]]:
    found: dict[tuple[str, str, bool], tuple[Right, list[str]]] = {}
    for right in rights:
        _, operations = found.setdefault((right.kind, right.name, right.prefixed), (right, []))
        operations.append(right.operation)
    return list(found.values())


def _what(right: Right, operations: Iterable[str]) -> str:
    asked = " ".join(f"--operation {_STRIMZI[operation]}" for operation in operations)
    pattern = " --resource-pattern-type prefixed" if right.prefixed else ""
    return f"{asked} --{right.kind} {shlex.quote(right.name)}{pattern}"
