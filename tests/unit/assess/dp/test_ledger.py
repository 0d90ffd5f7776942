"""The privacy budget: what is spent stays spent, through crashes and over processes."""

from __future__ import annotations

import json
import multiprocessing
import resource
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.assess.dp.ledger import Ledger
from agent.clock import ManualClock
from agent.errors import ConfigError, DataError


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.jsonl"


def ledger_at(path: Path) -> Ledger:
    return Ledger(path, ManualClock())


def filled(path: Path) -> list[bytes]:
    """Two data sets with a budget of 1: a has 0.2 left, b 0.9. The last line is the release of a."""
    ledger = ledger_at(path)
    ledger.charge("a", Decimal("0.5"), ["rows"], Decimal(1))
    ledger.charge("b", Decimal("0.1"), ["rows"], Decimal(1))
    ledger.charge("a", Decimal("0.3"), ["rows", "types"])
    return path.read_bytes().splitlines(keepends=True)


def left(path: Path) -> dict[str, Decimal]:
    return {name: account.left for name, account in ledger_at(path).statement().accounts.items()}


def test_ten_times_a_tenth_is_one_and_an_eleventh_is_refused(path: Path) -> None:
    ledger = ledger_at(path)
    for _ in range(10):
        receipt = ledger.charge("a", Decimal("0.1"), ["rows"], Decimal(1))
    assert receipt.left == 0
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="left: 0 of 1 after 10 releases; nothing was released"):
        ledger.charge("a", Decimal("0.1"), ["rows"])
    assert path.read_bytes() == before


def test_a_new_data_set_needs_a_budget_which_then_stays(path: Path) -> None:
    ledger = ledger_at(path)
    with pytest.raises(ConfigError, match="give --dp-budget"):
        ledger.charge("a", Decimal(1), ["rows"])
    ledger.charge("a", Decimal(1), ["rows"], Decimal(2))
    with pytest.raises(ConfigError, match="gives this data set 2 in all"):
        ledger.charge("a", Decimal(1), ["rows"], Decimal(3))
    with pytest.raises(ConfigError, match="more than the budget"):
        ledger.charge("b", Decimal(3), ["rows"], Decimal(2))
    assert left(path) == {"a": Decimal(1)}


def test_checking_spends_nothing_and_leaves_no_file(path: Path) -> None:
    ledger = ledger_at(path)
    ledger.check("a", Decimal(1), Decimal(1))
    assert not path.exists()
    filled(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=r"more than the budget has left: 0\.2 of 1 after 2 releases"):
        ledger.check("a", Decimal("0.3"))
    assert path.read_bytes() == before


def test_entries_are_on_the_disk_chained_and_say_what_was_released(path: Path) -> None:
    receipt = None
    filled(path)
    receipt = ledger_at(path).charge("b", Decimal("0.2"), ["rows"])
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    assert [line["kind"] for line in lines] == ["budget", "release", "budget", "release", "release", "release"]
    assert [line["previous"] for line in lines[1:]] == [line["hash"] for line in lines[:-1]]
    assert lines[4]["figures"] == ["rows", "types"]
    assert (receipt.entry, receipt.hash) == (6, lines[-1]["hash"])
    assert path.stat().st_mode & 0o077 == 0


def test_a_hash_is_of_a_nonce_too_so_that_nobody_can_try_which_data_give_it(path: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.jsonl"
    filled(path)
    filled(other)
    nonces = [json.loads(line)["nonce"] for line in (path.read_bytes() + other.read_bytes()).splitlines()]
    assert len(set(nonces)) == 10
    assert all(len(bytes.fromhex(nonce)) == 16 for nonce in nonces)
    # The same time, data, figures and epsilon.
    assert ledger_at(path).statement().head != ledger_at(other).statement().head


def test_an_entry_without_its_nonce_is_none(path: Path) -> None:
    lines = filled(path)
    entry = json.loads(lines[0])
    path.write_bytes(lines[0].replace(entry["nonce"].encode(), b"") + b"".join(lines[1:]))
    with pytest.raises(DataError, match="line"):
        ledger_at(path).statement()


@pytest.mark.parametrize("cut", range(1, 255, 7))
def test_a_torn_last_line_is_held_for_spent(path: Path, cut: int) -> None:
    lines = filled(path)
    whole = lines[-1]
    path.write_bytes(b"".join(lines[:-1]) + whole[: min(cut, len(whole) - 2)])
    # The torn line was a release of 0.3 for a. Where it no longer says so it may have been anything.
    readable = cut >= len(b'{"dataset":"a","epsilon":"0.3",')
    expected = {"a": Decimal("0.2"), "b": Decimal("0.9")} if readable else {"a": Decimal(0), "b": Decimal(0)}
    assert left(path) == expected
    # Writing on keeps it so, and the file can be read again and again.
    ledger = ledger_at(path)
    ledger.charge("c", Decimal(1), ["rows"], Decimal(1))
    assert left(path) == expected | {"c": Decimal(0)}
    assert ledger.statement().accounts["a"].torn == 1


def test_a_crash_while_a_torn_line_is_written_down_costs_nothing_more(path: Path) -> None:
    lines = filled(path)
    path.write_bytes(b"".join(lines[:-1]) + lines[-1][:60])
    ledger_at(path).charge("b", Decimal("0.1"), ["rows"])
    after = path.read_bytes()
    torn_at = after.index(b'"kind":"torn"')
    path.write_bytes(after[:torn_at])
    assert left(path) == {"a": Decimal("0.2"), "b": Decimal("0.9")}
    ledger_at(path).charge("b", Decimal("0.1"), ["rows"])
    assert left(path) == {"a": Decimal("0.2"), "b": Decimal("0.8")}


def test_a_last_line_without_its_line_feed_counts(path: Path) -> None:
    content = b"".join(filled(path))
    path.write_bytes(content[:-1])
    assert left(path) == {"a": Decimal("0.2"), "b": Decimal("0.9")}
    ledger_at(path).charge("b", Decimal("0.1"), ["rows"])
    assert left(path) == {"a": Decimal("0.2"), "b": Decimal("0.8")}
    assert path.read_bytes().startswith(content)


@settings(max_examples=150)
@given(place=st.floats(0, 1, exclude_max=True), byte=st.integers(0, 255))
def test_no_changed_byte_gives_budget_back(place: float, byte: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("ledger") / "ledger.jsonl"
    content = bytearray(b"".join(filled(path)))
    content[int(place * len(content))] = byte
    path.write_bytes(content)
    try:
        found = left(path)
    except DataError as error:
        assert "damaged from line" in str(error)
        return
    assert found.get("a", Decimal(0)) <= Decimal("0.2")
    assert found.get("b", Decimal(0)) <= Decimal("0.9")


@pytest.mark.parametrize("gone", range(4))
def test_a_missing_line_is_noticed(path: Path, gone: int) -> None:
    lines = filled(path)
    del lines[gone]
    path.write_bytes(b"".join(lines))
    with pytest.raises(DataError, match=f"damaged from line {gone + 1};"):
        ledger_at(path).charge("b", Decimal("0.1"), ["rows"])


@pytest.mark.parametrize("first", range(4))
def test_more_lines_that_are_none_than_a_crash_leaves_stop_everything(path: Path, first: int) -> None:
    lines = filled(path)
    damaged = [b"#" + line[1:] for line in lines[first:]]
    for end in (damaged, [damaged[0], b"x\n"], [damaged[0], b"\n"]):
        path.write_bytes(b"".join([*lines[:first], *end]))
        before = path.read_bytes()
        # Of a file without one entry it cannot be said that it is a ledger.
        error, says = (DataError, f"damaged from line {first + 1};") if first else (ConfigError, "is no ledger")
        with pytest.raises(error, match=says):
            ledger_at(path).statement()
        with pytest.raises(error, match=says):
            ledger_at(path).charge("a", Decimal("0.1"), ["rows"], Decimal(1))
        assert path.read_bytes() == before


@pytest.mark.parametrize("kept", range(2, 5))
def test_damaged_first_lines_give_no_fresh_budget(path: Path, kept: int) -> None:
    lines = filled(path)
    path.write_bytes(lines[0][:40] + b"\n" + b"".join(lines[1:kept]))
    with pytest.raises(DataError, match="damaged from line 1;"):
        ledger_at(path).charge("a", Decimal("0.1"), ["rows"], Decimal(1))
    path.write_bytes(lines[0][:40] + b"\n" + lines[1][:40] + b"\n")
    with pytest.raises(DataError, match="damaged from line 1;"):
        ledger_at(path).charge("a", Decimal("0.1"), ["rows"], Decimal(1))


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"note", b"\n", b'{"text": "x"}\n', b"{}", b"\x00" * 100])
def test_a_file_that_is_no_ledger_is_left_alone(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    for work in (
        ledger_at(path).statement,
        lambda: ledger_at(path).check("a", Decimal(1), Decimal(1)),
        lambda: ledger_at(path).charge("a", Decimal(1), ["rows"], Decimal(1)),
    ):
        with pytest.raises(ConfigError, match=r"--dp-ledger .*: is no ledger"):
            work()
    assert path.read_bytes() == content


def test_an_empty_file_and_a_torn_first_line_are_ledgers(path: Path) -> None:
    first = filled(path)[0]
    for content in (b"", first[:1], first[:5], first[:50]):
        path.write_bytes(content)
        assert ledger_at(path).charge("a", Decimal(1), ["rows"], Decimal(1)).left == 0


@pytest.mark.parametrize("name", ["/dev/full", "/dev/null", "."])
def test_what_is_no_regular_file_is_refused(name: str) -> None:
    for work in (ledger_at(Path(name)).statement, lambda: ledger_at(Path(name)).check("a", Decimal(1), Decimal(1))):
        with pytest.raises(ConfigError, match=r"--dp-ledger .*: is no regular file"):
            work()


def _spend(path: Path, times: int) -> None:
    ledger = ledger_at(path)
    for _ in range(times):
        try:
            ledger.charge("a", Decimal("0.01"), ["rows"], Decimal(1))
        except ConfigError:
            return


def test_processes_at_the_same_time_do_not_overspend(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_spend, args=(path, 60)) for _ in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    account = ledger_at(path).statement().accounts["a"]
    assert (account.releases, account.left) == (100, 0)


def test_a_full_disk_releases_nothing_and_what_it_left_is_held_for_spent(path: Path) -> None:
    filled(path)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (path.stat().st_size + 50, hard))
    try:
        with pytest.raises(ConfigError, match=r"cannot be written \(No space left on device\); nothing was released"):
            ledger_at(path).charge("b", Decimal("0.2"), ["rows"])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert left(path) == {"a": Decimal("0.2"), "b": Decimal("0.7")}
