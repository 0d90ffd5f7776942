"""A batch job on vLLM that tells harmwatch of every answer: ``python vllm_offline.py INGEST_URL < prompts.txt``.

A batch job may wait where a server may not: when the tap's buffer is full it is given a minute, and so nothing is
dropped unless harmwatch is away for longer. What became of it is said at the end.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator
from itertools import islice

from harmwatch_client import Tap

MODEL = "facebook/opt-125m"
BATCH = 64


def batches(prompts: Iterator[str]) -> Iterator[list[str]]:
    """The prompts, so many at a time."""
    while batch := list(islice(prompts, BATCH)):
        yield batch


def main(ingest_url: str) -> None:
    """Answer what stands on standard input, a line each."""
    from vllm import LLM, SamplingParams

    # SIGTERM would end the process at once, and the tap with it; so the block below is left in order.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    model = LLM(model=MODEL)
    sampling = SamplingParams(max_tokens=64)
    with Tap(ingest_url, source="nightly-batch", model=MODEL) as tap:
        for batch in batches(line.strip() for line in sys.stdin if line.strip()):
            for prompt, result in zip(batch, model.generate(batch, sampling), strict=True):
                answer = result.outputs[0].text
                if not tap.log(input=prompt, output=answer):
                    tap.flush(60.0)
                    tap.log(input=prompt, output=answer)
        tap.flush(60.0)
        print(tap.stats.as_dict(), file=sys.stderr)


if __name__ == "__main__":
    main(*sys.argv[1:])
