"""``harmwatch canaries``: values go in, keyed hashes come out, and nothing else of a value anywhere."""

from __future__ import annotations

import io
import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.scoring.canary import CanaryScorer
from agent.scoring.canary.keys import DEFAULT_KEY_VARIABLE, CanaryKeys
from agent.scoring.canary.registry import CanaryFile
from streams.cli import main
from streams.commands import doctor
from tests.unit.scoring.canary.builders import SECRET, write_canaries
from tests.unit.streams.rig import make_config

VALUES = ["13912345678", "K7MD-93QX-4TRW-PZ2H", "山月松风，海云石竹"]
Command = Callable[..., tuple[int, str, str]]


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Runs it in a folder of its own; fails when a value shows in what it says."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(DEFAULT_KEY_VARIABLE, SECRET.decode())

    def run(*words: str) -> tuple[int, str, str]:
        code = main(["canaries", *words])
        said = capsys.readouterr()
        for value in [*VALUES, SECRET.decode()]:
            assert value not in said.out + said.err
        return code, said.out, said.err

    return run


def labels(path: str = "out.json") -> list[str]:
    return sorted(entry.label for entry in CanaryFile.load(Path(path), CanaryKeys(SECRET)).canaries)


def write(name: str, *lines: str) -> str:
    Path(name).write_text("\n".join(lines), encoding="utf-8")
    return name


def test_one_value_a_line(command: Command) -> None:
    file = write("values.txt", VALUES[0], "", f"  {VALUES[1]}\t", VALUES[2])
    assert command(file, "--out", "out.json", "--label", "staff")[0] == 0
    assert labels() == ["staff"] * 3
    for value in VALUES:
        assert value not in Path("out.json").read_text()


def test_json_lines_with_labels(command: Command) -> None:
    rows = [{"value": VALUES[0], "label": "phones"}, {"value": VALUES[1], "more": 1}, {"value": VALUES[2], "label": ""}]
    file = write("values.jsonl", *map(json.dumps, rows))
    code, out, _ = command(file, "--out", "out.json", "--json")
    assert (code, labels()) == (0, ["canary", "canary", "phones"])
    told = json.loads(out)
    assert (told["registered"], told["labels"], told["written"]) == (3, {"canary": 2, "phones": 1}, True)


def test_standard_input_and_a_key_file(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    class Stdin:
        buffer = io.BytesIO(f"\ufeff{VALUES[0]}\r\n{VALUES[1]}".encode())

    monkeypatch.setattr("sys.stdin", Stdin())
    monkeypatch.delenv(DEFAULT_KEY_VARIABLE)
    Path("key").write_bytes(SECRET + b"\n")
    assert command("-", "--out", "out.json", "--key-file", "key")[0] == 0
    assert labels() == ["canary"] * 2


def test_refused_values_are_told_by_line_and_nothing_is_written(command: Command) -> None:
    file = write("values.txt", VALUES[0], "short", "12345678")
    code, out, err = command(file, "--out", "out.json", "--json")
    assert code == 1
    assert not Path("out.json").exists()
    assert [one["line"] for one in json.loads(out)["refused"]] == [2, 3]
    assert "line 2: refused" in err
    assert "give --skip-refused to register the others\n" in err, "a line stays one, however narrow it is shown"
    assert "short" not in out + err
    assert "12345678" not in out + err
    assert command(file, "--out", "out.json", "--skip-refused")[0] == 0
    assert labels() == ["canary"]


def test_adding_to_a_file_needs_to_be_said(command: Command) -> None:
    first, second = write("a.txt", VALUES[0]), write("b.txt", VALUES[0], VALUES[1])
    assert command(first, "--out", "out.json")[0] == 0
    code, _, err = command(second, "--out", "out.json")
    assert code == 2
    assert "--append" in err
    assert command(second, "--out", "out.json", "--append")[0] == 0
    assert len(labels()) == 2


def test_adding_under_another_key_is_refused(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    command(write("a.txt", VALUES[0]), "--out", "out.json")
    monkeypatch.setenv("OTHER_KEY", "another key of the tests")
    code, _, err = command("a.txt", "--out", "out.json", "--append", "--key-env", "OTHER_KEY")
    assert code == 2
    assert "another key" in err


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b'{"value": "13912345678"}\nK7MD-93QX-4TRW-PZ2H\n', "line 2 is not an object"),
        (b'{"valeu": "13912345678"}', "line 1 is not an object"),
        (b"13912345678\n\xff\xfe13912345678\n", "line 2 is not text in UTF-8"),
        (b"13912345678" * 10_000, "line 1 is longer"),
    ],
)
def test_lines_that_cannot_be_read_are_told_by_number(content: bytes, complaint: str, command: Command) -> None:
    Path("values").write_bytes(content)
    code, _, err = command("values", "--out", "out.json")
    assert code == 2
    assert complaint in err
    assert not Path("out.json").exists()


@pytest.mark.parametrize(
    "words", [(), ("values", "--generate", "3", "--values", "v"), ("--generate", "3"), ("values", "--values", "v"),
              ("--generate", "0", "--values", "v"), ("absent", )]
)  # fmt: skip
def test_wrong_usage(words: tuple[str, ...], command: Command) -> None:
    code, out, err = command(*words, "--out", "out.json")
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


def test_fresh_canaries_are_told_once_and_to_their_owner_alone(command: Command) -> None:
    code, out, err = command("--generate", "12", "--values", "fresh.jsonl", "--out", "out.json", "--json")
    assert code == 0
    fresh = [json.loads(line) for line in Path("fresh.jsonl").read_text(encoding="utf-8").splitlines()]
    assert stat.S_IMODE(Path("fresh.jsonl").stat().st_mode) == 0o600
    assert len(fresh) == json.loads(out)["registered"] == 12
    for row in fresh:
        assert row["value"] in row["text"]
        assert row["value"] not in out + err + Path("out.json").read_text()
    code, _, err = command("--generate", "1", "--values", "fresh.jsonl", "--out", "more.json")
    assert code == 2
    assert not Path("more.json").exists()
    # What was written can be registered again, elsewhere.
    assert command("fresh.jsonl", "--out", "again.json")[0] == 0
    assert len(labels("again.json")) == 12


def test_the_hashes_do_not_replace_fresh_values(command: Command) -> None:
    Path("link.json").symlink_to("fresh.jsonl")
    for out in ("fresh.jsonl", "./fresh.jsonl", "link.json"):
        code, _, err = command("--generate", "3", "--values", "fresh.jsonl", "--out", out)
        assert code == 2
        assert "is the file of --out" in err
        assert not Path("fresh.jsonl").exists()


# ---------------------------------------------------------------- doctor


def checks(**over: Any) -> dict[str, Any]:
    """The two checks that are about canaries; the others ask for a broker."""
    quiet = {name: {"enabled": False} for name in ("toxicity", "adversarial", "groundedness")}
    over["scorers"] = {**quiet, **over.get("scorers", {})}
    config = make_config(**over)
    return {check.name: check for part in (doctor._scorers, doctor._canaries) for check in part(config)}


def test_doctor_says_nothing_of_canaries_that_nobody_registered() -> None:
    assert "canaries" not in checks()


def test_doctor_reads_the_file_with_its_key(tmp_path: Path) -> None:
    options = write_canaries(tmp_path, VALUES)
    found = checks(scorers={"canary": options})
    assert (found["scorer canary"].outcome, found["canaries"].outcome) == ("ok", "ok")
    Path(options["key"]["file"]).write_bytes(b"another key of the tests")
    wrong = checks(scorers={"canary": options})["scorer canary"]
    assert (wrong.outcome, "another key" in wrong.found) == ("failed", True)
    wrong = checks(scorers={"canary": {"file": str(tmp_path / "absent.json")}})["scorer canary"]
    assert wrong.outcome == "failed"


def test_doctor_warns_when_filtered_texts_would_let_canaries_out(tmp_path: Path) -> None:
    options = write_canaries(tmp_path, VALUES)
    mails = {"rules": [{"category": "pii.email", "action": "mask"}]}
    found = checks(scorers={"canary": options}, topics={"filtered": "harm.filtered"}, policy=mails)["canaries"]
    assert (found.outcome, "pii.canary" in found.mend) == ("warning", True)
    everything = {"rules": [{"category": "pii.*", "action": "mask"}]}
    found = checks(scorers={"canary": options}, topics={"filtered": "harm.filtered"}, policy=everything)["canaries"]
    assert found.outcome == "ok"


def test_the_scorer_reads_what_the_command_wrote(command: Command) -> None:
    command(write("values.txt", *VALUES), "--out", "out.json")
    CanaryScorer("out.json").warm_up()


@pytest.mark.parametrize("label", ["Bad Label", "", "a" * 33])
def test_a_label_that_is_none_is_wrong_usage(command: Command, label: str) -> None:
    code, _, error = command(write("values.txt", *VALUES), "--out", "out.json", "--label", label)
    assert code == 2 and error.count("\n") == 1 and "--label must be a word" in error
    assert not Path("out.json").exists()


def test_an_export_without_values_is_an_error_unless_there_are_some(command: Command) -> None:
    empty = write("empty.txt", "", "  ")
    for more in ((), ("--append",)):
        code, out, err = command(empty, "--out", "out.json", *more)
        assert (code, out, err.count("\n")) == (2, "", 1)
        assert "empty.txt holds no value" in err
        assert not Path("out.json").exists()
    assert command(write("bad.txt", "short"), "--out", "out.json", "--skip-refused")[0] == 1
    assert not Path("out.json").exists()
    assert command(write("values.txt", VALUES[0]), "--out", "out.json")[0] == 0
    assert command(empty, "--out", "out.json", "--append")[0] == 0
    assert labels() == ["canary"]
