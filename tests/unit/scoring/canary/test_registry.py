"""agent.scoring.canary.registry and keys: what is stored, and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.errors import ConfigError
from agent.scoring.canary.finder import CanaryFinder
from agent.scoring.canary.keys import CanaryKeys, read_key
from agent.scoring.canary.registry import MAX_PLACES, CanaryFile, Submitted, places_of, register
from tests.unit.scoring.canary.builders import KEYS, SECRET, file_of

OTHER = CanaryKeys(b"another key of the tests")
VALUES = ["13912345678", "K7MD-93QX-4TRW-PZ2H", "山月松风，海云石竹", "ann.lee@corp.example"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("1234 567", "fewer than 8 letters and digits"),
        ("p@$$w0rd!", "fewer than 8 letters and digits"),
        ("🙂" * 20, "fewer than 8 letters and digits"),
        ("", "fewer than 8 letters and digits"),
        ("1" * 30, "fewer than 4 different letters and digits"),
        ("12 200 000", "fewer than 4 different letters and digits"),
        ("哈哈哈哈哈哈哈哈", "fewer than 4 different letters and digits"),
        ("1234-5678", "its letters or digits count up or down"),
        ("12,300,000", "a date or a round number"),
        ("1987-03-14", "a date or a round number"),
        ("31.12.2025", "a date or a round number"),
        ("Hgfedcba", "its letters or digits count up or down"),
        ("a7" * 129, "more than 256 letters and digits; register a part that occurs nowhere else"),
    ],
)
def test_values_that_would_be_found_by_chance_are_refused(value: str, reason: str) -> None:
    found = register([Submitted(7, value), Submitted(8, VALUES[0])], KEYS)
    assert found.refused == [(7, reason)]
    assert found.added == len(found.file.canaries) == 1


@pytest.mark.parametrize("label", ["", "Staff", "a b", "x" * 33, "1st", "ann-lee-corp-example"])
def test_labels_are_words_and_no_values(label: str) -> None:
    assert [one.line for one in register([Submitted(1, VALUES[3], label)], KEYS).refused] == [1]


def test_the_file_holds_neither_values_nor_what_they_can_be_tested_by() -> None:
    content = file_of(VALUES, "staff").encode()
    for value in VALUES:
        assert value.encode() not in content
    plain = json.loads(content)
    assert set(plain) == {"harmwatch_canaries", "key_check", "canaries"}
    assert set(plain["canaries"][0]) == {"label", "length", "anchor", "tag", "digest"}
    # Under another key everything differs but lengths and labels.
    others = register([Submitted(1, value) for value in VALUES], OTHER).file.canaries
    for name in ("tag", "digest"):
        assert not {getattr(one, name) for one in others} & {row[name] for row in plain["canaries"]}


def test_equal_grams_have_different_tags_in_the_file() -> None:
    """The gram hash is linear: tags that could be compared would let a holder of some values solve for the key."""
    entries = file_of(["secret99a", "secret99b"]).canaries
    unmasked = {KEYS.masked(entry.tag, bytes.fromhex(entry.digest)) for entry in entries}
    assert unmasked <= {KEYS.tag([*map(ord, gram)]) for gram in ("secret99", "ecret99a", "ecret99b")}
    assert not unmasked & {entry.tag for entry in entries}


def test_values_that_begin_alike_are_looked_for_by_what_differs() -> None:
    values = [f"the access code of the depot is {number * 7919:05d}" for number in range(200)]
    places = places_of(file_of(values).canaries, KEYS)
    assert max(map(len, places.values())) <= 2
    assert len(places) > 100


def test_too_many_values_in_one_place_are_refused() -> None:
    longest = "abcdefgh" + "z9" * (MAX_PLACES + 9)
    values = [longest[: 9 + length] for length in range(MAX_PLACES + 10)]
    entries = [entry for value in values for entry in file_of([value]).canaries]
    tags = {KEYS.masked(entry.tag, bytes.fromhex(entry.digest)) for entry in entries}
    assert len(tags) < len(entries)
    one = KEYS.tag([*map(ord, "abcdefgh")])
    same = [
        type(entry)("canary", entry.length, 0, KEYS.masked(one, bytes.fromhex(entry.digest)), entry.digest)
        for entry in entries
    ]
    with pytest.raises(ConfigError, match="register fewer"):
        places_of(same, KEYS)


def test_registering_twice_changes_nothing() -> None:
    first = register([Submitted(1, VALUES[0]), Submitted(2, "139 1234 5678")], KEYS)
    assert (first.added, first.duplicates) == (1, 1)
    again = register([Submitted(1, VALUES[0]), Submitted(2, VALUES[1])], KEYS, first.file)
    assert (again.added, again.duplicates, len(again.file.canaries)) == (1, 1, 2)
    assert first.file.canaries[0] in again.file.canaries


def test_the_order_of_the_file_is_not_that_of_the_values() -> None:
    assert file_of(VALUES) == file_of(VALUES[::-1])


def test_chance_is_stated() -> None:
    assert register([Submitted(1, "73918264")], KEYS).chance == pytest.approx(1e-8)
    assert register([Submitted(1, "quizjudo")], KEYS).chance == pytest.approx(26**-8)
    assert register([Submitted(1, "quizjud0")], KEYS).chance == pytest.approx(36**-8)
    assert register([Submitted(1, "山月松风海云石竹")], KEYS).chance == pytest.approx(1e-24)


def test_a_file_comes_back_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "canaries.json"
    path.write_bytes(file_of(VALUES).encode())
    assert CanaryFile.load(path, KEYS) == file_of(VALUES)
    with pytest.raises(ConfigError, match="another key"):
        CanaryFile.load(path, OTHER)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b"13912345678",
        b'{"harmwatch_canaries": 2}',
        b'{"harmwatch_canaries": 1}',
        b"\xff",
        b"[" * 9999,
    ],
)
def test_files_that_are_none_are_told(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "canaries.json"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"canaries\.json: (is|was)") as caught:
        CanaryFile.load(path, KEYS)
    assert "13912345678" not in str(caught.value)


@pytest.mark.parametrize("damage", [{"anchor": 99}, {"digest": "no"}, {"label": "Not A Word"}, {"length": 3}])
def test_damaged_entries_are_told(damage: dict[str, object], tmp_path: Path) -> None:
    plain = json.loads(file_of(VALUES).encode())
    plain["canaries"][0] |= damage
    path = tmp_path / "canaries.json"
    path.write_text(json.dumps(plain))
    with pytest.raises(ConfigError, match="damaged"):
        CanaryFinder(CanaryFile.load(path, KEYS).canaries, KEYS)


# ---------------------------------------------------------------- keys


def test_keys_come_from_the_environment_or_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_KEY", SECRET.decode())
    (tmp_path / "key").write_bytes(SECRET + b"\n")
    assert read_key({"env": "SOME_KEY"}) == read_key({"file": str(tmp_path / "key")}) == SECRET


@pytest.mark.parametrize(
    "source",
    [
        "my-secret-key-itself",
        {},
        {"env": "A", "file": "B"},
        {"value": "my-secret-key-itself"},
        {"env": 5},
        {"file": ""},
        None,
    ],
)
def test_the_key_itself_is_not_taken_and_not_told(source: object) -> None:
    with pytest.raises(ConfigError) as caught:
        read_key(source)  # type: ignore[arg-type]
    assert "my-secret-key-itself" not in str(caught.value)


def test_absent_and_short_keys_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_KEY", raising=False)
    monkeypatch.setenv("SHORT_KEY", "tooshort")
    for source, complaint in (
        ({"env": "NO_KEY"}, "NO_KEY is not set"),
        ({"env": "SHORT_KEY"}, "at least 16"),
        ({"file": str(tmp_path / "none")}, "cannot be read"),
    ):
        with pytest.raises(ConfigError, match=complaint) as caught:
            read_key(source)
        assert "tooshort" not in str(caught.value)


def test_values_are_not_shown_by_accident() -> None:
    assert VALUES[0] not in repr(Submitted(1, VALUES[0]))
