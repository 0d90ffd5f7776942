"""Rights given and taken away at a broker that has an authorizer, by somebody who may do anything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kafka.admin import (
    ACL,
    ACLFilter,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourcePatternFilter,
    ResourceType,
)

from streams.access.acls import Right

from .base import admin_client

__all__ = ["grant", "take_away"]


def grant(bootstrap: str, principal: str, rights: Iterable[Right]) -> None:
    """Allow all of these."""
    with admin_client(bootstrap) as client:
        client.create_acls([ACL(principal, "*", *_asked(right), _resource(right, ResourcePattern)) for right in rights])


def take_away(bootstrap: str, principal: str, rights: Iterable[Right]) -> None:
    """Delete what `grant` gave."""
    with admin_client(bootstrap) as client:
        client.delete_acls(
            [ACLFilter(principal, "*", *_asked(right), _resource(right, ResourcePatternFilter)) for right in rights]
        )


def _asked(right: Right) -> tuple[ACLOperation, ACLPermissionType]:
    return ACLOperation[right.operation], ACLPermissionType.ALLOW


def _resource(right: Right, shape: Any) -> Any:
    kind = ResourceType.TOPIC if right.kind == "topic" else ResourceType.GROUP
    pattern = ACLResourcePatternType.PREFIXED if right.prefixed else ACLResourcePatternType.LITERAL
    return shape(kind, right.name, pattern)
