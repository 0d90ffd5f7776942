"""The chaos suite's own parts: gates that do what networks do, and books that see what is wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random

import msgspec
import pytest

from agent.events import DIRECTIONS, Direction
from agent.scores import Dimension, Finding, MissingScore, Verdict
from streams.ports import Record
from tests.brokers.ports import free_ports
from tests.e2e.chaos.command import main
from tests.e2e.chaos.faults import FAULTS
from tests.e2e.chaos.feed import CHUNK, UNSOUND, number_of
from tests.e2e.chaos.gates import Gate, Gatehouse
from tests.e2e.chaos.ledger import Books, Spell, read_letters
from tests.e2e.chaos.report import FAULT_WORDS, Leg, Plan, ReportFile, as_dict
from tests.e2e.chaos.run import plan_rounds
from tests.e2e.traffic import MODELS, Ledger

_PATIENCE_SECONDS = 30.0


@pytest.fixture
def echo() -> Iterator[int]:
    """Port of a server that gives back what it is sent."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve(connection: socket.socket) -> None:
            with connection:
                while data := connection.recv(65536):
                    connection.sendall(data)

        def accept() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(connection,), daemon=True).start()

        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)


@pytest.fixture
def gate(echo: int) -> Iterator[tuple[Gatehouse, Gate]]:
    house = Gatehouse()
    try:
        yield house, house.build(free_ports(1)[0], echo)
    finally:
        house.close()


def _connected(gate: Gate) -> socket.socket:
    return socket.create_connection(("127.0.0.1", gate.port), _PATIENCE_SECONDS)


def _comes_back(connection: socket.socket, data: bytes) -> bool:
    connection.sendall(data)
    return _received(connection, len(data)) == data


def _received(connection: socket.socket, length: int) -> bytes:
    found = b""
    while len(found) < length and (data := connection.recv(length - len(found))):
        found += data
    return found


def test_an_open_gate_passes_bytes_both_ways(gate: tuple[Gatehouse, Gate]) -> None:
    with closing(_connected(gate[1])) as connection:
        assert _comes_back(connection, bytes(range(256)) * 4096)


def test_what_is_sent_in_the_dark_arrives_when_it_is_light(gate: tuple[Gatehouse, Gate]) -> None:
    house, way = gate
    with closing(_connected(way)) as connection:
        assert _comes_back(connection, b"before")
        house.set([way], "dark")
        connection.sendall(b"in the dark")
        connection.settimeout(0.3)
        with pytest.raises(TimeoutError):
            connection.recv(1)
        connection.settimeout(_PATIENCE_SECONDS)
        house.set([way], "open")
        assert _received(connection, 11) == b"in the dark"


def test_a_cut_resets_what_is_there_and_refuses_what_comes(gate: tuple[Gatehouse, Gate]) -> None:
    house, way = gate
    with closing(_connected(way)) as connection:
        assert _comes_back(connection, b"before")
        house.set([way], "cut")
        with pytest.raises(ConnectionError):
            if connection.recv(1) == b"":
                raise ConnectionResetError
    with closing(_connected(way)) as late, pytest.raises(ConnectionError):
        if late.recv(1) == b"":
            raise ConnectionResetError
    house.set([way], "open")
    with closing(_connected(way)) as again:
        assert _comes_back(again, b"after")


def _books(calls: int = 4) -> Books:
    """Books to which calls of both halves were promised."""
    ledger = Ledger()
    for place in range(calls):
        ledger.note(("e2e", f"c0-{place}"), MODELS[0], DIRECTIONS)
    books = Books(calls + 1)
    books.promise(ledger)
    return books


def _said(
    place: int,
    direction: Direction,
    *,
    verdict_id: str | None = None,
    toxicity: float = 0.1,
    missing: str | None = None,
    findings: tuple[Finding, ...] = (),
) -> Record:
    verdict = Verdict(
        id=verdict_id or f"v{place}{direction}",
        inference_id=f"c0-{place}",
        source="e2e",
        model=MODELS[0],
        direction=direction,
        time="2026-11-27T00:00:00Z",
        scored_at="2026-11-27T00:00:01Z",
        scores={} if missing else {"toxicity": toxicity},
        findings=list(findings),
        missing=[MissingScore("toxicity", missing)] if missing else [],
        weight=1.0,
        scorers={"toxicity": "test@1"},
        truncated=False,
    )
    return Record("verdicts", 0, place, 0.0, None, msgspec.json.encode(verdict), ())


def _finding(dimension: Dimension) -> Finding:
    return Finding(category="pii.email", dimension=dimension, score=1.0, threshold=0.5)


def _complete() -> list[Record]:
    return [_said(place, direction) for place in range(4) for direction in DIRECTIONS]


def _wrong(books: Books) -> dict[str, int]:
    return {
        name: number
        for name, number in books.numbers().items()
        if number and name not in ("halves_published", "verdict_records", "duplicate_verdicts", "missing_scores")
    }


def test_books_of_whole_traffic_balance() -> None:
    books = _books()
    books.read(_complete())
    assert _wrong(books) == {} and books.halves() == 8
    assert books.truth()[MODELS[0]].flat() == {"events": 4.0, "scored.input": 4.0, "scored.output": 4.0}
    assert books.against(books.truth()) == []


@pytest.mark.parametrize(
    ("records", "wrong"),
    [
        (_complete()[:-1], {"halves_without_verdict": 1}),
        ([*_complete(), _said(0, "input")], {}),
        ([*_complete(), _said(0, "input", toxicity=0.2)], {"contradicting_duplicates": 1}),
        ([*_complete(), _said(0, "input", verdict_id="another")], {"duplicates_with_another_id": 1}),
        ([*_complete(), _said(4, "input")], {"uninvited_verdicts": 1}),
        ([*_complete(), _said(0, "input", missing="busy")], {"duplicates_with_or_without_a_missing_score": 1}),
        (
            [*_complete(), _said(0, "input", missing="busy", findings=(_finding("privacy"),))],
            {"contradicting_duplicates": 1},
        ),
    ],
    ids=["lost", "doubled", "contradicting", "renamed", "uninvited", "retold", "retold by another scorer"],
)
def test_books_see_what_is_wrong(records: list[Record], wrong: dict[str, int]) -> None:
    books = _books()
    books.read(records)
    assert _wrong(books) == wrong


_BROKEN = Spell("scorer_hangs", 1_795_737_600.0, 1_795_737_602.0, frozenset({"busy"}))
"""Two seconds around the moment of the verdicts."""


@pytest.mark.parametrize(
    ("spells", "outside"),
    [
        ([_BROKEN], 0),
        ([], 1),
        ([_BROKEN._replace(begin=_BROKEN.begin + 1.5)], 1),
        ([_BROKEN._replace(end=_BROKEN.begin + 0.5)], 1),
        ([_BROKEN._replace(reasons=frozenset({"error"}))], 1),
    ],
    ids=["explained", "no scorer was broken", "before", "after", "for another reason"],
)
def test_scores_are_missing_only_while_a_scorer_is_broken(spells: list[Spell], outside: int) -> None:
    books = _books()
    books.read([*_complete()[1:], _said(0, "input", missing="busy")])
    assert books.missing_outside(spells) == outside
    assert books.missing_in(_BROKEN) == 1 == books.missing


def _letter(offset: int, value: bytes = UNSOUND) -> Record:
    headers = (("partition", b"0"), ("offset", str(offset).encode()))
    return Record("dlq", 0, offset, 0.0, None, value, headers)


def test_dead_letters_are_counted_once_and_sound_ones_are_seen() -> None:
    assert read_letters([_letter(1), _letter(2), _letter(1)]) == (2, 1, 0)
    assert read_letters([_letter(1), _letter(2, b'{"id": "c0-1"}')]) == (2, 0, 1)


def test_books_see_windows_that_counted_twice() -> None:
    books = _books()
    books.read(_complete())
    windows = books.truth()
    windows[MODELS[0]].events += 1.0
    assert books.against(windows) == [f"{MODELS[0]} events: truth 4, windows 5"]


def test_numbers_follow_chunks() -> None:
    assert number_of("c0-0") == 0 and number_of("c2-7") == 2 * CHUNK + 7
    with pytest.raises(ValueError, match="invalid literal"):
        number_of("r-7")


@pytest.mark.parametrize("faults", [1, len(FAULTS), 200])
def test_every_kind_comes_about_as_often(faults: int) -> None:
    drawn = [kind for kinds in plan_rounds(Random(3), list(FAULTS), faults) for kind in kinds]
    assert len(drawn) == faults
    counts = [drawn.count(kind) for kind in FAULTS]
    assert max(counts) - min(counts) <= 1


def test_two_at_once_are_of_two_sides() -> None:
    rounds = plan_rounds(Random(3), list(FAULTS), 200)
    pairs = [kinds for kinds in rounds if len(kinds) == 2]
    assert all(len(kinds) == 1 for kinds in rounds for kind in kinds if FAULTS[kind][0] == "alone")
    assert pairs and all({FAULTS[kind][0] for kind in kinds} == {"worker", "broker"} for kinds in pairs)


_PLAN = Plan(calls=1000, faults=4, faults_a_leg=2, seed=1, kinds=("worker_killed", "broker_killed"))


def _leg(*, balanced: bool, seconds: float) -> Leg:
    leg = Leg(1, balanced=balanced)
    leg.recovered["worker_killed"].append(seconds)
    leg.stood["worker_killed"].append(seconds / 2)
    leg.numbers |= {"calls": 500, "halves_without_verdict": 0}
    return leg


def test_a_report_is_taken_up_behind_what_was_balanced(tmp_path: Path) -> None:
    file = ReportFile(tmp_path / "chaos.json", _PLAN)
    assert file.read() == []
    file.write([_leg(balanced=True, seconds=4.0), _leg(balanced=False, seconds=9.0)])
    assert [leg.recovered for leg in file.read()] == [{"worker_killed": [4.0]}]
    assert "| worker: kill -9 | 2 | 6, 9 s | 4 s |" in (tmp_path / "chaos.md").read_text(encoding="utf-8")


def test_a_report_of_another_plan_is_refused(tmp_path: Path) -> None:
    ReportFile(tmp_path / "chaos.json", _PLAN).write([_leg(balanced=True, seconds=4.0)])
    other = Plan(calls=2000, faults=4, faults_a_leg=2, seed=1, kinds=_PLAN.kinds)
    with pytest.raises(ValueError, match="another plan"):
        ReportFile(tmp_path / "chaos.json", other).read()


def test_legs_add_up() -> None:
    legs = [_leg(balanced=True, seconds=4.0), _leg(balanced=True, seconds=9.0), _leg(balanced=True, seconds=5.0)]
    told = as_dict(_PLAN, legs)
    assert told["calls"] == 1500 and told["kinds"][0]["recovered_median_seconds"] == 5.0 and not told["whole"]
    assert as_dict(_PLAN, [*legs, _leg(balanced=True, seconds=1.0)])["whole"]


def test_every_kind_of_fault_has_words() -> None:
    assert FAULT_WORDS.keys() == FAULTS.keys()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--only", "earthquake"], "no fault earthquake"),
        (["--resume"], "--resume needs --report"),
        (["--faults", "-1"], "at least 1"),
        (["--report", "{there}"], "is there already"),
    ],
)
def test_bad_arguments_are_told(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path / "chaos.json"
    there.write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit) as ended:
        main([argument.format(there=there) for argument in arguments])
    assert ended.value.code == 2 and said in capsys.readouterr().err
