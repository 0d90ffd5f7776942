"""Places: who has one keeps it for its fair time, and however many keep theirs, others wait only so long in all."""

from __future__ import annotations

import asyncio
import socket

import pytest

from streams.web import places
from streams.web.places import Places

FAIR_SECONDS = 0.2


class Room:
    """Places, and what has them: tasks that do nothing until they end, each with a connection of its own."""

    def __init__(self, most: int) -> None:
        self.gone: list[asyncio.Task[bool]] = []
        self.places = Places(most, FAIR_SECONDS, self._give_up)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._tasks: list[asyncio.Task[bool]] = []

    async def come(self, words: bytes = b"") -> tuple[asyncio.Task[bool], float]:
        """A newcomer, and how long it waited."""
        clock = asyncio.get_running_loop().time
        began = clock()
        async with asyncio.timeout(60):
            await self.places.room()
        ours, theirs = socket.socketpair()
        ours.setblocking(False)
        theirs.sendall(words)
        self._pairs.append((ours, theirs))
        task = asyncio.create_task(asyncio.Event().wait())
        self._tasks.append(task)
        self.places.take(task, ours)
        return task, clock() - began

    def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        for ours, theirs in self._pairs:
            ours.close()
            theirs.close()

    def _give_up(self, task: asyncio.Task[bool]) -> None:
        self.gone.append(task)
        task.cancel()


@pytest.fixture
def room(request: pytest.FixtureRequest) -> Room:
    made = Room(4)
    request.addfinalizer(made.close)
    return made


async def test_the_oldest_goes_when_it_has_had_its_fair_time(room: Room) -> None:
    first = [await room.come() for _ in range(4)]
    assert sum(waited for _, waited in first) < FAIR_SECONDS
    _, waited = await room.come()
    assert waited >= FAIR_SECONDS * 0.9
    assert room.gone == [first[0][0]]


async def test_a_place_that_becomes_free_is_taken_at_once_and_nobody_goes(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room.places, "_fair_seconds", 60)
    tasks = [(await room.come())[0] for _ in range(4)]
    newcomer = asyncio.create_task(room.come())
    await asyncio.sleep(0)
    behind = asyncio.create_task(room.places.nobody_waits())
    await asyncio.sleep(0.05)
    assert not newcomer.done() and not behind.done()
    room.places.leave(tasks[2])
    _, waited = await newcomer
    await behind
    assert waited < 30 and not room.gone


async def test_all_waiting_for_those_who_keep_their_places_is_bounded_together_until_there_is_calm(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited = sum([(await room.come())[1] for _ in range(200)])
    assert len(room.gone) == 196
    assert waited < 49 * FAIR_SECONDS / 10, "not the fair time for every four that keep them"
    monkeypatch.setattr(places, "_CALM_SECONDS", 0.0)
    assert (await room.come())[1] >= FAIR_SECONDS * 0.9, "the next have the whole of it again"


async def test_who_was_not_read_yet_does_not_go_before_the_others(room: Room) -> None:
    tasks = [(await room.come(b"words"))[0], *[(await room.come())[0] for _ in range(3)]]
    await room.come()
    assert room.gone == [tasks[1]]


async def test_who_sends_a_byte_now_and_then_goes_as_well(room: Room) -> None:
    tasks = [(await room.come(b"words"))[0] for _ in range(4)]
    _, waited = await room.come()
    assert waited >= 2 * FAIR_SECONDS * 0.9
    assert room.gone == tasks[:1]
