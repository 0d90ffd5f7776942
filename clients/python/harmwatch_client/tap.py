"""The tap: what a server calls to tell harmwatch of a call of its model."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from types import TracebackType
from typing import Any, NoReturn

from harmwatch_client.call import Call
from harmwatch_client.events import Event, Facts, build_event
from harmwatch_client.limits import Limits
from harmwatch_client.process import register, unregister
from harmwatch_client.secret_file import secret
from harmwatch_client.sender import Deferred, Sender
from harmwatch_client.stats import Stats
from harmwatch_client.transport import Outcome, Transport
from harmwatch_client.version import __version__
from harmwatch_client.warner import LOGGER, Warner

__all__ = ["Tap"]


class Tap:
    """Tells harmwatch of inference calls. No method that a request calls blocks, waits or raises.

    Events wait in bounded memory for one daemon thread, which sends them in batches until they are acknowledged: each
    comes at least once, with the same id if it comes again. Where there is no place for an event it is not taken, and
    counted.

    Parameters
    ----------
    url
        Of `harmwatch ingest`, e.g. ``http://ingest:9465``.
    token_file, token_env
        Where the bearer token is: a file (read again for every batch, so it may be rotated), or a variable.
    source, tenant, model, model_version
        For events that do not say.
    ca_file, client_certificate
        PEM files for https: whom to trust, and who we are (certificate and key in one file); read again when changed.
    limits
        Of memory, batches and time.

    Raises
    ------
    ConfigurationError
        Here alone, where the server starts: an argument that cannot work.
    """

    def __init__(
        self,
        url: str,
        *,
        token_file: str | os.PathLike[str] | None = None,
        token_env: str | None = None,
        source: str = "",
        tenant: str = "",
        model: str = "",
        model_version: str = "",
        ca_file: str | None = None,
        client_certificate: str | None = None,
        limits: Limits | None = None,
    ) -> None:
        from harmwatch_client.http_transport import HttpTarget, HttpTransport

        target = HttpTarget(url, ca_file, client_certificate)
        token = secret(token_file, token_env, "token")
        limits = limits or Limits()
        timeout, agent = limits.timeout_seconds, f"harmwatch-client/{__version__}"
        self._begin(
            lambda: HttpTransport(target, token, timeout, agent),
            target.shown + (", token=***" if token is not None else ""),
            {"source": source, "tenant": tenant, "model": model, "model_version": model_version},
            limits,
        )

    @classmethod
    def kafka(
        cls,
        bootstrap_servers: str | Sequence[str],
        *,
        topic: str = "inference.events",
        options: Mapping[str, Any] | None = None,
        password_file: str | os.PathLike[str] | None = None,
        password_env: str | None = None,
        source: str = "",
        tenant: str = "",
        model: str = "",
        model_version: str = "",
        limits: Limits | None = None,
    ) -> Tap:
        """A tap that writes into Kafka itself (extra ``kafka``), under the same laws.

        Parameters
        ----------
        options
            Further arguments of ``kafka.KafkaProducer``, e.g. ``{"security_protocol": "SASL_SSL", ...}``.
        password_file, password_env
            Where ``sasl_plain_password`` is.

        Raises
        ------
        ConfigurationError
            As the class does; also when kafka-python is not installed.
        """
        from harmwatch_client.kafka_transport import KafkaTransport, check_kafka

        servers = check_kafka(bootstrap_servers, topic, options)
        password = secret(password_file, password_env, "password")
        limits = limits or Limits()
        timeout = limits.timeout_seconds
        tap = cls.__new__(cls)
        tap._begin(
            lambda: KafkaTransport(servers, topic, options or {}, password, timeout),
            f"kafka {','.join(servers)} {topic}" + (", password=***" if password is not None else ""),
            {"source": source, "tenant": tenant, "model": model, "model_version": model_version},
            limits,
        )
        return tap

    @classmethod
    def disabled(cls) -> Tap:
        """A tap that takes nothing: for tests of a server, or where monitoring is switched off."""
        tap = cls.__new__(cls)
        tap._begin(_Nowhere, "disabled", {}, Limits())
        tap.close(0.0)
        return tap

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, *, limits: Limits | None = None) -> Tap:
        """A tap as the environment says; a disabled one, with a line in the log, where it says nothing.

        ``HARMWATCH_TAP_URL`` with ``HARMWATCH_TAP_TOKEN_FILE``, or ``HARMWATCH_TAP_KAFKA`` with
        ``HARMWATCH_TAP_TOPIC``; and ``HARMWATCH_TAP_SOURCE``, ``HARMWATCH_TAP_TENANT``, ``HARMWATCH_TAP_MODEL``.

        Raises
        ------
        ConfigurationError
            When it says something that cannot work.
        """
        given = os.environ if environment is None else environment

        def of(name: str) -> str:
            return given.get(f"HARMWATCH_TAP_{name}", "")

        source, tenant, model = of("SOURCE"), of("TENANT"), of("MODEL")
        if of("URL"):
            token_file = of("TOKEN_FILE") or None
            return cls(of("URL"), token_file=token_file, source=source, tenant=tenant, model=model, limits=limits)
        if of("KAFKA"):
            topic = of("TOPIC") or "inference.events"
            return cls.kafka(of("KAFKA"), topic=topic, source=source, tenant=tenant, model=model, limits=limits)
        LOGGER.warning("neither HARMWATCH_TAP_URL nor HARMWATCH_TAP_KAFKA is set: nothing is told to harmwatch")
        return cls.disabled()

    def _begin(self, connect: Callable[[], Transport], shown: str, known: Mapping[str, str], limits: Limits) -> None:
        self._connect = connect
        self._shown = shown
        self._known = {name: value for name, value in known.items() if value}
        self._limits = limits
        self._sender = Sender(connect, limits, Warner())
        register(self)

    # ------------------------------------------------------------ where requests are served

    def log(
        self,
        /,
        *unexpected: NoReturn,
        model: object = None,
        input: object = None,
        output: object = None,
        id: object = None,
        time: object = None,
        context: object = None,
        attributes: object = None,
        decision: object = None,
        score: object = None,
        label: object = None,
        source: object = None,
        model_version: object = None,
        tenant: object = None,
        trace_id: object = None,
        failed: object = False,
        redacted: object = False,
        truncated: object = False,
        **others: object,
    ) -> bool:
        """Tell of one call, or of one half of it. Never blocks, never raises.

        Every argument may be of any type; what cannot be used is left out and counted (`Stats.mended`), and so are
        arguments of other names and, though a type checker lets none through, those without a name.

        Parameters
        ----------
        input
            A text, a list of messages (OpenAI's form), or a flat mapping of features.
        output
            The same, or a whole answer of an OpenAI-compatible server; `decision` and `score` of a deciding model.
        id
            Of the call; made when not given. Halves that are told apart share it.
        time
            Seconds since the epoch, or a `datetime`; now when not given.
        context
            Passages given to the model beside the input.
        attributes
            Protected attributes of the person concerned, as classes.
        label
            Ground truth, when it is known.

        Returns
        -------
        bool
            False when the event was dropped: no place, closed, or nothing in it. True: it is sent until it is
            acknowledged, or until the process ends.
        """
        facts = Facts(
            model,
            input,
            output,
            id,
            time,
            source,
            model_version,
            tenant,
            trace_id,
            context,
            attributes,
            decision,
            score,
            label,
            failed,
            redacted,
            truncated,
        )
        return self.tell(facts, is_mended=bool(unexpected or others))

    def call(
        self, /, *unexpected: NoReturn, model: object = None, input: object = None, id: object = None, **facts: object
    ) -> Call:
        """A call that is going on: ``with tap.call(model=..., input=...) as call: call.output(...)``.

        It is told as one event when the block ends; exceptions of the block pass through and mark it as failed.
        ``facts`` are further arguments of `log`. Works with ``async with`` too.
        """
        given = {**facts, "model": model, "input": input, "id": id}
        return Call(self, given, is_mended=bool(unexpected))

    def tell(self, facts: Facts, *, is_mended: bool) -> bool:
        """What `log` and the end of a `Call` do. Never blocks, never raises."""
        try:
            for name, value in self._known.items():
                if getattr(facts, name) is None:
                    setattr(facts, name, value)
            return self._log(facts, is_mended=is_mended)
        except Exception:
            # Of the buffer's own: what cannot be made into an event is counted where it is made.
            return False

    def _log(self, facts: Facts, *, is_mended: bool) -> bool:
        sender = self._sender
        if sender.takes_none():
            # Before any work is done for it.
            sender.lost("dropped_full")
            return False
        try:
            event = build_event(facts, _now(), self._limits.max_event_bytes)
            if is_mended:
                event = replace(event, mended=True)
        except Exception:
            sender.lost("dropped_malformed")
            return False
        return sender.offer(event)

    def offer(self, item: Event | Deferred) -> bool:
        """For middleware: what is made into an event by the tap's thread. Never blocks, never raises."""
        try:
            return self._sender.offer(item)
        except Exception:
            return False

    def lose(self) -> None:
        """For middleware and wrappers: count a call that could not be looked at (`Stats.dropped_malformed`).

        Never raises. Whoever keeps an error of ours from a request says it here, so that nothing is lost unseen.
        """
        with contextlib.suppress(Exception):
            self._sender.lost("dropped_malformed")

    @property
    def known(self) -> Mapping[str, str]:
        """What events say that do not say it themselves."""
        return self._known

    @property
    def max_event_bytes(self) -> int:
        """The largest event."""
        return self._limits.max_event_bytes

    @property
    def stats(self) -> Stats:
        """What became of what was logged in this process."""
        return self._sender.stats()

    # ------------------------------------------------------------ where somebody wants to wait

    def flush(self, timeout_seconds: float = 10.0) -> bool:
        """Wait until all that was logged before is settled; False when time was up first. For batch jobs and tests."""
        return self._sender.flush(timeout_seconds)

    def close(self, timeout_seconds: float | None = None) -> bool:
        """Take nothing more, and wait for what is there; the rest is counted as lost. True when nothing was.

        Called by itself when the interpreter ends, with ``close_seconds``; not by SIGTERM where nobody handles it.
        """
        unregister(self)
        return self._sender.close(self._limits.close_seconds if timeout_seconds is None else timeout_seconds)

    @property
    def close_seconds(self) -> float:
        """How long `close` waits unless it is told."""
        return self._limits.close_seconds

    def _flush_at_end(self, timeout_seconds: float) -> bool:
        """For middleware, where a server ends: the tap goes on, but there may be no time after this."""
        return self._sender.flush_at_end(timeout_seconds)

    def _begin_to_close(self) -> None:
        self._sender.begin_to_close()

    def __enter__(self) -> Tap:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        known = "".join(f", {name}={value!r}" for name, value in self._known.items())
        return f"Tap({self._shown}{known})"

    def _after_fork(self) -> None:
        old = self._sender
        # What waits there is the parent's to send. Its locks may be held by threads that do not exist here.
        self._sender = Sender(self._connect, self._limits, Warner())
        old.forget()


class _Nowhere:
    """The transport of a disabled tap."""

    def send(self, batch: Sequence[Event]) -> Outcome:
        return Outcome(refused=batch, reason="disabled")

    def forget(self) -> None:
        return

    def close(self) -> None:
        return


_now = time.time
