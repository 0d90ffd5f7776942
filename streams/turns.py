"""Long work on the event loop, in turns with everything else that has to be done there."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

from agent.clock import Clock
from agent.pipeline.pieces import Pieces

__all__ = ["in_turns"]

_TURN_SECONDS: Final = 0.004

Result = TypeVar("Result")


async def in_turns(pieces: Pieces[Result], clock: Clock) -> tuple[Result, float]:
    """Do all pieces; after four milliseconds of them it is the others' turn.

    Returns
    -------
    tuple
        What came of the pieces, and the seconds that they took, others' turns left out.
    """
    spent = 0.0
    began = clock.monotonic()
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value, spent + clock.monotonic() - began
        now = clock.monotonic()
        if now - began >= _TURN_SECONDS:
            spent += now - began
            await asyncio.sleep(0)
            began = clock.monotonic()
