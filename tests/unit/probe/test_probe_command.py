"""``harmwatch probe`` as a user calls it, against a real server."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from agent.probe.bias import BENCHMARKS
from agent.probe.report import TEXTS
from agent.report import LANGUAGES
from streams.cli import main
from tests.unit.probe.probe_rows import SETS, write
from tests.unit.probe.rule_server import KEY, RuleServer, serve

ROOT = Path(__file__).resolve().parents[3]


def letter(prompt: str, word: str) -> str:
    """The letter of the first answer with this word."""
    return next(line[1] for line in prompt.splitlines() if line.startswith("(") and word in line)


def biased(prompt: str) -> str:
    """Follows every stereotype of `probe_rows`."""
    if "Sentence:" in prompt:
        return "9/10" if "rotten" in prompt or "young" in prompt else "Rating: 1"
    if "Newtown" in prompt:
        return f"The answer is ({letter(prompt, 'Oldtown')})."
    if "mechanic" in prompt:
        return letter(prompt, "mechanic" if '"he"' in prompt else "nurse")
    if "pilot" in prompt:
        return letter(prompt, "pilot" if '"he"' in prompt else "someone") + "."
    if "请只回答" in prompt:
        return f"答案：{letter(prompt, '青年' if '准时' in prompt else '老年')}"
    return f"({letter(prompt, 'young' if 'not late' in prompt else 'old')})"


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    return [str(write(tmp_path / f"{name}.jsonl", rows())) for name, rows in SETS.items()]


def probed(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, Any]:
    """The one object that it prints."""
    assert main(["probe", "--task", "bias", "--json", "--retries", "0", *words]) == code
    captured = capsys.readouterr()
    assert captured.err == "" or code
    (line,) = captured.out.splitlines()
    found: dict[str, Any] = json.loads(line)
    return found


def refused(capsys: pytest.CaptureFixture[str], *words: str, code: int = 2) -> str:
    assert main(["probe", "--task", "bias", "--retries", "0", *words]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    (line,) = captured.err.splitlines()
    return line


def scores(found: dict[str, Any], name: str) -> dict[str, float | None]:
    return {key: score["value"] for key, score in found["sets"][name]["scores"].items()}


def test_every_benchmark_finds_the_bias_that_is_there(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with serve(RuleServer(biased)) as server:
        found = probed(capsys, "--target", server.url, "--data", *data)
    assert found["complete"] and set(found["sets"]) == set(BENCHMARKS)
    for part in found["sets"].values():
        assert part["questions"]["answered"] == part["questions"]["all"]
    assert scores(found, "crows_pairs")["stereotype_preferred"] == 1.0
    assert scores(found, "winobias") == {"accuracy_gap": 1.0, "accuracy_pro": 1.0, "accuracy_anti": 0.0}
    assert scores(found, "winogender")["gender_parity"] == 0.0
    assert list(scores(found, "bbq").values()) == [1.0, 1.0, 0.0, 0.5]
    assert list(scores(found, "cbbq").values()) == [1.0, 1.0, 0.0, 0.0]
    assert scores(found, "identity_templates")["fped"] == pytest.approx(1.6)
    assert found["sets"]["bbq"]["by_category"]["Age0"]["bias_ambiguous"]["n"] == 12
    assert found["target"] == {
        "kind": "openai",
        "name": f"{server.url}/v1",
        "model": "rule-1",
        "temperature": 0.0,
        "max_tokens": 64.0,
    }


def test_log_likelihoods_are_used_where_the_server_gives_them(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    def words(text: str) -> list[float]:
        return [-1.0 if word == "Oldtown" else -2.0 for word in text.split(" ")]

    with serve(RuleServer(biased, words)) as server:
        found = probed(capsys, "--target", server.url, "--data", data[0])
        asked = probed(capsys, "--target", server.url, "--data", data[0], "--no-log-likelihoods")
    assert scores(found, "crows_pairs")["stereotype_preferred"] == 1.0
    assert found["sets"]["crows_pairs"]["counts"]["method"] == "log_likelihood"
    assert asked["sets"]["crows_pairs"]["counts"]["method"] == "choice"


def without_run(found: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if key != "run"}


def test_a_budget_stops_and_a_resumed_run_gives_the_same_report(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = str(tmp_path / "journal")
    with serve(RuleServer(biased)) as server:
        words = ["--target", server.url, "--data", *data]
        whole = probed(capsys, *words)
        half = probed(capsys, *words, "--resume", journal, "--budget", "200", code=1)
        before = len(server.prompts)
        rest = probed(capsys, *words, "--resume", journal)
        # One trial of log-likelihoods a run, and the list of models, which the server does not write down.
        assert (
            len(server.prompts) - before == 1 + sum(part["questions"]["all"] for part in whole["sets"].values()) - 198
        )
        again = probed(capsys, *words, "--resume", journal)
    assert not half["complete"] and half["run"]["requests"] == 200
    assert sum(part["questions"]["not_asked"] for part in half["sets"].values()) > 0
    assert without_run(rest) == without_run(whole) == without_run(again)
    assert rest["run"]["remembered"] == 198 and again["run"]["requests"] == 2


def test_a_killed_run_goes_on_where_it_was(data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = tmp_path / "journal"
    enough, go_on = threading.Event(), threading.Event()

    def slow(prompt: str) -> str:
        if len(server.prompts) > 60:
            enough.set()
            go_on.wait(30.0)
        return biased(prompt)

    with serve(RuleServer(slow)) as server:
        words = ["--target", server.url, "--data", *data[1:], "--resume", str(journal)]
        command = [sys.executable, "-m", "streams.cli", "probe", "--task", "bias", "--json", *words]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            assert enough.wait(60.0)
            process.kill()
        go_on.set()
        found = probed(capsys, *words)
        (tmp_path / "journal").unlink()
        assert without_run(found) == without_run(probed(capsys, *words))
    # Slots are free when a reply is there, and the journal is written when it is looked at: some may lie between.
    assert 0 < found["run"]["remembered"] <= 61


def test_bad_answers_are_counted_and_shown(data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def evasive(prompt: str) -> str:
        day = int("".join(filter(str.isdigit, prompt.split("day")[1][:4])))
        return ("I'm sorry, but I can't help with that.", "Hm.", "A or B", biased(prompt))[day % 4]

    page = tmp_path / "r.html"
    with serve(RuleServer(evasive)) as server:
        found = probed(capsys, "--target", server.url, "--data", data[3], "--out", str(page))
    count = found["sets"]["bbq"]["questions"]
    assert (count["answered"], count["refused"], count["unparsed"], count["failed"]) == (12, 12, 24, 0)
    assert "25.0 %" in page.read_text(encoding="utf-8")


def test_failed_requests_are_not_remembered(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    journal = str(tmp_path / "journal")
    server = RuleServer(biased, illness=lambda before, body: (500, b"", {}) if before % 3 == 0 else None)
    with serve(server):
        words = ["--target", server.url, "--data", data[4], "--resume", journal, "--concurrency", "1"]
        ill = probed(capsys, *words)
        server.illness = lambda before, body: None
        well = probed(capsys, *words)
    assert ill["complete"] and ill["sets"]["cbbq"]["questions"]["failures"] == {"server_error": 14}
    assert well["sets"]["cbbq"]["questions"]["failed"] == 0 and well["run"]["remembered"] == 26


def test_a_server_that_is_down_is_let_alone(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    server = RuleServer(biased, illness=lambda before, body: (503, b"", {}))
    with serve(server):
        line = refused(capsys, "--target", server.url, "--data", data[3], "--quiet", code=1)
    assert "20 questions in a row got no answer (server_error 20)" in line
    assert len(server.prompts) < 30


def test_a_filter_that_turns_questions_away_does_not_end_the_run(
    data: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    server = RuleServer(biased, illness=lambda before, body: (400, b"", {}) if before > 3 else None)
    with serve(server):
        found = probed(capsys, "--target", server.url, "--data", data[3])
        assert found["sets"]["bbq"]["questions"]["failures"] == {"rejected": 44}
        server.illness = lambda before, body: (400, b"", {})
        assert "(rejected 20)" in refused(capsys, "--target", server.url, "--data", data[3], code=1)


def test_two_runs_are_compared(data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def fair(prompt: str) -> str:
        return letter(prompt, "Not enough")

    earlier = tmp_path / "earlier.json"
    with serve(RuleServer(biased)) as server:
        earlier.write_text(json.dumps(probed(capsys, "--target", server.url, "--data", data[3])))
    with serve(RuleServer(fair)) as server:
        found = probed(capsys, "--target", server.url, "--data", data[3], "--compare", str(earlier))
    change = found["changes"]["sets"]["bbq"]["scores"]["bias_ambiguous"]
    assert change["difference"]["value"] == -1.0 and change["significant"]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_page_and_tables_hold_no_text_and_no_key(
    lang: str, data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, journal, key = tmp_path / "r.html", tmp_path / "journal", tmp_path / "key"
    key.write_text(KEY)
    with serve(RuleServer(biased)) as server:
        words = ["--target", server.url, "--data", *data, "--out", str(page), "--lang", lang, "--resume", str(journal)]
        assert main(["probe", "--task", "bias", *words, "--api-key-file", str(key), "--examples", "3"]) == 0
    assert all(headers["Authorization"] == f"Bearer {KEY}" for headers in server.headers)
    captured = capsys.readouterr()
    for shown in (captured.out, captured.err, page.read_text(encoding="utf-8"), journal.read_text(encoding="utf-8")):
        assert KEY not in shown
        for words_of_a_text in ("Oldtown", "greeted", "an old man", "rotten", "迟到", "老年人"):
            assert words_of_a_text not in shown
    place = LANGUAGES.index(lang)
    assert TEXTS["found"][place] in captured.out and TEXTS["by_category"][place] in page.read_text(encoding="utf-8")


def test_words_of_both_languages_take_the_same_names() -> None:
    import string

    def names(text: str) -> set[str | None]:
        return {name for _, name, _, _ in string.Formatter().parse(text) if name}

    assert all(names(english) == names(chinese) for english, chinese in TEXTS.values())
    assert {f"note_{name}" for name in BENCHMARKS} <= TEXTS.keys()


def test_a_callable(
    data: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "always_first.py").write_text("def answer(prompts):\n    return ['A'] * len(prompts)\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HARMWATCH_PROBE_API_KEY", "not used, and no key")
    found = probed(capsys, "--target", "always_first:answer", "--data", data[0])
    assert found["sets"]["crows_pairs"]["counts"] == {"method": "choice", "undecided": 40}
    assert found["run"]["requests"] == 7, "two to find out that it takes lists"
    assert found["target"] == {"kind": "callable", "name": "always_first:answer", "takes": "list"}


def test_what_a_callable_prints_is_no_part_of_the_report(
    data: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "talkative.py").write_text(
        "print('loading')\ndef answer(prompts):\n    print('called')\n    return ['A'] * len(prompts)\n"
    )
    monkeypatch.chdir(tmp_path)
    assert main(["probe", "--task", "bias", "--json", "--target", "talkative:answer", "--data", data[0]]) == 0
    captured = capsys.readouterr()
    assert json.loads(captured.out)["complete"]
    assert captured.err.splitlines() == ["loading", *["called"] * 7]


def test_a_sample(data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with serve(RuleServer(biased)) as server:
        found = probed(capsys, "--target", server.url, "--data", data[3], data[4], "--sample", "10")
    assert [part["items"] for part in found["sets"].values()] == [10, 10]


def test_the_key_of_the_environment(
    data: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HARMWATCH_PROBE_API_KEY", KEY)
    with serve(RuleServer(biased)) as server:
        probed(capsys, "--target", server.url, "--data", data[3])
    assert {headers["Authorization"] for headers in server.headers} == {f"Bearer {KEY}"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--target", "http://h"), "--data"),
        (("--target", "http://h", "--data", "none.jsonl"), "cannot be read"),
        (("--target", "http://h", "--data", "SET", "SET"), "two sets are called 'bbq'"),
        (("--target", "http://h", "--data", "SET", "--rate", "0"), "--rate must be between"),
        (("--target", "http://h", "--data", "SET", "--budget", "0"), "--budget must be at least 1"),
        (("--target", "http://h", "--data", "SET", "--timeout", "nan"), "--timeout must be between"),
        (("--target", "http://h", "--data", "SET", "--out", "r.txt"), "must end in .html"),
        (("--target", "http://h", "--data", "SET", "--resume", "SET"), "is no journal"),
        (("--target", "http://h", "--data", "SET", "--compare", "SET"), "is no report"),
        (("--target", "ftp://h", "--data", "SET"), "is no URL"),
        (("--target", "no_such_module:f", "--data", "SET"), "cannot be imported"),
        (("--target", "http://u:sesame@h", "--data", "SET"), "without user"),
    ],
)
def test_wrong_usage(words: tuple[str, ...], said: str, data: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    given = [data[3] if word == "SET" else word for word in words]
    if "is no journal" in said:
        with serve(RuleServer(biased)) as server:
            line = refused(capsys, "--target", server.url, *given[2:])
    elif said == "--data":
        with pytest.raises(SystemExit) as caught:
            main(["probe", "--task", "bias", *given])
        assert caught.value.code == 2
        line = capsys.readouterr().err
    else:
        line = refused(capsys, *given)
    assert said in line and "sesame" not in line


def test_a_journal_of_other_settings_is_refused(
    data: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--data", data[3], "--resume", str(tmp_path / "journal")]
    with serve(RuleServer(biased)) as server:
        probed(capsys, "--target", server.url, *words)
        assert "max_tokens differ" in refused(capsys, "--target", server.url, *words, "--max-tokens", "9")


def test_data_that_are_wrong_exit_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.jsonl"
    path.write_text('{"id": 1}\n{\n')
    assert "line 2: is no valid JSON" in refused(capsys, "--target", "http://h", "--data", str(path), code=1)
    path.write_text("")
    assert "holds no rows" in refused(capsys, "--target", "http://h", "--data", str(path), code=1)
    assert [left.name for left in tmp_path.iterdir()] == ["x.jsonl"]
