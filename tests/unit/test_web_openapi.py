"""The description of the web port against the server's own routes, methods and roles."""

from __future__ import annotations

import json

import jsonschema
import pytest

from streams.cli import main
from streams.web.openapi import openapi
from tests.unit.test_web_access import GuardedSite, write_tokens

METHODS = {"GET", "POST"}


@pytest.fixture
def site(tmp_path) -> GuardedSite:  # type: ignore[no-untyped-def]
    return GuardedSite(write_tokens(tmp_path / "tokens.yaml", "admin"))


def test_every_route_is_described_and_nothing_else(site: GuardedSite) -> None:
    served = {(path, method) for path, route in site.server.routes.items() for method in route.methods}
    described = {(path, method.upper()) for path, item in openapi()["paths"].items() for method in item}
    assert served == described
    assert {method for _, method in served} == METHODS


def test_roles_are_those_of_the_routes(site: GuardedSite) -> None:
    for path, item in openapi()["paths"].items():
        for method, operation in item.items():
            route = site.server.routes[path]
            role = None if method.upper() in route.public else route.role(method.upper())
            assert operation.get("x-role") == role, (path, method)
            assert operation["security"] == ([] if role is None else [{"token": []}, {"session": []}])


def test_schemas_are_schemas_and_all_references_lead_somewhere() -> None:
    schemas = openapi()["components"]["schemas"]
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    text = json.dumps(openapi())
    named = {part.split('"')[0] for part in text.split("#/components/schemas/")[1:]}
    assert named == set(schemas)


def test_the_command_prints_it(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--openapi"], ["--part", "openapi"]):
        assert main(["schema", *arguments]) == 0
        assert json.loads(capsys.readouterr().out) == openapi()
    assert main(["schema", "--openapi", "--taxonomy"]) == 2
    assert capsys.readouterr().err.count("\n") == 1
