"""The parts of the web side that need no server: text forms, negotiation, who may ask, the pages."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from importlib.resources import files
from inspect import getsource
from typing import Any, get_args

import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError
from agent.scores import CampaignKind
from agent.windows.disparity import MEASURES
from streams.console import detail, signs
from streams.web.exposition import accepts, negotiate
from streams.web.guard import Guard, is_loopback
from streams.web.page import choose_language, console_pages, sign_in_pages

TOKEN = "correct-horse-battery"
OPENMETRICS = "application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5"


@pytest.mark.parametrize(
    ("accept", "wanted"),
    [
        ("", False),
        ("*/*", False),
        ("text/plain", False),
        (OPENMETRICS, True),
        ("application/openmetrics-text; version=0.0.1", True),
        ("APPLICATION/OpenMetrics-Text", True),
        ("application/openmetrics-text;q=0", False),
        ("application/openmetrics-text;q=0.3,text/plain;q=0.4", False),
        ("application/openmetrics-text;q=abc", False),
        (",;,;q=1,=", False),
    ],
)
def test_negotiation(accept: str, wanted: bool) -> None:
    assert negotiate(accept, "").openmetrics is wanted


def test_a_header_of_many_parts_is_read_only_so_far() -> None:
    assert len(accepts(",".join(f"a{i}" for i in range(5000)))) == 64


def test_a_short_token_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="too short") as caught:
        Guard("0.0.0.0", "hunter2", ManualClock())
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("[::1]", True),
        ("localhost", True),
        ("localhost.", True),
        ("0.0.0.0", False),
        ("10.0.0.1", False),
        ("localhost.evil", False),
        ("", False),
    ],
)
def test_is_loopback(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize("forged", ["", ".", "9999999999.", "9999999999.00", "x.y", "9999999999." + "0" * 64, "é.é"])
def test_forged_sessions(forged: str) -> None:
    assert not Guard("0.0.0.0", TOKEN, ManualClock()).allows(None, forged)


def test_a_session_of_another_process_is_worth_nothing() -> None:
    clock = ManualClock()
    assert not Guard("0.0.0.0", TOKEN, clock).allows(None, Guard("0.0.0.0", TOKEN, clock).new_session())


@pytest.mark.parametrize(
    ("query", "header", "language"),
    [
        (None, "", "en"),
        (None, "zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        (None, "en-GB,zh;q=0.9", "en"),
        (None, "de,zh-TW;q=0.5", "zh"),
        (None, "de", "en"),
        (None, "zh;q=0", "en"),
        ("zh", "en", "zh"),
        ("zh-Hans", "", "zh"),
        ("en", "zh", "en"),
        ("xx", "zh", "zh"),
    ],
)
def test_language(query: str | None, header: str, language: str) -> None:
    assert choose_language(query, header) == language


@pytest.mark.parametrize("pages", [console_pages, sign_in_pages])
def test_pages_hold_all_they_need(pages: Any) -> None:
    for page in pages().values():
        text = page.body.decode()
        assert "{{" not in text
        assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
        assert not re.search(r"\son[a-z]+=|\sstyle=", text)
        for tag in ("script", "style"):
            for inline in re.findall(rf"<{tag}>(.*?)</{tag}>", text, re.DOTALL):
                digest = base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
                assert f"'sha256-{digest}'" in page.policy
        assert "unsafe" not in page.policy


def test_both_languages_have_the_same_messages() -> None:
    messages = json.loads((files("streams") / "static" / "messages.json").read_text("utf-8"))
    assert messages["en"].keys() == messages["zh"].keys()
    for key, english in messages["en"].items():
        placeholders = re.findall(r"\{\w+\}", english)
        assert sorted(placeholders) == sorted(re.findall(r"\{\w+\}", messages["zh"][key])), key


def test_the_script_asks_only_for_messages_that_exist() -> None:
    static = files("streams") / "static"
    messages = json.loads((static / "messages.json").read_text("utf-8"))["en"]
    script = "".join(path.read_text("utf-8") for path in static.iterdir() if path.name.endswith(".js"))
    asked = set(re.findall(r'say\("(\w+)"', script)) | set(re.findall(r'(?:tile|meter|filled|of)\("(\w+)"', script))
    assert asked <= messages.keys()
    # Keys that are put together.
    table = {"kind": get_args(CampaignKind), "measure": MEASURES, "theme": ("auto", "light", "dark")}
    asked |= {f"{key}_{name}" for key, names in table.items() for name in names} | {"input", "output"}
    told = re.findall(r'sign="(\w+)"|_reached\(metrics, "(\w+)"', "".join(map(getsource, (signs, detail))))
    asked |= {f"sign_{one or two}{end}" for one, two in told for end in ("", "_says")}
    assert len(told) > 8
    assert asked <= messages.keys()
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script


def test_what_is_vendored_is_what_its_page_says() -> None:
    vendor = files("streams") / "static" / "vendor"
    rows = re.findall(r"^\| `([\w.]+)` \| .* \| `([0-9a-f]{64})` \|$", (vendor / "README.md").read_text("utf-8"), re.M)
    assert {name for name, _ in rows} | {"README.md"} == {path.name for path in vendor.iterdir()}
    for name, digest in rows:
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
        # Under the page's policy nothing may set markup.
        assert b"innerHTML" not in (vendor / name).read_bytes()
