"""Three brokers whose clients each come through gates of their own, sign in, and may do what they were allowed."""

from __future__ import annotations

import resource
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from streams.access.acls import Right
from tests.brokers.acls import grant, take_away
from tests.brokers.base import wait_for_answer
from tests.brokers.kafka import KafkaCluster
from tests.brokers.ports import free_ports

from .gates import Gate, Gatehouse, GateMode

__all__ = ["PRINCIPAL", "BesiegedKafka"]

_USER, _PASSWORD = "worker", "only-for-tests-93ae"
PRINCIPAL: Final = f"User:{_USER}"
"""Who all guests are to the brokers."""

_PLAIN: Final = "org.apache.kafka.common.security.plain.PlainLoginModule"


class BesiegedKafka(KafkaCluster):
    """Real Kafka with one more listener for each guest: it is told addresses that lead through the guest's gates.

    Parameters
    ----------
    guests
        Names, letters and digits. They sign in as one user, who may do nothing until it is granted. Whoever is no guest
        comes in as always: through no gate, and may do anything.
    """

    def __init__(self, guests: Sequence[str], brokers: int = 3) -> None:
        super().__init__(
            brokers,
            config={
                "sasl.enabled.mechanisms": "PLAIN",
                "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "allow.everyone.if.no.acl.found": "false",
                "super.users": "User:ANONYMOUS",
            },
        )
        self.guests = tuple(guests)
        ports = iter(free_ports(2 * brokers * len(guests)))
        #: By guest and broker: the broker's port, and the gate's.
        self._ways = {(guest, index): (next(ports), next(ports)) for guest in guests for index in range(brokers)}
        self._house = Gatehouse()
        self._gates: dict[tuple[str, int], Gate] = {}

    def extra_properties(self, index: int, properties: Mapping[str, str]) -> dict[str, str]:
        own = [(guest.upper(), *self._ways[guest, index]) for guest in self.guests]
        protocols = ["PLAINTEXT:PLAINTEXT", "CONTROLLER:PLAINTEXT", *(f"{name}:SASL_PLAINTEXT" for name, _, _ in own)]
        users = f'{_PLAIN} required user_{_USER}="{_PASSWORD}";'
        return {
            "listeners": ",".join([properties["listeners"], *(f"{n}://127.0.0.1:{port}" for n, port, _ in own)]),
            "advertised.listeners": ",".join(
                [properties["advertised.listeners"], *(f"{n}://127.0.0.1:{gate}" for n, _, gate in own)]
            ),
            "listener.security.protocol.map": ",".join(protocols),
            **{f"listener.name.{guest}.plain.sasl.jaas.config": users for guest in self.guests},
            # Slots for hundreds of connections that come and go, in brokers that share two cores.
            "num.network.threads": "2",
            "num.io.threads": "3",
        }

    def bootstrap_of(self, guest: str) -> str:
        """Where a guest begins: its gates."""
        return ",".join(f"127.0.0.1:{self._ways[guest, index][1]}" for index in range(self.brokers))

    def section_of(self, guest: str) -> dict[str, Any]:
        """A guest's part of the section `kafka`."""
        return {
            "bootstrap_servers": self.bootstrap_of(guest),
            "security_protocol": "SASL_PLAINTEXT",
            "sasl_mechanism": "PLAIN",
            "sasl_username": _USER,
            "sasl_password": _PASSWORD,
        }

    def grant(self, rights: Iterable[Right]) -> None:
        """Allow the guests all of these."""
        grant(self.bootstrap, PRINCIPAL, rights)

    def take_away(self, rights: Iterable[Right]) -> None:
        """Delete what `grant` gave."""
        take_away(self.bootstrap, PRINCIPAL, rights)

    def start(self) -> None:
        super().start()
        for way, (port, gate) in self._ways.items():
            self._gates[way] = self._house.build(gate, port)

    def set_gates(self, guest: str, mode: GateMode, brokers: Sequence[int] | None = None) -> None:
        """Between a guest and these brokers; all of them by default."""
        chosen = range(self.brokers) if brokers is None else brokers
        self._house.set([self._gates[guest, index] for index in chosen], mode)

    def fill_disk(self, index: int) -> None:
        """No file of this broker may grow any more, as on a full disk: its writes fail (EFBIG), until it is restarted.

        The kernel's limit on file sizes stands in for the disk: it needs no mount and no privilege.
        """
        if (pid := self.pid(index)) is not None:
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (4096, 4096))

    def wait_for_broker(self, index: int) -> None:
        """Return once it answers."""
        wait_for_answer(f"127.0.0.1:{self._ports[index]}", timeout_seconds=90.0)

    def data(self, index: int) -> Path:
        """Its folder."""
        return self.log_path(index).with_name(f"data-{index}")

    def close(self) -> None:
        super().close()
        self._house.close()
