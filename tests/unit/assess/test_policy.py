"""Policies: what they may say, and what is said about mistakes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from agent.assess.policy import BUILT_IN, SPELLINGS, Policy, built_in_text, load_policy
from agent.assess.protection import OPERATORS, ProtectionKey, operator_class
from agent.config import validate
from agent.errors import ConfigError

KEY = ProtectionKey(b"a key of the tests, long enough")


def policy(**fields: Any) -> Policy:
    return validate(Policy, fields, "p.yaml")


@pytest.mark.parametrize("name", BUILT_IN)
def test_built_in_policies_load_and_say_what_they_do(name: str) -> None:
    found = load_policy(name)
    assert built_in_text(name).startswith("# ")
    assert found.needs_key is (name in ("hash", "pseudonym", "research"))
    texts = found.text_protector(KEY)
    assert texts.operator("SECRET").name in ("redact", "mask")
    assert found.fingerprint == load_policy(name).fingerprint


def test_built_in_policies_differ() -> None:
    assert len({load_policy(name).fingerprint for name in BUILT_IN}) == len(BUILT_IN)


@pytest.mark.parametrize(
    ("kind", "value", "coarse"),
    [
        ("AGE", "34", "30-39"),
        ("BIRTH_DATE", "1987-05-02", "1987"),
        ("COORDINATES", "31.230416, 121.473701", "31.2, 121.5"),
        ("DATE", "2021-03-04", "2021"),
        ("EMAIL", "ann.lee@example.org", "*@example.org"),
        ("IP", "203.0.113.9", "203.0.113.*"),
        ("NATIONAL_ID", "11010519870502002X", "110000/1980s"),
        ("POSTCODE", "100080", "100***"),
        # What has no coarser form, and what is not of the form of its type.
        ("PHONE", "13912345678", "[PHONE]"),
        ("NAME", "王小明", "[NAME]"),
        ("SECRET", "hunter2horse", "[SECRET]"),
        ("EMAIL", "nobody", "[EMAIL]"),
        ("VALUE", "42", "[VALUE]"),
    ],
)
def test_generalise_makes_coarser_what_it_can_and_redacts_the_rest(kind: str, value: str, coarse: str) -> None:
    found = load_policy("generalise")
    assert (found.needs_key, found.load_key()) == (False, None)
    assert found.text_protector(None).operator(kind).replace(value, kind) == coarse


def test_spellings_of_names_are_the_same_policies() -> None:
    assert SPELLINGS == {"generalize": "generalise", "pseudonymise": "pseudonym", "pseudonymize": "pseudonym"}
    for spelling, name in SPELLINGS.items():
        assert load_policy(spelling) == load_policy(name)


def test_a_file_goes_before_another_spelling(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "generalize").write_text("default: mask\n")
    monkeypatch.chdir(tmp_path)
    assert load_policy("generalize") != load_policy("generalise")


def test_a_whole_policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "p.yaml").write_text(
        "default: redact\n"
        "types:\n  EMAIL: pseudonym\n  PHONE: {operator: mask, last: 2}\n"
        "columns:\n"
        "  patient_name: {treat_as: NAME, operator: pseudonym}\n"
        "  age: {operator: generalise, treat_as: AGE, width: 5}\n"
        "  plate: {treat_as: PLATE}\n"
        "  notes: text\n  ssn: drop\n  id: {operator: keep}\n  code: hash\n"
        "other_columns: keep\nscorer: {types: [EMAIL]}\nkey: {env: TEST_KEY}\n",
        encoding="utf-8",
    )
    found = load_policy(str(tmp_path / "p.yaml"))
    columns = found.columns
    assert (columns["notes"].treat, columns["ssn"].treat, columns["id"].treat) == ("text", "drop", "keep")
    monkeypatch.setenv("TEST_KEY", "a key of the tests, long enough")
    key = found.load_key()
    assert key is not None and key.check == KEY.check
    texts = found.text_protector(key)
    assert texts.operator("PHONE").replace("123456789", "PHONE") == "*******89"
    assert found.column_operator(columns["age"], texts, key).replace("34", "AGE") == "30-34"
    assert found.column_operator(columns["plate"], texts, key).name == "redact"
    assert found.column_operator(columns["code"], texts, key).name == "hash"
    assert "TEST_KEY" not in repr(found)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"default": "erase"}, "default: no operator is called 'erase'"),
        ({"types": {"EMIAL": "mask"}}, "types: no type is called 'EMIAL'"),
        (
            {"types": {"EMAIL": {"operator": "mask", "widht": 1}}},
            "types.EMAIL: mask has no option 'widht'",
        ),
        ({"types": {"EMAIL": {"operator": "mask", "last": 99}}}, "types.EMAIL: option last: "),
        ({"types": {"EMAIL": {"last": 2}}}, "types.EMAIL.operator: Field required"),
        ({"types": {"EMAIL": "fpe"}}, "EMAIL: fpe is for columns alone"),
        ({"columns": {"a": {"treat_as": "NAMES"}}}, "columns.a.treat_as: no type is called 'NAMES'"),
        ({"columns": {"a": {"width": 3}}}, "columns.a: width is an option of an operator"),
        ({"columns": {"a": 5}}, "columns.a: "),
        ({"other_columns": "burn"}, "other_columns: "),
        ({"colums": {}}, "colums: there is no such key"),
        ({"key": "0123456789abcdef-secret"}, "key: a key does not stand in the policy"),
        ({"key": {"env": "A", "file": "b"}}, "key: give either env or file"),
    ],
)
def test_mistakes_name_their_field(fields: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as raised:
        policy(**fields)
    assert said in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_policy_that_does_not_exist_is_said_with_those_that_do() -> None:
    with pytest.raises(ConfigError) as raised:
        load_policy("gdpr")
    names = "redact, mask, hash, pseudonym, generalise, research"
    assert str(raised.value) == f"--policy gdpr: neither a file nor one of {names}"


def test_the_fingerprint_follows_what_is_done_and_not_where_the_key_is() -> None:
    one = policy(default="hash", key={"env": "A"})
    assert one.fingerprint == policy(default="hash", key={"file": "b"}).fingerprint
    assert one.fingerprint != policy(default="pseudonym").fingerprint
    assert one.fingerprint != policy(default="hash", columns={"a": "drop"}).fingerprint


def test_keys_are_asked_for_only_where_needed(tmp_path: Path) -> None:
    assert policy().load_key() is None
    assert policy(key={"env": "NOT_SET"}).load_key() is None
    needing = policy(columns={"a": "hash"})
    assert needing.load_key() is None
    with pytest.raises(ConfigError, match="hash needs a key"):
        needing.column_operator(needing.columns["a"], needing.text_protector(None), None)
    (tmp_path / "key").write_text("0123456789abcdef", encoding="utf-8")
    assert needing.load_key(tmp_path / "key") is not None
    with pytest.raises(ConfigError, match="NOT_SET is not set"):
        policy(default="hash", key={"env": "NOT_SET"}).load_key()


@pytest.mark.parametrize("name", OPERATORS)
def test_what_is_reversible_needs_a_key_and_is_said_by_the_operator(name: str) -> None:
    made = operator_class(name)
    assert made.needs_key or not made.reversible
    assert policy(columns={"a": name}).is_reversible is made.reversible is (name in ("pseudonym", "fpe"))
