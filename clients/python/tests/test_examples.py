"""The examples run as they stand, against servers that are stood up for them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from clients.python.tests.fake_model import WORDS, fake_model
from clients.python.tests.rig import CLIENT, FakeIngest, free_port, wait_for

EXAMPLES = CLIENT / "examples"
#: vLLM needs a device; what the example uses of it, in its place.
VLLM = """
from types import SimpleNamespace
class SamplingParams:
    def __init__(self, max_tokens): pass
class LLM:
    def __init__(self, model): pass
    def generate(self, prompts, sampling):
        return [SimpleNamespace(outputs=[SimpleNamespace(text=prompt.upper())]) for prompt in prompts]
"""


def test_the_code_of_the_pages_runs() -> None:
    for page in (CLIENT / "README.md", CLIENT.parents[1] / "docs" / "client.md"):
        pieces = page.read_text(encoding="utf-8").split("```python\n")[1:]
        for piece in pieces:
            code = piece.partition("```")[0].replace("http://ingest:9465", "http://127.0.0.1:9")
            script = f"{code}\nimport gc\nfor each in gc.get_objects():\n    if type(each) is Tap: each.close(0.01)\n"
            done = subprocess.run([sys.executable, "-c", script], env=environment(), capture_output=True, text=True)
            assert done.returncode == 0, f"{page.name}: {done.stderr}"


def environment(*folders: Path, **variables: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (CLIENT, *folders))), **variables}


def test_fastapi() -> None:
    port = free_port()
    with FakeIngest() as ingest:
        command = [sys.executable, "-m", "uvicorn", "fastapi_server:app", "--port", str(port), "--log-level", "error"]
        with subprocess.Popen(command, env=environment(EXAMPLES, HARMWATCH_TAP_URL=ingest.url)) as server:
            try:
                url = f"http://127.0.0.1:{port}"

                def answers() -> bool:
                    try:
                        return bool(urllib.request.urlopen(f"{url}/tap", timeout=5).read())
                    except OSError:
                        return False

                wait_for(answers)
                body = json.dumps({"prompt": "say it"}).encode()
                asked = urllib.request.Request(f"{url}/v1/completions", body, {"Content-Type": "application/json"})
                assert json.load(urllib.request.urlopen(asked, timeout=30))["choices"][0]["text"] == "say it"
                assert json.load(urllib.request.urlopen(f"{url}/tap", timeout=30))["logged"] == 1
                asked.data = json.dumps({"prompt": "say the last"}).encode()
                asked.remove_header("Content-length")
                assert urllib.request.urlopen(asked, timeout=30).status == 200
            finally:
                server.terminate()  # at once: what is there is delivered all the same
    event, last = ingest.events
    assert event["input"]["messages"][0]["content"] == event["output"]["messages"][0]["content"] == "say it"
    assert event["model"] == "echo" and last["input"]["messages"][0]["content"] == "say the last"


def test_openai() -> None:
    with FakeIngest() as ingest, fake_model() as model:
        command = [sys.executable, str(EXAMPLES / "openai_wrapper.py"), model, ingest.url, "one", "two"]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stdout == f"{''.join(WORDS)}\n" * 2
    assert [event["input"]["messages"][0]["content"] for event in ingest.events] == ["one", "two"]


def test_vllm(tmp_path: Path) -> None:
    (tmp_path / "vllm.py").write_text(VLLM)
    prompts = "".join(f"prompt {number}\n" for number in range(150))
    with FakeIngest() as ingest:
        command = [sys.executable, str(EXAMPLES / "vllm_offline.py"), ingest.url]
        done = subprocess.run(
            command, env=environment(tmp_path), input=prompts, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stderr
    told = [(event["input"]["text"], event["output"]["text"]) for event in ingest.events]
    assert told == [(line, line.upper()) for line in prompts.splitlines()]


def test_a_batch_job_on_vllm_that_is_ended_by_sigterm_delivers_what_it_has(tmp_path: Path) -> None:
    (tmp_path / "vllm.py").write_text(VLLM)
    with FakeIngest() as ingest:
        command = [sys.executable, str(EXAMPLES / "vllm_offline.py"), ingest.url]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, env=environment(tmp_path), **pipes) as job:
            assert job.stdin is not None
            job.stdin.write(b"prompt\n" * 64)  # a batch; it waits for the next
            job.stdin.flush()
            wait_for(lambda: ingest.events)
            job.stdin.write(b"prompt\n" * 64)
            job.stdin.flush()
            time.sleep(0.1)
            job.terminate()
            assert b"Traceback" not in job.communicate(timeout=60)[1]
        assert job.returncode == 128 + signal.SIGTERM
        assert len(ingest.events) in (64, 128)
