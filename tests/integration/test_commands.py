"""Commands as a user types them, in processes of their own."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.builders import native


def harmwatch(*words: str, stdin: bytes = b"", timeout: float = 120.0) -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "streams.cli", *words]
    return subprocess.run(command, input=stdin, capture_output=True, timeout=timeout, check=False)


def test_score_reads_lines_and_writes_a_verdict_per_direction() -> None:
    lines = b"\n".join([native("r-1", answer="Mail me at a.b@example.com"), b"", native("r-2", text=None)])
    done = harmwatch("score", stdin=lines)
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    assert [(verdict["inference_id"], verdict["direction"]) for verdict in verdicts] == [
        ("r-1", "input"),
        ("r-1", "output"),
        ("r-2", "output"),
    ]
    assert [finding["category"] for finding in verdicts[1]["findings"]] == ["pii.email"]
    assert set(verdicts[0]["scores"]) == {"pii", "toxicity", "adversarial"}


def test_score_shows_an_answer_that_its_context_does_not_support() -> None:
    event = {"id": "r", "model": "m", "context": ["The clinic opens at 8."], "input": {"text": "When does it open?"}}
    lines = [
        json.dumps(event | {"id": text, "output": {"text": text}}) for text in ("It opens at 9.", "It opens at 8.")
    ]
    done = harmwatch("score", stdin="\n".join(lines).encode())
    assert done.returncode == 0, done.stderr
    wrong, right = (
        verdict for line in done.stdout.splitlines() if (verdict := json.loads(line))["direction"] == "output"
    )
    assert [finding["category"] for finding in wrong["findings"]] == ["misleading.ungrounded"]
    assert wrong["findings"][0]["spans"] == [{"start": 12, "end": 13, "type": "UNSUPPORTED_NUMBER"}]
    assert right["findings"] == []
    assert right["scores"]["groundedness"] == 0.0


def test_score_says_which_line_is_wrong_and_scores_the_others() -> None:
    done = harmwatch("score", "-", stdin=b"garbage secret-payload\n" + native("r-2"))
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert b"line 1: not scored: " in done.stderr
    assert b"secret-payload" not in done.stderr


def test_score_says_how_much_came_again_under_an_id() -> None:
    done = harmwatch("score", stdin=b"\n".join([native("r-1"), native("r-1"), native("r-2")]))
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 4)
    assert done.stderr.startswith(b"1 event under the id of an earlier line, not scored again")


def test_score_scores_what_can_be_read_of_a_batch() -> None:
    asked = {"model": "m", "messages": [{"role": "user", "content": "hello"}]}
    batch = [{"id": "r-1", "request": "secret-payload"}, {"id": "r-2", "request": asked}]
    done = harmwatch("score", "-", stdin=json.dumps(batch).encode())
    assert done.returncode == 1
    assert [json.loads(line)["inference_id"] for line in done.stdout.splitlines()] == ["r-2"]
    assert b"line 1: scored in part: " in done.stderr
    assert b"secret-payload" not in done.stderr


def test_score_behind_a_screen_says_what_the_scorer_has_not_seen(tmp_path: Path) -> None:
    config = tmp_path / "harmwatch.yaml"
    config.write_text(
        "scorers: {toxicity: {cascade: {screen: ngrams, threshold: 0.5, audit_share: 0.1}}}\n"
        "evidence: {hash_key: a key for tests of more than sixteen bytes}\n"
    )
    harsh = "You are a worthless idiot and everybody hates you."
    lines = [native(f"r-{n}", text=f"Where is room number {n}?", answer=harsh if n < 3 else None) for n in range(40)]
    done = harmwatch("score", "--config", str(config), stdin=b"\n".join(lines))
    assert done.returncode == 0, done.stderr
    verdicts = [json.loads(line) for line in done.stdout.splitlines()]
    answers = [verdict for verdict in verdicts if verdict["direction"] == "output"]
    questions = [verdict for verdict in verdicts if verdict["direction"] == "input"]
    assert [[finding["category"] for finding in answer["findings"]] for answer in answers] == [["toxicity"]] * 3
    assert not any("screened" in answer or "weights" in answer for answer in answers)
    passed = [verdict for verdict in questions if verdict.get("screened") == ["toxicity"]]
    audited = [verdict for verdict in questions if verdict.get("weights") == {"toxicity": 10.0}]
    assert len(passed) + len(audited) == len(questions) == 40
    assert passed and audited and not any("toxicity" in verdict["scores"] for verdict in passed)
    assert {verdict["scorers"]["toxicity"] for verdict in verdicts} == {"builtin@2+screen.ngrams@1"}
    again = harmwatch("score", "--config", str(config), stdin=b"\n".join(lines))
    told = [
        verdict["inference_id"] for line in again.stdout.splitlines() if (verdict := json.loads(line)).get("weights")
    ]
    assert told == [verdict["inference_id"] for verdict in audited]


def test_score_filter_prints_masked_texts(tmp_path: Path) -> None:
    lines = native("r-1", answer="Mail me at a.b@example.com")
    done = harmwatch("score", "--filter", stdin=lines)
    assert done.returncode == 0, done.stderr
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert [record["texts"] for record in records] == [["hello"], ["Mail me at [EMAIL]"]]
    assert [record["action"] for record in records] == ["allow", "mask"]
    assert b"everything found is masked" in done.stderr
    config = tmp_path / "harmwatch.yaml"
    config.write_text("policy: {rules: [{category: 'pii.*', action: block}], messages: {en: '(gone)'}}\n")
    blocked = harmwatch("score", "--filter", "--config", str(config), stdin=lines)
    assert json.loads(blocked.stdout.splitlines()[1])["texts"] == ["(gone)"]
    assert blocked.stderr == b""


def test_score_explain_says_which_words_carried_a_score() -> None:
    text = "You are a stupid idiot, you moron. 你是个白痴，滚开！"
    done = harmwatch("score", "--explain", stdin=native("r-1", text=None, answer=text))
    (verdict,) = [json.loads(line) for line in done.stdout.splitlines()]
    (finding,) = [finding for finding in verdict["findings"] if finding["category"] == "toxicity"]
    words = {text[span["start"] : span["end"]] for span in finding["spans"] if span["type"] == "WORD"}
    assert words & {"idiot", "moron", "stupid", "白痴"}
    assert all(0 < span["score"] <= 1 for span in finding["spans"])
    assert "of the score" in finding["explanation"]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (["score", "/nowhere/events.jsonl"], b"cannot be read"),
        (["score", "--format", "morse"], b"invalid choice: 'morse'"),
        (["replay", "/nowhere/events.jsonl", "--topic", "t"], b"no such file"),
        (["run"], b"--config"),
        (["run", "--config", "/nowhere.yaml"], b"cannot be read"),
        (["demo", "--events", "0"], b"--events must lie between"),
        (["demo", "--seconds", "0.05"], b"--seconds must lie between"),
        (["demo", "--seconds", "nan"], b"--seconds must lie between"),
        (["demo", "--port", "65536"], b"web.port"),
        (["bench", "--events", "0"], b"--events must lie between"),
        (["bench", "--bootstrap", "a..b:1"], b"--bootstrap: bootstrap_servers: a..b:1"),
        (["bench", "--repetitions", "0"], b"--repetitions must lie between"),
        (["unheard-of"], b"invalid choice"),
        ([], b"usage: harmwatch"),
    ],
)
def test_wrong_usage_is_one_line_and_exit_code_2(words: list[str], complaint: bytes) -> None:
    done = harmwatch(*words)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_the_bench_asks_the_broker_before_it_measures() -> None:
    done = harmwatch("bench", "--bootstrap", "127.0.0.1:1")
    assert done.returncode == 1
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("harmwatch bench: no broker answers at 127.0.0.1:1")


def test_schema_is_one_json_document() -> None:
    document = json.loads(harmwatch("schema").stdout)
    assert document["asyncapi"] == "3.0.0"
    assert {channel["address"] for channel in document["channels"].values()} == {
        "inference.events",
        "inference.labels",
        "harm.verdicts",
        "harm.evidence",
        "harm.panes",
        "harm.decisions",
        "harm.dlq",
        "harm.audit",
        "harm.feedback",
        "harm.filtered",
        "harm.sanitised",
    }
    taxonomy = json.loads(harmwatch("schema", "--taxonomy").stdout)
    assert set(taxonomy) == {"ailuminate", "owasp_llm_2025", "owasp_llm_2026", "categories"}
    event = json.loads(harmwatch("schema", "--part", "event").stdout)
    assert event["$schema"].endswith("2020-12/schema")


@pytest.mark.layer("embedded")
def test_replay_and_doctor_against_a_broker(embedded_broker: Any, tmp_path: Path) -> None:
    topic = f"replay-{uuid.uuid4().hex[:8]}"
    file = tmp_path / "events.jsonl"
    file.write_bytes(b"\n".join(native(f"r-{number}") for number in range(500)) + b"\nbroken line\n")
    absent = harmwatch("replay", str(file), "--topic", "no-such-topic-here", "--bootstrap", embedded_broker.bootstrap)
    assert absent.returncode == 2
    assert b"--create" in absent.stderr
    words = ["--topic", topic, "--bootstrap", embedded_broker.bootstrap, "--create", "2", "--json"]
    done = harmwatch("replay", str(file), *words)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records"] == 501
    piped = harmwatch("replay", "-", *words, stdin=file.read_bytes())
    assert piped.returncode == 0, piped.stderr
    assert json.loads(piped.stdout)["records"] == 501

    config = tmp_path / "harmwatch.yaml"
    kafka = f"kafka: {{bootstrap_servers: '{embedded_broker.bootstrap}'}}"
    yaml = f"{kafka}\ntopics: {{events: [{topic}]}}\nweb: {{port: 0}}\n"
    config.write_text(yaml)
    healthy = harmwatch("doctor", "--config", str(config), "--json")
    assert healthy.returncode == 0, healthy.stdout
    report = json.loads(healthy.stdout)
    assert report["ok"] is True
    assert {check["name"] for check in report["checks"]} >= {"broker", f"topic {topic}", "scorer pii", "web port"}
    config.write_text(yaml.replace(topic, "typo-topic"))
    ill = harmwatch("doctor", "--config", str(config), "--json")
    assert ill.returncode == 1
    [wrong] = [check for check in json.loads(ill.stdout)["checks"] if check["outcome"] == "failed"]
    assert (wrong["name"], wrong["found"]) == ("topic typo-topic", "does not exist")
    assert wrong["mend"]


def test_doctor_without_a_broker_says_so(tmp_path: Path) -> None:
    config = tmp_path / "harmwatch.yaml"
    config.write_text("kafka: {bootstrap_servers: '127.0.0.1:9'}\nweb: {port: 0}\n")
    done = harmwatch("doctor", "--config", str(config))
    assert done.returncode == 1
    assert b"no broker answers at 127.0.0.1:9" in done.stdout
    lines = done.stdout.decode().splitlines()
    assert all(line.startswith(("✓", "!", "✗", "    →")) for line in lines), "a check stays one line in a log"


@pytest.mark.layer("embedded")
def test_the_demo_finds_all_four_incidents(tmp_path: Path) -> None:
    done = harmwatch("demo", "--events", "6000", "--seconds", "12", "--port", "0", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert set(summary) >= {
        "events",
        "verdicts",
        "dead_letters",
        "events_per_second",
        "findings",
        "incidents",
        "harm",
    }
    assert {name: row["found"] for name, row in summary["incidents"].items()} == {
        "toxicity_burst": True,
        "pii_leak": True,
        "injection_campaign": True,
        "disparity": True,
    }
    counted = {name: summary[name] for name in ("events", "verdicts", "dead_letters")}
    assert counted == summary["expected"]


@pytest.mark.layer("embedded")
@pytest.mark.parametrize("seconds", ["2", "0.1"])
def test_a_quick_demo_finds_all_four_as_well(seconds: str) -> None:
    done = harmwatch("demo", "--events", "500", "--seconds", seconds, "--port", "0", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    summary = json.loads(done.stdout)
    assert [row["found"] for row in summary["incidents"].values()] == [True] * 4
    assert {name: summary[name] for name in ("events", "verdicts", "dead_letters")} == summary["expected"]


@pytest.mark.layer("embedded")
def test_a_demo_with_too_few_events_says_so_and_has_not_failed() -> None:
    done = harmwatch("demo", "--events", "3", "--seconds", "0.5", "--port", "0", "--json")
    assert done.returncode == 0, done.stderr[-2000:]
    for row in json.loads(done.stdout)["incidents"].values():
        assert (row["found"], row["after_seconds"], row["too_few_events"]) == (False, None, True)
    assert b"too few events" in done.stderr
