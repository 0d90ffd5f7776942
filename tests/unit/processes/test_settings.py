"""What a process is told, and what it makes of it."""

from __future__ import annotations

from pathlib import Path

from streams.config import parse_config
from streams.config_file import ConfigFile
from streams.live_keys import changed_keys
from streams.processes.settings import file_of, hello_for, revision_of, with_processes

CONTENT = b"kafka: {worker_name: w}\nworker: {processes: 3}\n"


def test_a_process_has_a_name_of_its_own_and_all_hash_alike() -> None:
    file = ConfigFile(Path("f.yaml"), CONTENT, "ab" * 32)
    hellos = [hello_for(file, number, 3, "k" * 64, None) for number in (1, 2)]
    first, second = (revision_of(hello)(parse_config(CONTENT, "f")) for hello in hellos)
    assert [first.kafka.worker_name, second.kafka.worker_name] == ["w-1", "w-2"]
    assert first.evidence == second.evidence
    assert first.evidence.hash_key is not None and first.evidence.hash_key.get_secret_value() == "k" * 64
    assert file_of(hellos[0]) == file


def test_a_key_of_the_configuration_goes_before_that_of_the_start() -> None:
    content = b"evidence: {hash_key: my own key of some length}\n"
    hello = hello_for(ConfigFile(Path("f"), content), 1, 2, "k" * 64, None)
    key = revision_of(hello)(parse_config(content, "f")).evidence.hash_key
    assert key is not None and key.get_secret_value() == "my own key of some length"


def test_what_the_command_line_says_is_no_change_of_the_file() -> None:
    hello = hello_for(ConfigFile(Path("f"), CONTENT), 2, 4, "k" * 64, 4)
    revise = revision_of(hello)
    running = revise(parse_config(CONTENT, "f"))
    assert running.worker.processes == 4
    again = revise(parse_config(CONTENT + b"log_level: DEBUG\n", "f"))
    assert changed_keys(running, again) == ["log_level"]
    # Where it says nothing, the file's number is one that needs a restart.
    plain = with_processes(parse_config(CONTENT, "f"), None)
    assert changed_keys(plain, parse_config(b"kafka: {worker_name: w}\nworker: {processes: 2}\n", "f")) == [
        "worker.processes"
    ]


def test_secrets_are_in_no_representation() -> None:
    hello = hello_for(ConfigFile(Path("f"), b"web: {token: very-secret-token}\n"), 1, 2, "k" * 64, None)
    assert "secret" not in repr(hello) and "kkk" not in repr(hello)
