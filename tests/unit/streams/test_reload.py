"""streams.reload: a changed file is taken as a whole or not at all, and what came of it is told."""

from __future__ import annotations

import asyncio
import hashlib
import os
from pathlib import Path

import msgspec
import pytest

from agent.clock import ManualClock
from agent.errors import ConfigError, ModelError
from agent.metrics import Metrics, new_registry
from streams.audit import AuditLog, ConfigChange
from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.memory import MemoryBroker, MemorySink
from streams.reload import Reloader

TOPIC = "harm.audit"
BASE = "kafka: {worker_name: w1}\nweb: {token: the-token-nobody-may-see}\n"
STRICT = f"{BASE}scorers: {{toxicity: {{thresholds: {{toxicity: 0.3}}}}}}\n"
STRICTER = f"{BASE}scorers: {{toxicity: {{thresholds: {{toxicity: 0.2}}}}}}\n"
MOVED = f"{STRICT}topics: {{verdicts: elsewhere}}\ntap: {{drain_seconds: 9}}\n"


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


class Bench:
    """A reloader over a file, with everything that it tells within reach.

    Attributes
    ----------
    refusal
        What the worker's parts have against the next configuration; raised when it is applied.
    impossible
        The same of a worker that would be started with it.
    """

    def __init__(self, folder: Path, text: str = BASE) -> None:
        self.path = folder / "harmwatch.yaml"
        self.write(text)
        self.broker = MemoryBroker({TOPIC: 1})
        self.clock = ManualClock(1_700_000_000.0)
        self.metrics = Metrics(new_registry(), clock=self.clock)
        self.applied: list[WorkerConfig] = []
        self.refusal: Exception | None = None
        self.impossible: Exception | None = None
        self.audit = AuditLog(lambda: MemorySink(self.broker), TOPIC)
        file = ConfigFile.at_start(self.path)
        self.metrics.config_taken(self.clock.now(), file.sha256)
        self.reloader = Reloader(
            file,
            file.config(),
            apply=self._apply,
            check=self._check,
            audit=self.audit,
            metrics=self.metrics,
            clock=self.clock,
        )

    def write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")

    def _apply(self, config: WorkerConfig) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.applied.append(config)

    def _check(self, config: WorkerConfig) -> None:
        if self.impossible is not None:
            raise self.impossible

    async def polled(self) -> ConfigChange | None:
        """What comes of a change that stands still for two looks."""
        return await self.reloader.look("file") or await self.reloader.look("file")

    async def asked(self) -> ConfigChange | None:
        return await self.reloader.look("signal")

    async def records(self) -> list[ConfigChange]:
        assert await self.audit.deliver()
        return [msgspec.json.decode(record.value or b"", type=ConfigChange) for record in self.broker.log(TOPIC)]

    @property
    def counts(self) -> tuple[float, float, float]:
        """Applied, refused, and whether what runs is what the file says."""
        rows = self.metrics.rows("harmwatch_config_reloads_total")
        successful = self.metrics.rows("harmwatch_config_last_reload_successful")[()]
        return rows["applied",], rows["refused",], successful

    def runs(self, text: str) -> bool:
        """The metrics tell the number of this file."""
        return self.metrics.rows("harmwatch_config_hash")[()] == int(sha256(text)[:12], 16)

    @property
    def taken_at(self) -> float:
        return self.metrics.rows("harmwatch_config_last_reload_success_timestamp_seconds")[()]


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize("trigger", ["signal", "file"])
@pytest.mark.parametrize("text", ["", " \n\n", "# all gone\n", "{}\n"], ids=["empty", "blank", "comment", "no-key"])
async def test_a_file_without_a_key_is_refused(tmp_path: Path, trigger: str, text: str) -> None:
    # All keys of the file are live, so that all defaults could take effect: they must not, thresholds and policy gone.
    bench = Bench(tmp_path, "scorers: {toxicity: {thresholds: {toxicity: 0.3}}}\n")
    bench.write(text)
    change = await (bench.asked() if trigger == "signal" else bench.polled())
    assert change is not None and change.outcome == "refused" and "holds no key" in change.reason
    assert bench.applied == [] and bench.counts == (0, 1, 0)


@pytest.mark.parametrize("trigger", ["signal", "file"])
async def test_a_changed_file_is_applied_and_audited(bench: Bench, trigger: str) -> None:
    os.utime(bench.path, (1_600_000_000, 1_600_000_000))
    bench.write(STRICT)
    os.utime(bench.path, (1_650_000_000, 1_650_000_000))
    bench.clock.advance(60.0)
    change = await (bench.asked() if trigger == "signal" else bench.polled())
    assert [config.scorers["toxicity"].thresholds for config in bench.applied] == [{"toxicity": 0.3}]
    assert bench.reloader.config is bench.applied[0]
    assert change is not None
    assert await bench.records() == [change]
    told = msgspec.to_builtins(change)
    assert {name: told[name] for name in ("time", "worker", "group", "trigger", "modified", "outcome", "reason")} == {
        "time": "2023-11-14T22:14:20.000Z", "worker": "w1", "group": "harmwatch", "trigger": trigger,
        "modified": "2022-04-15T05:20:00.000Z", "outcome": "applied", "reason": "",
    }  # fmt: skip
    assert (change.old_sha256, change.new_sha256) == (sha256(BASE), sha256(STRICT))
    assert (change.keys, change.restart_keys) == (["scorers.toxicity.thresholds"], [])
    assert change.owner == change.user == ConfigFile.look(bench.path).owner
    assert (bench.counts, bench.taken_at) == ((1, 0, 1), 1_700_000_060.0)
    assert bench.runs(STRICT)


async def test_a_file_that_is_not_changed_is_left_alone(bench: Bench) -> None:
    assert await bench.polled() is None
    assert await bench.asked() is None
    bench.path.touch()
    assert await bench.polled() is None
    assert (bench.applied, await bench.records(), bench.counts) == ([], [], (0, 0, 1))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("policy: {default: perhaps}", "policy.default"),
        ("scorers: {toxicity: {thresholds: {toxicity: 7}}}", "scorers.toxicity.thresholds.toxicity"),
        ("web: {token: hunter2}", "at least 16"),
        ("kafka: [", "is no valid YAML"),
        ("topics: {filtered: harm.filtered}", "topics.filtered needs a policy"),
        ("windows: {windows_seconds: '${HARMWATCH_NOT_SET}'}", "HARMWATCH_NOT_SET is not set"),
    ],
)
async def test_a_bad_file_changes_nothing_and_says_why(bench: Bench, text: str, said: str) -> None:
    bench.write(text)
    bench.clock.advance(60.0)
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, change.keys, change.restart_keys) == ("refused", [], [])
    assert said in change.reason
    assert "hunter2" not in str(await bench.records())
    assert "\n" not in change.reason
    assert (bench.applied, bench.counts, bench.taken_at) == ([], (0, 1, 0), 1_700_000_000.0)
    assert bench.runs(BASE)
    assert (change.old_sha256, change.new_sha256) == (sha256(BASE), sha256(text))


async def test_what_the_running_parts_refuse_is_refused(bench: Bench) -> None:
    before = bench.reloader.config
    for refusal in (ConfigError("scorers: no category rudeness"), ModelError("rudeness"), RuntimeError("secret")):
        bench.refusal = refusal
        bench.write(STRICT)
        change = await bench.asked()
        assert change is not None
        assert change.outcome == "refused"
        assert "rudeness" in change.reason or change.reason == "cannot be taken (RuntimeError); this is a bug"
    assert bench.reloader.config is before
    assert bench.counts == (0, 3, 0)


async def test_a_file_that_changes_more_than_live_keys_is_refused_whole(bench: Bench) -> None:
    bench.write(MOVED)
    change = await bench.polled()
    assert change is not None
    assert change.outcome == "refused"
    assert change.restart_keys == ["topics.verdicts", "tap.drain_seconds"]
    assert change.keys == ["scorers.toxicity.thresholds", *change.restart_keys]
    assert "restart the worker to change topics.verdicts, tap.drain_seconds; nothing was taken" in change.reason
    assert "elsewhere" not in str(change)
    assert bench.applied == []
    # Refused it stays until it is changed; the watch says so once.
    assert await bench.polled() is None
    assert bench.counts == (0, 1, 0)
    bench.write(STRICT)
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, change.old_sha256) == ("applied", sha256(BASE))
    assert bench.counts == (1, 1, 1)


async def test_what_could_not_even_be_started_with_says_why_instead(bench: Bench) -> None:
    bench.impossible = ConfigError("topics.formats: there is no format morse")
    bench.write(MOVED)
    change = await bench.polled()
    assert change is not None
    assert (change.reason, change.restart_keys[0]) == (str(bench.impossible), "topics.verdicts")


async def test_a_refused_file_is_tried_again_when_asked(bench: Bench) -> None:
    bench.refusal = ConfigError("a file that it names is not there yet")
    bench.write(STRICT)
    assert await bench.polled() is not None
    bench.refusal = None
    assert await bench.polled() is None
    change = await bench.asked()
    assert change is not None
    assert change.outcome == "applied"


async def test_a_file_that_is_put_back_is_what_runs_again(bench: Bench) -> None:
    bench.write("nonsense: 1")
    assert await bench.polled() is not None
    bench.write(BASE)
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, change.keys) == ("applied", [])
    assert change.old_sha256 == change.new_sha256 == sha256(BASE)
    assert bench.counts == (1, 1, 1)


async def test_a_remark_in_the_file_is_audited_and_changes_no_key(bench: Bench) -> None:
    bench.write(f"{BASE}# reviewed by two\n")
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, change.keys, change.old_sha256) == ("applied", [], sha256(BASE))
    bench.write(STRICT)
    change = await bench.polled()
    assert change is not None
    assert change.old_sha256 == sha256(f"{BASE}# reviewed by two\n")


async def test_two_changes_in_quick_succession_are_one(bench: Bench) -> None:
    bench.write(STRICT)
    assert await bench.reloader.look("file") is None
    bench.write(STRICTER)
    assert await bench.reloader.look("file") is None
    change = await bench.reloader.look("file")
    assert change is not None
    assert change.new_sha256 == sha256(STRICTER)
    assert [config.scorers["toxicity"].thresholds["toxicity"] for config in bench.applied] == [0.2]


async def test_a_half_written_file_is_never_taken_however_valid_it_is(bench: Bench) -> None:
    whole = f"{STRICT}policy: {{default: allow}}\n"
    for end in range(len(BASE), len(whole), 7):
        bench.write(whole[:end])
        assert await bench.reloader.look("file") is None
    bench.write(whole)
    change = await bench.polled()
    assert change is not None
    assert len(bench.applied) == 1
    assert bench.counts == (1, 0, 1)


async def test_a_change_that_is_taken_back_before_it_settles_is_none(bench: Bench) -> None:
    for _ in range(3):
        bench.write(STRICT)
        assert await bench.reloader.look("file") is None
        bench.write(BASE)
        assert await bench.reloader.look("file") is None
    assert (bench.applied, bench.counts) == ([], (0, 0, 1))


@pytest.mark.parametrize("instead", ["nothing", "directory", "pipe"])
async def test_a_file_that_goes_away_changes_nothing_and_is_told_once(bench: Bench, instead: str) -> None:
    bench.path.unlink()
    if instead == "directory":
        bench.path.mkdir()
    elif instead == "pipe":
        os.mkfifo(bench.path)
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, change.new_sha256, change.old_sha256) == ("refused", "", sha256(BASE))
    assert ("cannot be read" in change.reason) is (instead == "nothing")
    assert await bench.polled() is None
    if instead == "directory":
        bench.path.rmdir()
    elif instead == "pipe":
        bench.path.unlink()
    bench.write(STRICT)
    change = await bench.polled()
    assert change is not None
    assert (change.outcome, bench.counts) == ("applied", (1, 1, 1))


async def test_links_that_are_turned_and_files_that_are_renamed_into_place_are_changes(tmp_path: Path) -> None:
    # As Kubernetes mounts a ConfigMap: file -> ..data/file, ..data -> ..2026_11_26, and ..data is replaced.
    for name, text in (("..first", BASE), ("..second", STRICT)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "harmwatch.yaml").write_text(text)
    (tmp_path / "..data").symlink_to("..first")
    (tmp_path / "mount").symlink_to("..data/harmwatch.yaml")
    bench = Bench(tmp_path)
    bench.path.unlink()
    bench.path.symlink_to("mount")
    assert await bench.polled() is None
    (tmp_path / "..data_tmp").symlink_to("..second")
    (tmp_path / "..data_tmp").rename(tmp_path / "..data")
    change = await bench.polled()
    assert change is not None
    assert change.new_sha256 == sha256(STRICT)
    (tmp_path / "edited").write_text(STRICTER)
    (tmp_path / "edited").rename(bench.path)
    change = await bench.polled()
    assert change is not None
    assert (change.old_sha256, change.new_sha256) == (sha256(STRICT), sha256(STRICTER))


async def until_audited(bench: Bench, records: int) -> list[ConfigChange]:
    async with asyncio.timeout(10.0):
        while len(bench.broker.log(TOPIC)) < records:
            await bench.broker.arrived.wait()
            bench.broker.arrived.clear()
    return await bench.records()


async def test_it_writes_down_the_start_and_watches_until_it_ends(tmp_path: Path) -> None:
    watched = f"{BASE}reload: {{watch_seconds: 0.01}}\n"
    bench = Bench(tmp_path, watched)
    async with bench.reloader.running():
        await until_audited(bench, 1)
        bench.write(watched + "policy: {default: allow}\n")
        await until_audited(bench, 2)
        bench.write(f"{BASE}reload: {{watch_seconds: 0}}\n")
        await until_audited(bench, 3)
        # Not watched any more: only asked for.
        bench.write(STRICT)
        bench.reloader.request()
        started, first, second, third = await until_audited(bench, 4)
    assert (started.outcome, started.trigger, started.old_sha256) == ("started", "start", "")
    assert started.new_sha256 == sha256(watched)
    assert [each.trigger for each in (first, second, third)] == ["file", "file", "signal"]
    assert second.keys == ["policy.default", "reload.watch_seconds"]
    assert bench.reloader.config.policy.default == "flag"


async def test_who_asks_before_it_watches_is_answered_when_it_does(bench: Bench) -> None:
    bench.write(STRICT)
    bench.reloader.request()
    async with bench.reloader.running():
        _, change = await until_audited(bench, 2)
    assert (change.trigger, change.outcome) == ("signal", "applied")


async def test_what_waits_for_the_broker_is_tried_once_more_at_the_end(bench: Bench) -> None:
    bench.broker.away = True
    async with bench.reloader.running():
        await asyncio.sleep(0)
        bench.broker.away = False
    assert [each.outcome for each in await bench.records()] == ["started"]


async def test_what_came_through_a_pipe_is_not_watched_and_cannot_be_reloaded(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    file = ConfigFile(bench.path, bench.path.read_bytes(), sha256(BASE), watchable=False)
    bench.path.unlink()
    reloader = Reloader(
        file,
        file.config(),
        apply=bench._apply,
        check=bench._check,
        audit=bench.audit,
        metrics=bench.metrics,
        clock=bench.clock,
    )
    async with reloader.running():
        reloader.request()
        started, refused = await until_audited(bench, 2)
    assert (started.outcome, refused.outcome, refused.trigger) == ("started", "refused", "signal")
