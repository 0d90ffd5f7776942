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
from agent.scoring.adversarial.base import Found, Signal
from agent.scoring.adversarial.signals import load_signals
from agent.scoring.grounding.claims import KINDS
from agent.scoring.pii.packs import PACKS, load_recognizers
from agent.scoring.shipped import threshold_note
from agent.taxonomy import CATEGORIES
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
    assert Guard("0.0.0.0", TOKEN, ManualClock()).session_holder(forged) is None


def test_a_session_of_another_process_is_worth_nothing() -> None:
    clock = ManualClock()
    guard, other = Guard("0.0.0.0", TOKEN, clock), Guard("0.0.0.0", TOKEN, clock)
    holder = guard.token_holder(TOKEN)
    assert holder is not None
    assert guard.session_holder(guard.new_session(holder)) == holder
    assert guard.session_holder(other.new_session(holder)) is None


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
    stages = ("fetch", "decode", "judge", "flush", "score")
    missing = ("models", "partitions", "draining")
    assert {f"stage_{name}" for name in stages} | {f"missing_{name}" for name in missing} <= messages.keys()
    assert "innerHTML" not in script and "insertAdjacentHTML" not in script


def in_chinese(text: str, terms: dict[str, Any]) -> str:
    """As console_names.js does it."""
    if text in terms["phrases"]:
        return str(terms["phrases"][text])
    for pattern, told in terms["templates"]:
        if match := re.fullmatch(pattern, text):
            return re.sub(r"\{(\d)\}", lambda place, match=match: in_chinese(match[int(place[1])], terms), told)
    for between in ("; ", r", (?![^(]*\))", " > "):
        parts = re.split(between, text)
        if len(parts) > 1 and (told := [in_chinese(part, terms) for part in parts]) != parts:
            return "；".join(told)
    return text


def test_what_scorers_explain_is_said_in_chinese() -> None:
    terms = json.loads((files("streams") / "static" / "terms.zh.json").read_text("utf-8"))
    assert terms["categories"].keys() == {row.name for row in CATEGORIES}
    known = [each.name for each in load_recognizers(PACKS)]
    for source in load_signals():
        known += [f"in layers: {source.kind}"]
        known += [Signal(source, Found(0.6, (), times)).explanation for times in (1, 2)]
    known += [
        threshold_note(shipped=shipped, configured=configured, own=0.5)
        for shipped in (True, False)
        for configured in (None, 0.7)
    ]
    known += [f"2 of 3 {plural} are not in the context" for kind, (_, plural) in KINDS.items() if kind != "NEGATION"]
    known += ["found in a hidden layer: base64 > excerpt; signals: base64 (1 string, strength 0.60)"]
    # What health, readiness and refusals say.
    known += ["no lag", "lag is not known", "offsets are moving", "no partitions assigned", "running", "processes"]
    known += ["topic t is missing; create it or set topics.create_missing", "another site may not send this"]
    known += ["topic t has no partition 3; a restarted worker widens it (topics.create_missing)"]
    for text in known:
        said = in_chinese(text, terms)
        same = {"JSON Web Key", "JSON Web Token"}  # they have no other name
        assert re.search(r"[\u4e00-\u9fff]", said) or text in same, text
        assert not re.search(r"[a-z]{2,} [a-z]{2,}", said) or text in same, (text, said)
    assert in_chinese("what nobody knows", terms) == "what nobody knows"


def test_no_message_has_the_name_of_a_part_of_the_pages() -> None:
    """Messages are filled in first."""
    words = json.loads((files("streams") / "static" / "messages.json").read_text("utf-8"))
    parts = {"style", "script", "library", "refused", "messages", "terms"}
    assert all(parts.isdisjoint(messages) for messages in words.values())


def test_what_is_vendored_is_what_its_page_says() -> None:
    vendor = files("streams") / "static" / "vendor"
    rows = re.findall(r"^\| `([\w.]+)` \| .* \| `([0-9a-f]{64})` \|$", (vendor / "README.md").read_text("utf-8"), re.M)
    assert {name for name, _ in rows} | {"README.md"} == {path.name for path in vendor.iterdir()}
    for name, digest in rows:
        assert hashlib.sha256((vendor / name).read_bytes()).hexdigest() == digest
        # Under the page's policy nothing may set markup.
        assert b"innerHTML" not in (vendor / name).read_bytes()
