"""What the web port answers, as OpenAPI: written by hand, held to the routes and to their answers by tests.

Source: https://spec.openapis.org/oas/v3.1.0. Answers that follow `streams.web.status` and `streams.console.shapes` are
described as far as clients may rely on; fields may be added.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from agent import __version__
from agent.scores import DIMENSIONS
from streams.web.access import ROLES

__all__ = ["openapi"]

_JSON = "application/json"
_HEALTH = ("HealthAnswer", {200: "all is well", 503: "it is not; `reason` says why"})

#: Descriptions of answers that any path may give.
_ERRORS = {
    400: "the request is malformed",
    401: "a bearer token or session is needed, or the one given does not hold",
    403: "the token's role does not suffice, or a page of another origin sent this",
    404: "there is no such thing",
    405: "another method is wanted: see `Allow`",
    408: "the body did not come within five seconds",
    409: "the worker is not set up for this",
    413: "the body is larger than 2 kB, or of no announced length",
    415: "another `Content-Type` is wanted, or no `Content-Encoding`",
    421: "bound to loopback, the server answers to loopback names only",
    429: "too many requests, or wrong tokens: come back after `Retry-After` seconds",
    502: "the broker refused",
    503: "the broker, or a process of the worker, did not answer in time",
}
_ALWAYS = (400, 413, 421, 429)
_GUARDED = (*_ALWAYS, 401, 403)


@cache
def openapi() -> dict[str, Any]:
    """The whole description; not to be changed by whoever gets it."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "harmwatch",
            "version": __version__,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            "description": "The web port of a worker: metrics, health, the console and what it reads.",
        },
        "paths": {
            **{
                path: {"get": _operation(summary, _answers(*_HEALTH, errors=(400, 413, 421)), public=True)}
                for path, summary in (("/healthz", "whether all is well"), ("/livez", "whether no restart is needed"))
            },
            "/readyz": {"get": _operation("whether events can be scored", _answers(
                "Readiness", {200: "they can", 503: "`missing` says what for"}, errors=(400, 413, 421)), public=True)},
            "/metrics": {"get": _operation("metrics, for Prometheus", {
                "200": {"description": "text format or OpenMetrics, as `Accept` asks", "content": {
                    "text/plain": {"schema": {"type": "string"}},
                    "application/openmetrics-text": {"schema": {"type": "string"}},
                }}, **_errors(_ALWAYS)}, public=True)},
            "/": {
                "get": _operation("the console", {"200": _page("the page"), **_errors(_GUARDED)}),
                "post": _sign_in("sign in to the console; as `/session`, the form's own address"),
            },
            "/session": {
                "get": _operation("to the console", {"303": _SEE_CONSOLE, **_errors(_ALWAYS)}, public=True),
                "post": _sign_in("turn a token into a session of twelve hours"),
            },
            "/session/end": {
                "get": _operation("to the console", {"303": _SEE_CONSOLE, **_errors(_ALWAYS)}, public=True),
                "post": _operation("take this browser's session away", {
                    "303": _SEE_CONSOLE, **_errors((*_ALWAYS, 403))}, public=True),
            },
            "/api/v1/openapi.json": {"get": _operation("this description", _answers(
                "Object", {200: "OpenAPI 3.1"}))},
            "/api/v1/status": {"get": _operation("figures of the worker, and whom they are shown to", _answers(
                "Status", {200: "see docs/console.md"}))},
            "/api/v1/model": {"get": _operation("one model over one window", _answers(
                "Object", {200: "history, fairness, campaigns, drift"}, errors=(404, 503)), parameters=[
                    _query("name", {"type": "string", "minLength": 0, "maxLength": 1024}, required=True),
                    _query("window", {"type": "string"})])},
            "/api/v1/findings": {"get": _operation("the latest findings, the newest first", _answers(
                "Findings", {200: "findings with redacted texts, precision by category"}, errors=(503,)), parameters=[
                    _query("model", {"type": "string"}),
                    _query("dimension", {"enum": [*DIMENSIONS, ""]}),
                    _query("after", {"type": "integer", "minimum": 0, "maximum": 10**16 - 1}),
                    _query("limit", {"type": "integer", "minimum": 0, "maximum": 10**16 - 1})])},
            "/api/v1/feedback": {
                "get": _operation("the marks that hold, one a line", {
                    "200": {"description": "JSON Lines", "content": {"application/x-ndjson": {"schema": _STRING}}},
                    **_errors((*_GUARDED, 503))}),
                "post": _operation("mark a finding as right or wrong, or take that back", _answers(
                    "Mark", {200: "the broker has it"}, errors=(404, 408, 409, 415, 502, 503)),
                    body={_JSON: {"schema": _ref("Mark")}}, role="labeller"),
            },
            "/api/v1/audit": {"get": _operation("who changed and marked what, of this worker", _answers(
                "Audit", {200: "the latest 200 records, the newest first"}, errors=(503,)), role="admin")},
            "/api/v1/reload": {"post": _operation("look at the configuration's file now", _answers(
                "Reloaded", {200: "what came of it"}, errors=(408, 409, 415, 503)),
                body={_JSON: {"schema": {"type": "object", "maxProperties": 0}}}, role="admin")},
        },
        "components": {
            "schemas": _SCHEMAS,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer"},
                "session": {
                    "type": "apiKey", "in": "cookie", "name": "harmwatch_session",
                    "description": "Where the address names a port, `_` and the port stand behind the name.",
                },
            },
        },
    }  # fmt: skip


def _operation(
    summary: str,
    responses: dict[str, Any],
    *,
    public: bool = False,
    role: str = ROLES[0],
    parameters: list[dict[str, Any]] | None = None,
    body: dict[str, Any] | None = None,
    body_required: bool = True,
) -> dict[str, Any]:
    operation: dict[str, Any] = {"summary": summary, "responses": responses}
    operation["security"] = [] if public else [{"token": []}, {"session": []}]
    if not public:
        operation["x-role"] = role
    if parameters:
        operation["parameters"] = parameters
    if body is not None:
        operation["requestBody"] = {"required": body_required, "content": body}
    return operation


def _sign_in(summary: str) -> dict[str, Any]:
    form: dict[str, Any] = {
        "type": "object",
        "properties": {"token": {"type": "string", "maxLength": 160}},
        "required": ["token"],
    }
    form["additionalProperties"] = False
    answers = {
        "303": _SEE_CONSOLE,
        "401": _page("the form again"),
        **_errors((*_ALWAYS, 408, 415)),
    }
    return _operation(
        summary, answers, public=True, body={"application/x-www-form-urlencoded": {"schema": form}}, body_required=False
    )  # fmt: skip


def _answers(schema: str, said: dict[int, str], errors: tuple[int, ...] = ()) -> dict[str, Any]:
    own = {
        str(status): {"description": text, "content": {_JSON: {"schema": _ref(schema)}}}
        for status, text in said.items()
    }
    return {**_errors((*_GUARDED, *errors) if schema not in ("HealthAnswer", "Readiness") else errors), **own}


def _errors(statuses: tuple[int, ...]) -> dict[str, Any]:
    return {
        str(status): {"description": _ERRORS[status], "content": {_JSON: {"schema": _ref("Error")}}}
        for status in sorted({*statuses, 405})
    }


def _page(text: str) -> dict[str, Any]:
    return {"description": text, "content": {"text/html": {"schema": {"type": "string"}}}}


def _query(name: str, schema: dict[str, Any], *, required: bool = False) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": required, "schema": schema}


def _ref(name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}"}


def _object(required: dict[str, Any], optional: dict[str, Any] | None = None) -> dict[str, Any]:
    return {"type": "object", "properties": {**required, **(optional or {})}, "required": list(required)}


_STRING = {"type": "string"}
_SEE_CONSOLE = {"description": "see `/`"}
_STRINGS = {"type": "array", "items": _STRING}
_OBJECTS = {"type": "array", "items": {"type": "object"}}
_COUNT = {"type": "integer", "minimum": 0}
_HEALTH_FIELDS = {"alive": {"type": "boolean"}, "reason": _STRING}
_READY_FIELDS = {"ready": {"type": "boolean"}, "missing": _STRINGS}

_SCHEMAS: dict[str, Any] = {
    "Error": _object({"error": _STRING}),
    "Object": {"type": "object"},
    "HealthAnswer": _object(_HEALTH_FIELDS),
    "Readiness": _object(_READY_FIELDS),
    "Status": _object(
        {
            "health": _object(_HEALTH_FIELDS),
            "ready": _object(_READY_FIELDS),
            "access": _object({"name": _STRING, "role": {"enum": list(ROLES)}}),
        },
        {"version": _STRING, "now": {"type": "number"}, "models": _OBJECTS, "findings": _OBJECTS, "windows": _STRINGS},
    ),
    "Findings": _object(
        {"findings": _OBJECTS, "precision": _OBJECTS, "number": _COUNT, "changes": _COUNT},
        {"feedback": {"type": "boolean"}, "evidence": {"type": "boolean"}},
    ),
    "Mark": {
        **_object({"id": _STRING, "category": _STRING, "correct": {"type": ["boolean", "null"]}}),
        "additionalProperties": False,
    },
    "Audit": _object({"records": _OBJECTS}),
    "Reloaded": _object(
        {
            "outcome": {"enum": ["applied", "refused", "unchanged"]},
            "reason": _STRING,
            "keys": _STRINGS,
            "restart_keys": _STRINGS,
        }
    ),
}
