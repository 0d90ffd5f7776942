"""A call of very many texts: all are judged, and none holds up the calls behind it."""

from __future__ import annotations

import json

from agent.events import InferenceEvent, Payload, TextPart
from streams.formats import Decoder
from streams.formats.many_texts import MAX_TEXTS, has_many_texts, with_few_texts
from streams.ports import Record
from tests.builders import make_event


def of(*parts: TextPart) -> InferenceEvent:
    return InferenceEvent(inference_id="a", model="m", format="openai", input=Payload(parts))


def test_an_ordinary_event_stays_as_it_is() -> None:
    event = of(*(TextPart(f"turn {n}") for n in range(MAX_TEXTS)))
    assert not has_many_texts(event)
    assert not has_many_texts(make_event())


def test_the_newest_stay_apart_and_nothing_of_the_older_ones_is_lost() -> None:
    roles = ("system", "user", "assistant", "tool")
    parts = [TextPart(f"turn {n}", roles[n % 4]) for n in range(5_000)]
    event = of(*parts)
    assert has_many_texts(event)
    few = with_few_texts(event)
    assert few.input is not None and few.input.texts[-MAX_TEXTS:] == tuple(parts[-MAX_TEXTS:])
    assert len(few.input.texts) < MAX_TEXTS + 32
    for role in roles:
        said = "\n".join(part.text for part in few.input.texts if part.role == role).split("\n")
        assert said == [part.text for part in parts if part.role == role]


def test_a_text_that_was_put_together_is_one_that_scorers_read_to_its_end() -> None:
    few = with_few_texts(of(TextPart("y" * 9_000), *(TextPart("x" * 1_500) for _ in range(1_000))))
    assert few.input is not None
    lengths = [len(part.text) for part in few.input.texts]
    assert lengths[0] == 9_000 and max(lengths[1:]) <= 4_096


def test_kinds_stay_apart_and_so_do_passages() -> None:
    parts = [TextPart("a", "assistant", "reasoning"), TextPart("b", "assistant")] * 300
    event = InferenceEvent(
        inference_id="a", model="m", format="openai", output=Payload(tuple(parts)), context=("passage",) * 1_000
    )
    few = with_few_texts(event)
    assert few.output is not None
    assert [part.kind for part in few.output.texts[:2]] == ["reasoning", "text"]
    assert len(few.context) < MAX_TEXTS + 4 and sum(map(len, few.context)) >= 7_000
    assert few.input is None


def test_the_decoder_bounds_every_event_with_and_without_an_id_and_time() -> None:
    asked = {"messages": [{"role": "user", "content": f"w{n}"} for n in range(50_000)]}
    decoder = Decoder({"t": "openai"})
    for envelope in ({}, {"id": "a", "time": 1_700_000_000}):
        value = json.dumps(envelope | {"request": asked, "response": {"choices": []}}).encode()
        (event,) = decoder.decode(Record("t", 0, 0, 1.7e9, None, value, ()))
        assert event.input is not None and len(event.input.texts) < 400
        assert "w49999" in event.input.texts[-1].text and event.input.texts[0].text.startswith("w0\nw1\n")
