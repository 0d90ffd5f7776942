"""Taps what a program asks of an OpenAI-compatible server.

``python openai_wrapper.py BASE_URL INGEST_URL QUESTION...``
"""

from __future__ import annotations

import sys

import openai

from harmwatch_client import Tap, wrap


def main(base_url: str, ingest_url: str, *questions: str) -> None:
    """Ask each question, and print the answer as it comes."""
    with Tap(ingest_url, source="openai-example") as tap, openai.OpenAI(base_url=base_url, api_key="none") as client:
        wrap(client, tap)
        for question in questions:
            messages = [{"role": "user", "content": question}]
            for chunk in client.chat.completions.create(model="llama", messages=messages, stream=True):
                if chunk.choices:
                    print(chunk.choices[0].delta.content or "", end="", flush=True)
            print()


if __name__ == "__main__":
    main(*sys.argv[1:])
