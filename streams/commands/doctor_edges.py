"""What ``harmwatch doctor --for ingest`` and ``--for proxy`` say: of the process that brings traffic to Kafka."""

from __future__ import annotations

import contextlib
import shutil
import socket
import ssl
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final, Literal, TypeAlias

from kafka.errors import KafkaError

from agent.errors import ConfigError, HarmwatchError
from streams.commands.doctor_web import cannot_bind
from streams.config import WorkerConfig
from streams.courier.config import CourierConfig
from streams.courier.directory import is_in_use, is_open_to_all, why_unfit
from streams.ingest.receiver import client_token
from streams.proxy.plane import Server
from streams.tls_faults import tls_fault
from streams.topics import admin_client, describe_topics
from streams.web.guard import is_loopback
from streams.web.tls import server_tls

__all__ = ["EDGES", "Found", "look_at_edge"]

#: Name, outcome, what was found, how to mend it.
Found: TypeAlias = tuple[str, Literal["ok", "warning", "failed"], str, str]

EDGES: Final = ("ingest", "proxy")

#: So long a model server is waited for that takes connections and says nothing, as one does that is busy.
_WORD_SECONDS: Final = 2.0
_STATUS_BYTES: Final = len(b"HTTP/1.1 200")
#: By kind of `streams.tls_faults.TlsFault`.
_MENDS: Final = {
    "expired": "give the model server a new certificate",
    "early": "set the clocks of this machine and of the model server right, or give that another certificate",
    "name": "name the model server in proxy.upstream as its certificate does, or give it one for that name",
    "untrusted": "set proxy.upstream_ca_file to the certificates of those who signed it",
    "no_tls": "say http:// in proxy.upstream, or let the model server speak TLS",
    "other": "look at the model server's settings of TLS: versions, ciphers, whether it asks for a certificate",
}


def look_at_edge(config: WorkerConfig, edge: str) -> list[Found]:
    """All that can be looked at without taking anything over: files, ports, directories, broker, model server."""
    if edge == "ingest":
        return [*_ingest_port(config), _spool("ingest", config.ingest), *_broker(config, config.ingest.topic)]
    found = [*_proxy_port(config), _upstream(config)]
    if config.proxy.tap.sink == "core":
        return [*found, ("tap", "ok", "scores here: look at the rest with doctor as for a worker", "")]
    return [*found, _spool("proxy.tap", config.proxy.tap), *_broker(config, config.proxy.tap.topic)]


def _ingest_port(config: WorkerConfig) -> Iterator[Found]:
    section = config.ingest
    try:
        token = client_token(section.token.get_secret_value() if section.token else None, section.token_file)
        tls = server_tls(section.tls, "ingest.tls")
    except ConfigError as error:
        yield "port", "failed", str(error), "mend the file, or what names it"
        return
    if token is None and not is_loopback(section.host):
        yield "port", "failed", f"{section.host} is beyond loopback without a token", "set ingest.token_file"
        return
    yield _port("ingest", section.host, section.port, tls is not None, "tokens and texts go in the clear")


def _proxy_port(config: WorkerConfig) -> Iterator[Found]:
    section = config.proxy
    try:
        tls = server_tls(section.tls, "proxy.tls")
    except ConfigError as error:
        yield "port", "failed", str(error), "mend the file, or what names it"
        return
    yield _port("proxy", section.host, section.port, tls is not None, "keys and texts of clients go in the clear")


def _port(section: str, host: str, port: int, tls: bool, risk: str) -> Found:
    place = f"{host}:{port}"
    if (reason := cannot_bind(host, port)) is not None:
        return "port", "failed", f"{place} cannot be bound ({reason})", f"choose another {section}.port"
    if not is_loopback(host) and not tls:
        return "port", "warning", f"{place} is free, and beyond loopback: {risk}", f"set {section}.tls.cert_file"
    return "port", "ok", f"{place} is free{', with TLS' if tls else ''}", ""


def _spool(section: str, config: CourierConfig) -> Found:
    directory = config.spool_directory
    if directory is None:
        lost = (
            "requests are refused" if section == "ingest" else "copies wait in memory, and are dropped when it is full"
        )
        return "spool", "warning", f"none: while Kafka is away {lost}", f"set {section}.spool_directory"
    mend = f"give {section}.spool_directory a folder of its own that this user may write"
    above = next(path for path in (directory, *directory.absolute().parents) if path.exists())
    try:
        if directory.is_dir() and (why := why_unfit(directory)):
            return "spool", "failed", f"{directory} {why}", mend
        if is_in_use(directory):
            # A receiver ends where another has its spool; a proxy waits for it, and taps without it.
            outcome: Literal["warning", "failed"] = "failed" if section == "ingest" else "warning"
            found = f"{directory} is in use: another process holds its lock"
            own = f"end that one first, or give {section}.spool_directory a folder of its own"
            return "spool", outcome, found, own
        with tempfile.TemporaryFile(dir=above):
            pass
        room = shutil.disk_usage(above).free + _held(directory)
    except OSError as error:
        return "spool", "failed", f"{directory} cannot be written ({error.strerror})", mend
    if directory.exists() and is_open_to_all(directory):
        return "spool", "warning", f"everybody may write in {directory}", f"chmod 700 {directory}"
    if room < config.spool_max_bytes:
        found = f"{directory} has room for {room >> 20} MiB of the {config.spool_max_bytes >> 20} MiB it may take"
        return "spool", "warning", found, f"a larger disk, or a smaller {section}.spool_max_bytes"
    return "spool", "ok", f"{directory}, up to {config.spool_max_bytes >> 20} MiB", ""


def _held(directory: Path) -> int:
    with contextlib.suppress(OSError):
        return sum(path.stat().st_size for path in directory.iterdir())
    return 0


def _broker(config: WorkerConfig, topic: str | None) -> Iterator[Found]:
    topic, servers = topic or config.topics.events[0], config.kafka.bootstrap_servers
    try:
        admin = admin_client(config.kafka)
    except (HarmwatchError, ValueError) as error:
        yield "broker", "failed", str(error), "check kafka.bootstrap_servers, the network, and security settings"
        return
    try:
        existing = describe_topics(admin)
    except (KafkaError, OSError) as error:
        yield "broker", "failed", f"{servers}: {type(error).__name__}", "check the user's rights"
        return
    finally:
        admin.close()
    yield "broker", "ok", servers, ""
    if topic in existing:
        yield f"topic {topic}", "ok", f"{existing[topic]} partitions", ""
    else:
        mend = "create it; the user needs DESCRIBE and WRITE on it"
        yield f"topic {topic}", "failed", "does not exist, or may not be seen", mend


def _upstream(config: WorkerConfig) -> Found:
    section = config.proxy
    try:
        server = Server.of(section)
    except ConfigError as error:
        return "model server", "failed", str(error), f"correct {str(error).partition(':')[0]}"
    try:
        with socket.create_connection((server.host, server.port), section.connect_seconds) as connection:
            if server.tls is not None:
                with server.tls.wrap_socket(connection, server_hostname=server.host):
                    pass
            elif not _answers_plainly(connection, server) and _answers_tls(server, section.connect_seconds):
                found = f"{section.upstream} answers TLS alone: every call would get 502"
                return "model server", "failed", found, "say https:// in proxy.upstream"
    except OSError as error:
        fault = tls_fault(error)
        if fault is not None:
            return "model server", "failed", f"{section.upstream}: {fault.said}", _MENDS[fault.kind]
        found = f"{section.upstream} does not answer ({error.strerror or type(error).__name__})"
        return "model server", "warning", found, "start it, or correct proxy.upstream; until then clients get 502"
    return "model server", "ok", f"{section.upstream} answers", ""


def _answers_plainly(connection: socket.socket, server: Server) -> bool:
    """Whether it answers a request with anything but 400, which servers that speak TLS say of plain HTTP."""
    host = server.authority.decode("ascii")
    connection.settimeout(min(connection.gettimeout() or _WORD_SECONDS, _WORD_SECONDS))
    answer = b""
    with contextlib.suppress(OSError):
        connection.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        while len(answer) < _STATUS_BYTES and (data := connection.recv(_STATUS_BYTES)):
            answer += data
    return answer.startswith(b"HTTP/") and answer[9:12] != b"400"


def _answers_tls(server: Server, seconds: float) -> bool:
    """Whether it takes a handshake, or refuses it as one who speaks TLS does; whose certificate it has is no matter."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    try:
        with (
            socket.create_connection((server.host, server.port), min(seconds, _WORD_SECONDS)) as connection,
            context.wrap_socket(connection, server_hostname=server.host),
        ):
            return True
    except ssl.SSLError as error:
        return "ALERT" in (error.reason or "")
    except OSError:
        return False
