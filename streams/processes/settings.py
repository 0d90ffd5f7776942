"""The configuration of one process: the worker's, under a name of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pydantic import SecretStr

from streams.config import WorkerConfig
from streams.config_file import ConfigFile
from streams.processes.wire import Hello

__all__ = ["file_of", "hello_for", "revision_of", "with_processes"]


def with_processes(config: WorkerConfig, processes: int | str | None) -> WorkerConfig:
    """What the command line says in place of ``worker.processes``; None leaves it."""
    if processes is None:
        return config
    return config.model_copy(update={"worker": config.worker.model_copy(update={"processes": processes})})


def hello_for(file: ConfigFile, number: int, count: int, hash_key: str, processes: int | str | None) -> Hello:
    """What a process is told first."""
    return Hello(
        number=number,
        count=count,
        path=str(file.path),
        content=file.content,
        sha256=file.sha256,
        owner=file.owner,
        modified=file.modified,
        watchable=file.watchable,
        hash_key=hash_key,
        processes=processes,
    )


def file_of(hello: Hello) -> ConfigFile:
    """The file as the parent has read it: a pipe gives its content once."""
    return ConfigFile(
        Path(hello.path), hello.content, hello.sha256, hello.owner, hello.modified, watchable=hello.watchable
    )


def revision_of(hello: Hello) -> Callable[[WorkerConfig], WorkerConfig]:
    """Makes of the worker's configuration, at the start and after each reload, that of this process."""

    def revise(config: WorkerConfig) -> WorkerConfig:
        config = with_processes(config, hello.processes)
        kafka = config.kafka.model_copy(update={"worker_name": f"{config.kafka.worker_name}-{hello.number}"})
        evidence = config.evidence
        if evidence.hash_key is None:
            evidence = evidence.model_copy(update={"hash_key": SecretStr(hello.hash_key)})
        return config.model_copy(update={"kafka": kafka, "evidence": evidence})

    return revise
