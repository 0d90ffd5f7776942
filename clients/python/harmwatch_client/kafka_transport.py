"""Straight into Kafka, with kafka-python (extra ``kafka``), where no `harmwatch ingest` stands between.

The producer is made by the tap's thread, when there is something to send, so that neither an absent broker nor a slow
one reaches a request. Records are keyed by model; ``acks=all``.
"""

from __future__ import annotations

import atexit
import re
import time
from collections.abc import Mapping, Sequence
from typing import Any

from harmwatch_client.errors import ConfigurationError
from harmwatch_client.events import Event
from harmwatch_client.hosts import is_broker
from harmwatch_client.secret_file import Secret, SecretAbsent
from harmwatch_client.transport import Outcome

__all__ = ["KafkaTransport", "check_kafka"]

#: The record itself is at fault. By name, since versions of kafka-python differ in which of them they have.
_REFUSALS = frozenset(
    {"MessageSizeTooLargeError", "RecordListTooLargeError", "InvalidRecordError", "InvalidMessageError"}
)


#: What Kafka takes for the name of a topic; another is refused with every record, for ever.
_TOPIC = re.compile(r"(?!\.\.?$)[A-Za-z0-9._-]{1,249}")
_PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")


def check_kafka(bootstrap_servers: object, topic: object, options: object) -> list[str]:
    """The brokers, one by one, when all that `Tap.kafka` was given may work.

    The producer itself is made later, in the tap's thread, where nobody would hear of what can never work.

    Raises
    ------
    ConfigurationError
        When kafka-python is not there, or an argument is none of its.
    """
    try:
        from kafka import KafkaProducer
    except ImportError:
        raise ConfigurationError("Kafka needs kafka-python: pip install 'harmwatch-client[kafka]'") from None
    given = bootstrap_servers.split(",") if isinstance(bootstrap_servers, str) else bootstrap_servers
    if not isinstance(given, Sequence) or isinstance(given, bytes) or not given:
        raise ConfigurationError("bootstrap_servers: give a text like broker:9092, or a list of such")
    servers = [server.strip() if isinstance(server, str) else "" for server in given]
    for number, server in enumerate(servers, 1):
        if not is_broker(server):
            # Not shown: it may be a URL with a password.
            which = f"number {number} of them" if len(servers) > 1 else "it"
            raise ConfigurationError(
                f"bootstrap_servers: {which} is no host with a port of 1 to 65535, like broker:9092"
            )
    if not isinstance(topic, str) or not _TOPIC.fullmatch(topic):
        raise ConfigurationError("topic: give a name of letters, digits, '.', '_' and '-', like inference.events")
    if options is None:
        return servers
    if not isinstance(options, Mapping):
        raise ConfigurationError("options: give a mapping of arguments of kafka.KafkaProducer")
    if "sasl_plain_password" in options:
        raise ConfigurationError("options: give the password by password_file or password_env instead")
    if "bootstrap_servers" in options:
        raise ConfigurationError("options: bootstrap_servers is an argument of its own")
    takes = {*KafkaProducer.DEFAULT_CONFIG, *KafkaProducer.DEPRECATED_CONFIGS}
    unknown = ", ".join(sorted(str(name) for name in options if name not in takes))
    if unknown:
        raise ConfigurationError(f"options: kafka.KafkaProducer has no argument {unknown[:200]!r}")
    if options.get("security_protocol", "SSL") not in _PROTOCOLS:
        raise ConfigurationError(f"options: security_protocol is one of {', '.join(_PROTOCOLS)}")
    return servers


class KafkaTransport:
    """One producer.

    Parameters
    ----------
    options
        Arguments of ``kafka.KafkaProducer`` beside ours, e.g. ``security_protocol``.
    password
        Where ``sasl_plain_password`` is read from, when there is one.
    """

    def __init__(
        self, servers: Sequence[str], topic: str, options: Mapping[str, Any], password: Secret | None, timeout: float
    ) -> None:
        self._servers = list(servers)
        self._topic = topic
        self._options = dict(options)
        self._password = password
        self._timeout = timeout
        self._producer: Any = None

    def send(self, batch: Sequence[Event]) -> Outcome:
        """Produce a batch and wait until Kafka has all of it, for the time that is configured at most."""
        again, refused, reason = self._send(batch)
        if refused and len(batch) > 1:
            # Kafka takes or refuses what travels together: each of them alone, so that no other is lost with the one at
            # fault. A producer that was refused something is not to be used again.
            suspects, refused = refused, []
            for event in suspects:
                self.close()
                once_more, alone, why = self._send([event])
                again, refused, reason = [*again, *once_more], [*refused, *alone], why or reason
        if refused:
            self.close()
        return Outcome(again, refused, 0.0, reason)

    def _send(self, batch: Sequence[Event]) -> tuple[list[Event], list[Event], str]:
        """Those to be sent again, those that were refused, and why."""
        from kafka.errors import KafkaError

        if getattr(self._producer, "_closed", False):
            self.close()  # by somebody else; it would refuse all, for ever
        try:
            producer = self._producer or self._connect()
        except SecretAbsent as absent:
            return list(batch), [], str(absent)
        except KafkaError as error:
            return list(batch), [], f"no broker ({type(error).__name__})"
        # The producer gives a record up by itself in this time; only if even that does not come it is given up.
        end = time.monotonic() + self._timeout + 3.0
        futures: list[Any] = []
        for event in batch:
            futures.append(self._given(producer, event))
            if _failed(futures[-1]) and not _is_refusal(futures[-1]):
                break  # no brokers in time; all others would wait as long
        again: list[Event] = []
        refused: list[Event] = []
        reason = ""
        for event, future in zip(batch, futures, strict=False):
            failure = future if _failed(future) else _outcome(future, end)
            if failure is not None:
                (refused if _is_refusal(failure) else again).append(event)
                reason = f"the brokers did not take it ({type(failure).__name__})"
        again += batch[len(futures) :]
        if any(not _failed(future) and not future.is_done for future in futures):
            # Its own queue may still hold them: they are sent again by a new one, rather than by both.
            self.close()
        return again, refused, reason

    def _given(self, producer: Any, event: Event) -> Any:
        """The future of one record, or the error of Kafka that was raised instead."""
        from kafka.errors import KafkaError

        try:
            return producer.send(self._topic, key=event.key, value=event.value)
        except KafkaError as error:
            return error

    def _connect(self) -> Any:
        from kafka import KafkaProducer

        milliseconds = int(self._timeout * 1000)
        settings: dict[str, Any] = {
            "acks": "all",
            "client_id": "harmwatch-client",
            "bootstrap_timeout_ms": milliseconds,
            "max_block_ms": milliseconds,
            "request_timeout_ms": milliseconds,
            "delivery_timeout_ms": milliseconds + 1000,
            "linger_ms": 5,
            "max_request_size": 8 * 1024 * 1024,
            **self._options,
            "bootstrap_servers": self._servers,
        }
        if self._password is not None:
            settings["sasl_plain_password"] = self._password.read()
        self._producer = KafkaProducer(**settings)
        # It closes itself when the interpreter ends, and before its tap, since `atexit` goes backwards: it would refuse
        # what still waits. The tap closes it. (The tap's own end behind it would come before handlers of the server's
        # that still log.)
        cleanup = getattr(self._producer, "_cleanup", None)
        if cleanup is not None:
            atexit.unregister(cleanup)
        return self._producer

    def forget(self) -> None:
        """Leave the parent's producer alone: its thread does not exist here."""
        self._producer = None

    def close(self) -> None:
        """Close the producer; what it still holds is given up, since it is sent again."""
        producer, self._producer = self._producer, None
        if producer is not None:
            try:
                producer.close(timeout=0)
            except Exception:  # it could not flush in no time
                return


def _failed(future: object) -> bool:
    return isinstance(future, Exception)


def _outcome(future: Any, end: float) -> object:
    """Wait for an acknowledgement; the error of Kafka when there is none."""
    from kafka.errors import KafkaError

    try:
        future.get(timeout=max(end - time.monotonic(), 0.0))
    except KafkaError as failure:
        return failure
    return None


def _is_refusal(error: object) -> bool:
    return type(error).__name__ in _REFUSALS
