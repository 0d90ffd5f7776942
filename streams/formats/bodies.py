"""HTTP bodies of unknown content, as gateways and loggers copy them: told apart, repaired when cut, converted.

A body may be OpenAI's (whole, streamed, or an error), V1 or V2; as JSON, text, base64 or gzip.
"""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import replace

from agent.errors import DecodeError
from agent.events import Direction, Payload, TextPart
from streams.formats.base import MAX_DEPTH, as_object, gunzip, mend_surrogates, parse_json
from streams.formats.chat import Half, is_request, is_response, request_half, response_half
from streams.formats.chat_stream import Stream, is_chunk, looks_like_sse, read_lines, read_sse, stream_half
from streams.formats.encodings import body_characters
from streams.formats.nesting import shallow
from streams.formats.oip_json import is_v2, split_binary, v2_halves
from streams.formats.own_forms import answer_of, asks_nothing, holds_no_text
from streams.formats.questions import question_halves, with_asked
from streams.formats.tensors import v1_halves

__all__ = ["body_halves", "close_truncated", "first_value", "object_halves"]

#: What JSON's structure consists of: strings (perhaps without an end), brackets, commas.
_TOKEN = re.compile(r'"(?:[^"\\]++|\\.)*+("?)|[\[\]{},]', re.DOTALL)
_HALF_ESCAPE = re.compile(r"\\u[0-9a-fA-F]{0,3}$")
_CLOSER = {"[": "]", "{": "}"}


def body_halves(
    body: object, direction: Direction, path: str, *, plain_text: bool = False, header_length: str = ""
) -> list[Half]:
    """The halves of one body, one per row of a batch.

    Parameters
    ----------
    body
        Bytes, text, or what a JSON parser made of it.
    direction
        What the envelope says; an error body is an answer all the same.
    plain_text
        The content type is a text's: what is no JSON and no event stream is the text itself.
    header_length
        Of the binary tensor data extension.

    Raises
    ------
    DecodeError
        ``truncated_json`` when a cut body cannot be used, ``unknown_format`` when its shape is not known.
    """
    if isinstance(body, (bytes, str)) and header_length:
        try:
            return _with_tensors(body, path, header_length)
        except DecodeError as error:
            why = error.reason, error.detail
        # A client wrote that header, and other servers than V2's pass it over.
        with contextlib.suppress(DecodeError):
            return body_halves(body, direction, path, plain_text=plain_text)
        raise DecodeError(*why)
    truncated = False
    if isinstance(body, bytes):
        body = body_characters(gunzip(body))
    if isinstance(body, str):
        given = body
        text = body.lstrip(" \t\r\n\ufeff")
        if not text:
            raise DecodeError("empty", path)
        if direction == "output" and looks_like_sse(text):
            return [stream_half(read_sse(text, f"{path}."), f"{path}.")]
        if text[0] not in '[{"':
            if not plain_text:
                raise DecodeError("not_json", path)
            return [_text_half(given, direction)]
        try:
            body = parse_json(text, path)
        except DecodeError as error:
            if error.reason == "not_json" and direction == "output" and (lines := read_lines(text)) is not None:
                return [stream_half(lines, f"{path}.")]
            if error.reason == "not_json" and plain_text:
                return [_text_half(given, direction)]
            if error.reason == "not_json" and direction == "input":
                body = first_value(text, path)
            elif error.reason != "truncated_json":
                raise
            else:
                body, truncated = close_truncated(text, path), True
        if isinstance(body, str):
            if body.lstrip()[:1] in ("{", "[") and text[0] == '"':  # JSON inside a JSON string
                body = parse_json(body, path)
            elif plain_text:
                return [_text_half(str(body), direction)]
    try:
        halves = object_halves(body, direction, path)
    except DecodeError:
        if truncated:
            raise DecodeError("truncated_json", path) from None
        raise
    if truncated and all(half.payload is None or not half.payload.texts for half in halves):
        raise DecodeError("truncated_json", path)
    return [replace(half, truncated=True) for half in halves] if truncated else halves


def first_value(text: str, path: str) -> object:
    """What stands before something else: Go's Decoder, and so Ollama, reads the first value and no more."""
    reader = json.JSONDecoder(
        parse_int=len, parse_float=len
    )  # only its end is wanted: any number is taken, however long
    try:
        _, end = reader.raw_decode(text)
    except ValueError:
        raise DecodeError("not_json", path) from None
    except RecursionError:
        text = shallow(text.encode("utf-8", "replace"), MAX_DEPTH).decode("utf-8", "replace")
        try:
            _, end = reader.raw_decode(text)
        except ValueError:
            raise DecodeError("not_json", path) from None
    return parse_json(text[:end], path)


def _with_tensors(body: bytes | str, path: str, header_length: str) -> list[Half]:
    raw = body.encode("utf-8", "replace") if isinstance(body, str) else body
    text_part, binary = split_binary(gunzip(raw), header_length)
    document = as_object(parse_json(text_part, path), path)
    return with_asked(v2_halves(document, f"{path}.", binary), document, path)


def _text_half(text: str, direction: Direction) -> Half:
    part = TextPart(mend_surrogates(text), "user" if direction == "input" else "assistant")
    return Half(direction, Payload((part,)))


def object_halves(body: object, direction: Direction, path: str) -> list[Half]:
    """The same for a body that is already parsed."""
    prefix = f"{path}." if path else ""
    if isinstance(body, list):
        if body and all(is_chunk(item) for item in body):
            return [stream_half(Stream(body), prefix)]
        if len(body) == 1 and isinstance(body[0], dict) and "generated_text" in body[0]:
            return [response_half(body[0], f"{path}[0]")]
        if direction == "output" and (whole := answer_of(body)) is not None:
            return [response_half(whole, path)]
        raise DecodeError("unknown_format", path)
    body = as_object(body, path)
    if direction == "input" and (asked := question_halves(body, path)):
        return asked
    if direction == "output" and is_chunk(body):
        return [stream_half(Stream([body]), prefix)]
    if is_v2(body):
        return v2_halves(body, prefix)
    if "instances" in body or "predictions" in body:
        return v1_halves(body, "input" if "instances" in body else "output", prefix)
    if direction == "input" and is_request(body):
        return [request_half(body, path)]
    if direction == "input" and asks_nothing(body):
        return [request_half(body | {"prompt": None}, path)]
    if is_response(body) or ("output" in body and direction == "output"):
        return [response_half(body, path)]
    if direction == "output" and (whole := answer_of(body)) is not None:
        return [response_half(whole, path)]
    if direction == "output" and holds_no_text(body):
        return [replace(response_half(body | {"choices": []}, path), payload=Payload())]
    raise DecodeError("unknown_format", path)


def close_truncated(text: str, path: str = "") -> object:
    """Parse JSON that was cut in the middle, up to the cut: an open string is closed, a half pair is dropped.

    An attacker who makes a body longer than the gateway's limit must not escape the scorers by it.

    Raises
    ------
    DecodeError
        ``truncated_json`` when nothing can be saved.
    """
    text = shallow(text.encode("utf-8", "replace"), MAX_DEPTH).decode("utf-8", "replace")
    closers = safe_closers = ""
    safe = 0
    for match in _TOKEN.finditer(text):
        found = match.group()
        if found[0] == '"':
            if match.group(1):
                continue
            whole = text[: match.end()]
            for kept in (whole, _HALF_ESCAPE.sub("", whole)):
                try:
                    return parse_json(f'{kept}"{closers}', path)
                except DecodeError:
                    continue
            break  # a key, not a value: fall back to the last whole element
        if found in _CLOSER:
            closers = _CLOSER[found] + closers
            safe, safe_closers = match.end(), closers
        elif found == ",":
            safe, safe_closers = match.start(), closers
        elif closers.startswith(found):
            closers = closers[1:]
        else:
            break
    endings = [(text[:safe], safe_closers)]
    if text.rstrip()[-1:] in ('"', "]", "}"):  # cut behind a whole value; a number there may lack its last digits
        endings.insert(0, (text, closers))
    for kept, closing in endings:
        try:
            return parse_json(kept + closing, path)
        except DecodeError:
            continue
    raise DecodeError("truncated_json", path)
