"""The journal survives stops, and mixes nothing."""

from __future__ import annotations

import json
import resource
import signal
from pathlib import Path

import pytest

from agent.errors import ConfigError, DataError
from agent.probe.journal import Journal
from agent.probe.question import Choice, LogLikelihood, Outcome, Question, Rating

TARGET = {"kind": "openai", "name": "http://localhost/v1", "model": "m"}
QUESTIONS = [Question(f"q{place}", f"Prompt {place}?", Choice(("a", "b"), (1, 0))) for place in range(4)]


def filled(path: Path) -> None:
    with Journal(path, TARGET) as journal:
        journal.put(QUESTIONS[0], Outcome("answered", 1.0))
        journal.put(QUESTIONS[1], Outcome("refused"))
        journal.put(QUESTIONS[2], Outcome("unparsed"))


def test_outcomes_come_back(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    with Journal(tmp_path / "j", TARGET) as journal:
        assert [journal.get(question) for question in QUESTIONS] == [
            Outcome("answered", 1.0),
            Outcome("refused"),
            Outcome("unparsed"),
            None,
        ]


def test_no_question_and_no_answer_stands_in_it(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    assert b"Prompt" not in (tmp_path / "j").read_bytes()


@pytest.mark.parametrize("cut", range(1, 60))
def test_a_line_that_was_cut_off_is_asked_anew(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "j"
    filled(path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    with Journal(path, TARGET) as journal:
        kept = len(journal)
        assert kept == whole[:-cut].count(b"\n") - 1
        journal.put(QUESTIONS[3], Outcome("answered", 0.0))
    with Journal(path, TARGET) as journal:
        assert len(journal) == kept + 1 and journal.get(QUESTIONS[3]) == Outcome("answered", 0.0)


def test_a_stop_in_the_first_line_begins_anew(tmp_path: Path) -> None:
    path = tmp_path / "j"
    filled(path)
    path.write_bytes(path.read_bytes()[:15])
    with Journal(path, TARGET) as journal:
        assert len(journal) == 0
    assert json.loads(path.read_bytes())["target"] == TARGET


def test_another_target_is_refused_and_says_what_differs(tmp_path: Path) -> None:
    filled(tmp_path / "j")
    with pytest.raises(ConfigError, match=r"\(model differ\)"):
        Journal(tmp_path / "j", {**TARGET, "model": "other"})


@pytest.mark.parametrize("content", [b"hello\n", b'{"id": 1}\n', b"[1]\n", b"\xff\xfe\n", b'{"task": "bias"}'])
def test_other_files_are_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match="is no journal"):
        Journal(path, TARGET)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "line",
    [b"{}\n", b"junk\n", b'{"mark": "m", "status": "maybe"}\n', b'{"mark": "m", "status": "answered", "value": "x"}\n'],
)
def test_damage_in_the_middle_is_said_with_its_line(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "j"
    filled(path)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], line, *lines[2:]]))
    with pytest.raises(DataError, match="line 3"):
        Journal(path, TARGET)


def test_a_folder_is_no_journal(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read and written"):
        Journal(tmp_path, TARGET)


@pytest.mark.parametrize("content", [b'{"journal": "%s", "target": [1]}\n', b'{"journal": "%s", "target": "x"}\n'])
def test_a_head_that_somebody_edited_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "j"
    filled(path)
    name = json.loads(path.read_bytes().splitlines()[0])["journal"]
    path.write_bytes(content % name.encode())
    with pytest.raises(ConfigError, match="differ"):
        Journal(path, TARGET)


def test_two_runs_do_not_write_one_journal(tmp_path: Path) -> None:
    with Journal(tmp_path / "j", TARGET) as first:
        with pytest.raises(ConfigError, match="another run is writing it"):
            Journal(tmp_path / "j", TARGET)
        first.put(QUESTIONS[0], Outcome("answered", 1.0))
    with Journal(tmp_path / "j", TARGET) as next_one:
        assert next_one.get(QUESTIONS[0]) == Outcome("answered", 1.0)


def test_a_device_is_no_journal() -> None:
    with pytest.raises(ConfigError, match="keeps nothing"):
        Journal(Path("/dev/zero"), TARGET)


def test_a_full_disk_is_said_with_the_file_and_what_was_written_is_good(tmp_path: Path) -> None:
    path = tmp_path / "j"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    written = 0
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, before[1]))
        with Journal(path, TARGET) as journal, pytest.raises(DataError, match=f"{path}: cannot be written any more"):
            for question in QUESTIONS * 20:
                journal.put(question, Outcome("answered", 1.0))
                written += 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    with Journal(path, TARGET) as journal:
        assert 0 < len(journal) <= written
        journal.put(QUESTIONS[0], Outcome("answered", 0.0))


def test_a_question_is_another_one_when_anything_of_it_changes() -> None:
    question = QUESTIONS[0]
    others = [
        Question("q1", question.prompt, question.expects),
        Question(question.key, "Another prompt?", question.expects),
        Question(question.key, question.prompt, Choice(("a", "b"), (0, 1))),
        Question(question.key, question.prompt, Rating()),
        Question(question.key, question.prompt, LogLikelihood()),
    ]
    assert len({question.mark, *(other.mark for other in others)}) == 6
    assert question.mark == Question("q0", "Prompt 0?", Choice(("a", "b"), (1, 0))).mark


def test_nothing_shows_a_prompt() -> None:
    assert "Prompt" not in repr(QUESTIONS[0])
