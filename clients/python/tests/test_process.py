"""Forks, ends and signals, in processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from clients.python.tests.rig import CLIENT, Answer, FakeIngest, free_port

#: From Python 3.12 on a fork beside threads is warned of; that it works is what is tested here.
WARNINGS = ("-W", "error::ResourceWarning", "-W", "ignore::DeprecationWarning:__main__")
PRELUDE = """
import os, sys, time, threading, signal
from harmwatch_client import Tap, Limits
limits = Limits(linger_seconds=0.05, retry_seconds=0.02, max_retry_seconds=0.1, close_seconds=20.0)
tap = Tap(sys.argv[1], limits=limits)
"""


def run(
    script: str, url: str, *, timeout: float = 120.0, python: str = sys.executable
) -> subprocess.CompletedProcess[str]:
    """Run a script of a server's; PYTHONPATH holds the client alone."""
    environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
    return subprocess.run(
        [python, *WARNINGS, "-c", PRELUDE + script, url],
        env=environment, capture_output=True, text=True, timeout=timeout, cwd="/",
    )  # fmt: skip


def said(ingest: FakeIngest) -> list[str]:
    return [event["input"]["text"] for event in ingest.events]


def test_what_is_there_at_the_end_is_sent() -> None:
    with FakeIngest() as ingest:
        done = run("for n in range(50): tap.log(model='m', input=str(n))", ingest.url)
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
        assert said(ingest) == [str(number) for number in range(50)]


def test_the_end_is_not_held_up_by_a_server_that_is_away() -> None:
    script = """
tap = Tap(sys.argv[1], limits=Limits(close_seconds=0.3))
for n in range(50): tap.log(model='m', input=str(n))
"""
    done = run(script, f"http://127.0.0.1:{free_port()}")
    assert done.returncode == 0
    assert "50 events were not delivered" in done.stderr and "Traceback" not in done.stderr


def test_the_end_waits_for_all_taps_at_once() -> None:
    """One after the other, ten taps whose servers are away would hold it up for ten times as long."""
    script = """
taps = [Tap(sys.argv[1], limits=Limits(close_seconds=3.0)) for _ in range(10)]
for tap in taps: tap.log(model='m', input='q')
from harmwatch_client import process
begun = time.monotonic()
process._ended()
print(time.monotonic() - begun, sum(tap.stats.dropped_closed for tap in taps))
"""
    done = run(script, f"http://127.0.0.1:{free_port()}")
    seconds, lost = done.stdout.split()
    assert 2.9 < float(seconds) < 15.0 and int(lost) == 10


def test_the_end_sends_even_while_the_server_has_asked_for_a_long_pause() -> None:
    with FakeIngest(lambda number, events: Answer(503, {"Retry-After": "500"}) if number == 0 else Answer()) as ingest:
        script = "tap.log(model='m', input='q')\nwhile not tap.stats.retries: time.sleep(0.01)"
        done = run(script, ingest.url)
        assert done.returncode == 0 and said(ingest) == ["q"]


def test_what_is_logged_while_the_interpreter_ends_is_sent() -> None:
    with FakeIngest() as ingest:
        script = """
import atexit
atexit.register(lambda: tap.log(model='m', input='late'))
"""
        done = run(script, ingest.url)
        assert (done.returncode, done.stderr) == (0, "") and said(ingest) == ["late"]


def test_an_exception_that_ends_the_server_does_not_end_its_taps() -> None:
    with FakeIngest() as ingest:
        done = run("tap.log(model='m', input='q')\nraise KeyError('mine')", ingest.url)
        assert done.returncode == 1 and "KeyError: 'mine'" in done.stderr and said(ingest) == ["q"]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_workers_that_are_forked_have_taps_of_their_own() -> None:
    """As gunicorn does with preload: the application, its tap and even its thread are there before the fork."""
    script = """
tap.log(model='m', input='parent before')
tap.flush(20)
held = threading.Event()
def hold():
    with tap._sender._lock:           # another thread is in the middle of it when the fork comes
        held.set(); time.sleep(0.5)
threading.Thread(target=hold).start(); held.wait()
children = []
for worker in range(4):
    pid = os.fork()
    if pid == 0:
        assert tap.stats.logged == 0
        for n in range(20):
            assert tap.log(model='m', input=f'{worker}-{n}')
        sys.exit(0)
    children.append(pid)
for n in range(20): tap.log(model='m', input=f'parent-{n}')
codes = [os.waitpid(pid, 0)[1] for pid in children]
assert codes == [0] * 4, codes
"""
    with FakeIngest() as ingest:
        done = run(script, ingest.url)
        assert (done.returncode, done.stderr) == (0, "")
        expected = [f"{who}-{number}" for who in ("0", "1", "2", "3", "parent") for number in range(20)]
        assert Counter(said(ingest)) == Counter(["parent before", *expected])
        assert len({event["id"] for event in ingest.events}) == len(ingest.events)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_sends_nothing_of_what_waits_in_its_parent() -> None:
    script = """
for n in range(20): tap.log(model='m', input=f'parent-{n}')
pid = os.fork()
if pid == 0:
    tap.log(model='m', input='child')
    sys.exit(0)
assert os.waitpid(pid, 0)[1] == 0
"""
    with FakeIngest() as ingest:
        assert run(script, ingest.url).returncode == 0
        assert Counter(said(ingest)) == Counter(["child", *(f"parent-{number}" for number in range(20))])


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_children_of_multiprocessing_end_with_nothing_left_behind(method: str, tmp_path: Path) -> None:
    script = tmp_path / "server.py"
    script.write_text(
        PRELUDE.replace("tap = Tap", "def make(): return Tap")
        + """
import multiprocessing
shared = None
def serve(url, number):
    global shared
    shared = shared or make()
    for n in range(10): shared.log(model='m', input=f'{number}-{n}')
if __name__ == '__main__':
    context = multiprocessing.get_context(METHOD)
    if METHOD == 'fork': shared = make()
    workers = [context.Process(target=serve, args=(sys.argv[1], number)) for number in range(2)]
    for worker in workers: worker.start()
    for worker in workers: worker.join()
    sys.exit(max(worker.exitcode for worker in workers))
""".replace("METHOD", repr(method))
    )
    with FakeIngest() as ingest:
        environment = {**os.environ, "PYTHONPATH": str(CLIENT)}
        command = [sys.executable, str(script), ingest.url]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, cwd="/")
        assert (done.returncode, done.stderr) == (0, "")
        assert Counter(said(ingest)) == Counter(f"{who}-{number}" for who in range(2) for number in range(10))


@pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="no interval timers here")
def test_a_signal_handler_and_a_finaliser_that_log_do_not_lock_themselves_out() -> None:
    script = """
handled = 0
def handler(*_):
    global handled
    handled += 1
    tap.log(model='m', input='signal')
signal.signal(signal.SIGALRM, handler)
class Finalised:
    def __init__(self): self.me = self
    def __del__(self): tap.log(model='m', input='finaliser')
signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
logged = 0
while handled < 300:
    Finalised()
    logged += tap.log(model='m', input='plain')
    if tap.stats.pending > 5000: tap.flush(20)
signal.setitimer(signal.ITIMER_REAL, 0)
assert tap.flush(60)
stats = tap.stats
assert stats.logged == stats.sent + stats.dropped, stats
"""
    with FakeIngest() as ingest:
        done = run(script, ingest.url)
        assert (done.returncode, done.stderr) == (0, "")
        kinds = Counter(said(ingest))
        assert kinds["signal"] >= 300 and kinds["plain"] and kinds["finaliser"]


def test_the_client_brings_nothing_of_harmwatch_or_of_frameworks_with_it() -> None:
    script = """
import harmwatch_client, harmwatch_client.kafka_transport
names = {name.partition('.')[0] for name in sys.modules}
foreign = names & {'agent', 'streams', 'openai', 'fastapi', 'starlette', 'kafka', 'aiohttp', 'msgspec', 'asyncio'}
assert not foreign, foreign
"""
    done = run(script, "http://127.0.0.1:9")
    assert (done.returncode, done.stderr) == (0, "")


def test_sigterm_ends_a_script_in_order_where_it_handles_it_as_the_page_says() -> None:
    script = """
signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
for n in range(50): tap.log(model='m', input=str(n))
os.kill(os.getpid(), signal.SIGTERM)
time.sleep(60)
"""
    with FakeIngest() as ingest:
        done = run(script, ingest.url)
        assert (done.returncode, done.stdout, done.stderr) == (128 + signal.SIGTERM, "", "")
        assert said(ingest) == [str(number) for number in range(50)]
