"""The chaos suite's own parts: gates that do what networks do, and books that see what is wrong."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing
from random import Random

import msgspec
import pytest

from agent.events import DIRECTIONS, Direction
from agent.scores import Verdict
from streams.ports import Record
from tests.brokers.ports import free_ports
from tests.e2e.chaos.faults import FAULTS
from tests.e2e.chaos.feed import CHUNK, number_of
from tests.e2e.chaos.gates import Gate, Gatehouse
from tests.e2e.chaos.ledger import Books
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


def _said(place: int, direction: Direction, *, verdict_id: str | None = None, toxicity: float = 0.1) -> Record:
    verdict = Verdict(
        id=verdict_id or f"v{place}{direction}",
        inference_id=f"c0-{place}",
        source="e2e",
        model=MODELS[0],
        direction=direction,
        time="2026-11-27T00:00:00Z",
        scored_at="2026-11-27T00:00:01Z",
        scores={"toxicity": toxicity},
        findings=[],
        missing=[],
        weight=1.0,
        scorers={"toxicity": "test@1"},
        truncated=False,
    )
    return Record("verdicts", 0, place, 0.0, None, msgspec.json.encode(verdict), ())


def _complete() -> list[Record]:
    return [_said(place, direction) for place in range(4) for direction in DIRECTIONS]


def _wrong(books: Books) -> dict[str, int]:
    return {
        name: number
        for name, number in books.numbers().items()
        if number and name not in ("halves_published", "verdict_records", "duplicate_verdicts")
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
    ],
    ids=["lost", "doubled", "contradicting", "renamed", "uninvited"],
)
def test_books_see_what_is_wrong(records: list[Record], wrong: dict[str, int]) -> None:
    books = _books()
    books.read(records)
    assert _wrong(books) == wrong


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
    assert pairs and all({FAULTS[kind][0] for kind in kinds} == {"worker", "broker"} for kinds in pairs)
