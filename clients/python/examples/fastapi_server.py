"""A FastAPI server of a model, tapped by middleware.

``HARMWATCH_TAP_URL=http://ingest:9465 uvicorn fastapi_server:app``; without the variable it runs untapped.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from pydantic import BaseModel

from harmwatch_client import Tap, TapMiddleware

tap = Tap.from_environment()


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Close the tap where the server ends.

    The middleware delivers what is there as well; servers that call `tap.log` themselves need this: after SIGTERM
    uvicorn leaves the interpreter no time for it.
    """
    yield
    await asyncio.to_thread(tap.close)


app = FastAPI(lifespan=lifespan)
app.add_middleware(TapMiddleware, tap=tap, paths=["/v1/"], model="echo")


class Question(BaseModel):
    prompt: str
    model: str = "echo"


@app.post("/v1/completions")
def complete(question: Question) -> dict[str, object]:
    """A model that repeats what it is told, in OpenAI's form."""
    choice = {"index": 0, "text": question.prompt, "finish_reason": "stop"}
    return {"object": "text_completion", "model": question.model, "choices": [choice]}


@app.get("/tap")
def state() -> dict[str, int | str]:
    """What became of what was told, for a dashboard of your own."""
    return tap.stats.as_dict()
