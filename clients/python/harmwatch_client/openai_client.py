"""Taps the calls that a client of the openai package makes, without importing that package.

The client stays the one it was: `create` and `parse` of its chat completions (legacy completions and responses too, and
those of ``beta``, where it has them) are replaced, on this one object, by functions that call them and look at what
went through. Sync and async, whole and streamed.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from harmwatch_client.call import Call
from harmwatch_client.conversation import LEFT_OUT
from harmwatch_client.overheard import Question
from harmwatch_client.pieces import Pieces
from harmwatch_client.plain import field
from harmwatch_client.shapes import answer_output, request_context, request_input
from harmwatch_client.tap import Tap

__all__ = ["wrap"]

Client = TypeVar("Client")
_MARK = "_harmwatch_tapped"
#: Where a client has what: path to the resource, names of its methods.
_PLACES = (
    (("chat", "completions"), ("create", "parse")),
    (("completions",), ("create",)),
    (("responses",), ("create", "parse")),
    # Resources of their own, which have much the same.
    (("beta", "chat", "completions"), ("create", "parse")),
    (("beta", "responses"), ("create", "parse")),
)


def wrap(client: Client, tap: Tap, **facts: object) -> Client:
    """Tap every call that ``client`` makes from now on, and give it back.

    What the calls return is unchanged, and so are their exceptions. Copies of the client (`with_options`) are tapped
    too.

    Parameters
    ----------
    client
        An ``openai.OpenAI``, ``openai.AsyncOpenAI``, or anything of the same form.
    facts
        Of every event: further arguments of `Tap.log`, e.g. ``tenant="acme"``.

    Raises
    ------
    TypeError
        When there is no ``chat.completions.create``: at the start, where it is noticed.
    """
    found = False
    for path, names in _PLACES:
        resource: Any = client
        for name in path:
            resource = getattr(resource, name, None)
        for name in names:
            original = getattr(resource, name, None)
            if not callable(original):
                continue
            found = found or path == ("chat", "completions")
            if not getattr(original, _MARK, False):
                setattr(resource, name, _tapped(original, tap, facts))
    if not found:
        raise TypeError("wrap needs a client with chat.completions.create")
    for name in ("with_options", "copy"):
        original = getattr(client, name, None)
        if callable(original) and not getattr(original, _MARK, False):
            setattr(client, name, _copying(original, tap, facts))
    return client


def _copying(original: Callable[..., Any], tap: Tap, facts: Mapping[str, object]) -> Callable[..., Any]:
    @functools.wraps(original)
    def copy(*args: Any, **kwargs: Any) -> Any:
        copied = original(*args, **kwargs)
        try:
            wrap(copied, tap, **facts)
        except Exception:
            # It is not tapped, and as good as one call: most copies are made for one.
            tap.lose()
        return copied

    setattr(copy, _MARK, True)
    return copy


def _tapped(original: Callable[..., Any], tap: Tap, facts: Mapping[str, object]) -> Callable[..., Any]:
    def begin(*args: Any, **kwargs: Any) -> Any:
        asking = Asking(tap, facts, kwargs)
        try:
            result = original(*args, **asking.handed)
        except BaseException as error:
            asking.ended_badly(error)
            raise
        if inspect.isawaitable(result):
            return _awaited(result, asking)
        return asking.seen(result)

    if inspect.iscoroutinefunction(original):
        # Whoever looks whether to wait for it sees what was seen before.
        async def begin_later(*args: Any, **kwargs: Any) -> Any:
            return await begin(*args, **kwargs)

        create = functools.wraps(original)(begin_later)
    else:
        create = functools.wraps(original)(begin)
    setattr(create, _MARK, True)
    return create


async def _awaited(result: Awaitable[Any], asking: Asking) -> Any:
    try:
        answer = await result
    except BaseException as error:
        asking.ended_badly(error)
        raise
    return asking.seen(answer)


class Asking:
    """One call of the client, from its arguments to what is given back. Nothing of it raises."""

    def __init__(self, tap: Tap, facts: Mapping[str, object], asked: dict[str, Any]) -> None:
        self.handed: Mapping[str, Any] = asked
        self._tap = tap
        self._call: Call | None = None
        self._question: Question | None = None
        try:
            question = Question(asked)
            known = {"model": asked.get("model"), **(_halves(question) if question.is_known else {})}
            self._call = tap.call(**{**known, **facts})
            if not question.is_known:
                self._question = question
                self._facts = facts
                self.handed = question.handed
        except Exception:
            tap.lose()

    def _hear(self) -> None:
        """What the library has read of the question by now, where it could not be read before."""
        if self._question is None or self._call is None:
            return
        try:
            halves = _halves(self._question)
            self._call.set(**{name: value for name, value in halves.items() if name not in self._facts})
        except Exception:
            self._call.set(input={"messages": [LEFT_OUT]})

    def ended_badly(self, error: BaseException) -> None:
        """The library raised."""
        self._hear()
        if self._call is not None:
            self._call.__exit__(type(error), error, None)

    def seen(self, result: Any) -> Any:
        """Look at what is given back: tell of it when it is whole, go along with it when it is a stream."""
        self._hear()
        call = self._call
        if call is None:
            return result
        try:
            output = answer_output(result)
            if output is None and (hasattr(result, "__anext__") or hasattr(result, "__next__")):
                return TappedStream(result, call, Pieces(self._tap.max_event_bytes))
            if output is not None:
                call.set(output=output)
            # Else a raw response: only what was asked is known, since reading it here would take it from the caller.
            call.end(failed=field(result, "error") is not None)
        except Exception:
            # What was asked is told all the same, and that the answer is missing.
            call.end(truncated=True)
        return result


def _halves(question: Question) -> dict[str, object]:
    asked = question.read()
    return {"input": request_input(asked), "context": request_context(asked)}


class TappedStream:
    """A stream of the openai package, seen while it is read: it gives the same chunks, and has the same attributes.

    The call is told when the stream ends, is closed, fails, or is thrown away; in the last three cases as truncated.
    """

    def __init__(self, stream: Any, call: Call, pieces: Pieces) -> None:
        self._tapped_stream = stream
        self._tapped_call = call
        self._tapped_pieces = pieces

    @property  # type: ignore[misc]
    def __class__(self) -> type:  # isinstance(stream, openai.Stream) stays true
        return type(self._tapped_stream)

    def __getattr__(self, name: str) -> Any:
        if "_tapped_stream" not in vars(self):  # of a copy that has nothing yet
            raise AttributeError(name)
        return getattr(self._tapped_stream, name)

    def __iter__(self) -> TappedStream:
        return self

    def __aiter__(self) -> TappedStream:
        return self

    def __next__(self) -> Any:
        try:
            chunk = next(self._tapped_stream)
        except BaseException as error:
            self._tapped_end(error)
            raise
        self._tapped_see(chunk)
        return chunk

    async def __anext__(self) -> Any:
        try:
            chunk = await self._tapped_stream.__anext__()
        except BaseException as error:
            self._tapped_end(error)
            raise
        self._tapped_see(chunk)
        return chunk

    def __enter__(self) -> Any:
        self._tapped_stream.__enter__()
        return self

    def __exit__(self, *error: Any) -> Any:
        self._tapped_end(None)
        return self._tapped_stream.__exit__(*error)

    async def __aenter__(self) -> Any:
        await self._tapped_stream.__aenter__()
        return self

    async def __aexit__(self, *error: Any) -> Any:
        self._tapped_end(None)
        return await self._tapped_stream.__aexit__(*error)

    def close(self) -> Any:
        """Close the stream; what the original gives back is given back (a coroutine, when it is asynchronous)."""
        self._tapped_end(None)
        return self._tapped_stream.close()

    def __del__(self) -> None:
        try:
            self._tapped_end(None)
        except Exception:
            return

    def _tapped_see(self, chunk: object) -> None:
        try:
            self._tapped_pieces.add(chunk)
        except Exception:
            self._tapped_pieces.cut = True

    def _tapped_end(self, error: BaseException | None) -> None:
        try:
            pieces, call = self._tapped_pieces, self._tapped_call
            output = pieces.output()
            if output is not None:
                call.set(output=output)
            whole = isinstance(error, (StopIteration, StopAsyncIteration))
            failed = pieces.failed or (isinstance(error, Exception) and not whole)
            call.end(failed=failed, truncated=pieces.cut or not whole)
        except Exception:
            # What was asked is told all the same.
            self._tapped_call.end(truncated=True)
