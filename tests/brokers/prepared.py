"""What every real cluster needs and only the first has to make: jars, formatted storage, a class archive.

Kept in the cache folder beside the jars. A formatted node and a warm class archive halve the start of a cluster,
which on two cores is otherwise three seconds of class loading for each of its brokers.
"""

from __future__ import annotations

import base64
import hashlib
import shutil
import subprocess
import tempfile
import uuid
from dataclasses import dataclass
from pathlib import Path

from .base import BrokerError, wait_for_answer
from .jars import KAFKA_VERSION, cache_lock, find_java, java_version, resolve_jars
from .ports import free_ports
from .processes import BrokerProcess
from .properties import broker_properties, write_properties

__all__ = ["PreparedKafka", "prepare_kafka", "random_id"]

# One GC thread and only the first compiler: three brokers and the tests share two cores, and start-up is what costs.
_JVM = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=HH:mm:ss.SSS",
)


def random_id() -> str:
    """Return an id as Kafka writes them: 16 random bytes in unpadded URL-safe base64.

    None begins with a hyphen, as with Kafka itself: its tools would take it for an option.
    """
    while (made := base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")).startswith("-"):
        pass
    return made


@dataclass(frozen=True, slots=True)
class PreparedKafka:
    """Kafka on this machine, ready to start.

    Parameters
    ----------
    java, jars
        The program, and the folder of the class path.
    storage
        A data folder as StorageTool formats it, to be copied.
    archive
        Class archive (JEP 350), or None: the same, slower.
    """

    java: str
    jars: Path
    storage: Path
    archive: Path | None

    def command(self, main_class: str, *arguments: str, flags: tuple[str, ...] = ()) -> list[str]:
        """Return the command line of one of Kafka's main classes."""
        if self.archive is not None:
            flags = (*flags, f"-XX:SharedArchiveFile={self.archive}")
        return [self.java, *_JVM, *_LOGGING, *flags, "-cp", f"{self.jars}/*", main_class, *arguments]

    def new_storage(self, folder: Path, node: int, cluster_id: str) -> None:
        """Make `folder` the formatted, empty storage of a node.

        What StorageTool writes is the same for every node but for the three ids.
        """
        shutil.copytree(self.storage, folder)
        ids = {"version": "1", "cluster.id": cluster_id, "node.id": str(node), "directory.id": random_id()}
        write_properties(folder / "meta.properties", ids)


def prepare_kafka() -> PreparedKafka:
    """Return Kafka, ready to start; the first time this takes as long as Maven does plus about ten seconds.

    Raises
    ------
    LayerAbsent
        No Java 17, or the jars cannot be fetched.
    BrokerError
        The storage could not be formatted.
    """
    java, jars = find_java(), resolve_jars()
    stem = jars.parent / jars.name
    # The archive holds for one Java only; another one would ignore it.
    fingerprint = hashlib.sha256(java_version(java).encode()).hexdigest()[:12]
    storage, archive = Path(f"{stem}.storage"), Path(f"{stem}.{fingerprint}.jsa")
    prepared = PreparedKafka(java, jars, storage, archive)
    if not (storage.exists() and archive.exists()):
        with cache_lock(KAFKA_VERSION), tempfile.TemporaryDirectory(dir=jars.parent, prefix="preparing-") as aside:
            if not storage.exists():
                _format(PreparedKafka(java, jars, storage, None), Path(aside)).rename(storage)
            if not archive.exists() and (made := _archive(PreparedKafka(java, jars, storage, None), Path(aside))):
                made.rename(archive)
    return prepared if archive.exists() else PreparedKafka(java, jars, storage, None)


def _lone_node(folder: Path) -> tuple[Path, str]:
    client, controller = free_ports(2)
    properties = broker_properties(0, [client], [controller], folder / "data")
    return write_properties(folder / "broker.properties", properties), f"127.0.0.1:{client}"


def _format(kafka: PreparedKafka, aside: Path) -> Path:
    path, _ = _lone_node(aside)
    command = kafka.command("kafka.tools.StorageTool", "format", "-t", random_id(), "-c", str(path))
    answer = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    if answer.returncode != 0:
        raise BrokerError(f"formatting Kafka's storage ended with {answer.returncode}:\n{answer.stderr[-2000:]}")
    return aside / "data"


def _archive(kafka: PreparedKafka, aside: Path) -> Path | None:
    path, address = _lone_node(aside)
    kafka.new_storage(aside / "data", 0, random_id())
    made = aside / "classes.jsa"
    command = kafka.command("kafka.Kafka", str(path), flags=(f"-XX:ArchiveClassesAtExit={made}",))
    node = BrokerProcess(command, aside / "broker.log")
    try:
        node.start()
        wait_for_answer(address, timeout_seconds=60.0, still_starting=node.check)
        node.stop(timeout_seconds=60.0)
    except BrokerError:
        return None  # only an accelerator; if Kafka itself is at fault, the cluster's own start will say so
    finally:
        node.kill()
    return made if made.exists() else None
