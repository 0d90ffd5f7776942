"""A real Kafka broker that lets nobody in unknown: SASL, TLS, client certificates, tokens, and ACLs."""

from __future__ import annotations

import argparse
import re
import shlex
import shutil
import tempfile
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from kafka.admin import (
    ACL,
    ACLOperation,
    ACLPermissionType,
    ACLResourcePatternType,
    ResourcePattern,
    ResourceType,
    UserScramCredentialUpsertion,
)

from streams.access.acls import Right

from .acls import grant, take_away
from .base import BrokerError, admin_client
from .kafka import KafkaCluster
from .keys import Authority, KeyPair
from .ports import free_ports
from .provider import AUDIENCE, TokenProvider

__all__ = ["SecuredKafka"]

_SECURITY = "org.apache.kafka.common.security"
_OAUTH = f"{_SECURITY}.oauthbearer"
_MECHANISMS = ("PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER")


class SecuredKafka(KafkaCluster):
    """One broker with the listeners PLAINTEXT (for the tests' own administration), SASL_PLAINTEXT, SASL_SSL and SSL.

    Attributes
    ----------
    authority, foreign
        The authority that the broker trusts and is certified by, and one that it does not know.
    provider
        Of the tokens that it takes.
    password
        Of every user of SCRAM, and of the user ``plain``.
    """

    password = "secret-of-the-tests-6f1c"

    def __init__(self) -> None:
        super().__init__()
        self.sasl_port, self.sasl_ssl_port, self.ssl_port = free_ports(3)
        self.keys = Path(tempfile.mkdtemp(prefix="harmwatch-keys-"))
        self.authority, self.foreign = Authority(self.keys), Authority(self.keys, "foreign")
        self._closing = ExitStack()
        self.provider = self._closing.enter_context(TokenProvider())
        server = self.authority.sign("broker", address="127.0.0.1")
        jwks = f"{self.provider.url}/jwks"
        self._flags = (f"-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls={jwks}",)
        self._config = self._properties(server, jwks)

    def _properties(self, server: KeyPair, jwks: str) -> dict[str, str]:
        listeners = {
            "PLAINTEXT": self._ports[0],
            "SASL": self.sasl_port,
            "SASLSSL": self.sasl_ssl_port,
            "MTLS": self.ssl_port,
        }
        open_at = ",".join(f"{name}://127.0.0.1:{port}" for name, port in listeners.items())
        made = {
            "listeners": f"{open_at},CONTROLLER://127.0.0.1:{self._controller_ports[0]}",
            "advertised.listeners": open_at,
            "listener.security.protocol.map": (
                "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SASL:SASL_PLAINTEXT,SASLSSL:SASL_SSL,MTLS:SSL"
            ),
            "sasl.enabled.mechanisms": ",".join(_MECHANISMS),
            "ssl.keystore.type": "PEM",
            "ssl.keystore.location": str(server.both),
            "ssl.truststore.type": "PEM",
            "ssl.truststore.location": str(self.authority.path),
            "listener.name.mtls.ssl.client.auth": "required",
            "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
            "allow.everyone.if.no.acl.found": "false",
            # Who comes by PLAINTEXT: the controller, and the tests.
            "super.users": "User:ANONYMOUS",
            "sasl.oauthbearer.jwks.endpoint.url": jwks,
            "sasl.oauthbearer.expected.audience": AUDIENCE,
            "sasl.oauthbearer.expected.issuer": self.provider.url,
        }
        for listener in ("sasl", "saslssl"):
            start = f"listener.name.{listener}"
            users = f'user_plain="{self.password}"'
            made[f"{start}.plain.sasl.jaas.config"] = f"{_SECURITY}.plain.PlainLoginModule required {users};"
            for mechanism in ("scram-sha-256", "scram-sha-512"):
                made[f"{start}.{mechanism}.sasl.jaas.config"] = f"{_SECURITY}.scram.ScramLoginModule required;"
            made[f"{start}.oauthbearer.sasl.jaas.config"] = f"{_OAUTH}.OAuthBearerLoginModule required;"
            made[f"{start}.oauthbearer.sasl.server.callback.handler.class"] = (
                f"{_OAUTH}.OAuthBearerValidatorCallbackHandler"
            )
        return made

    def close(self) -> None:
        super().close()
        self._closing.close()
        shutil.rmtree(self.keys, ignore_errors=True)

    # -- who comes in ------------------------------------------------------------------------------------------------

    def add_user(self, name: str, *mechanisms: str, password: str | None = None) -> None:
        """A user of SCRAM, whose password changes when there is one already."""
        with admin_client(self.bootstrap) as client:
            for mechanism in mechanisms or ("SCRAM-SHA-512",):
                made = UserScramCredentialUpsertion(name, mechanism, password or self.password)
                if (why := client.alter_user_scram_credentials([made])[name]) is not None:
                    raise BrokerError(f"user {name} was not made: {why}")

    def scram(self, name: str, mechanism: str = "SCRAM-SHA-512", *, tls: bool = False) -> dict[str, Any]:
        """The section `kafka` of a user of SCRAM or PLAIN."""
        return {
            **self.listener("SASL_SSL" if tls else "SASL_PLAINTEXT"),
            "sasl_mechanism": mechanism,
            "sasl_username": name,
            "sasl_password": self.password,
        }

    def listener(self, protocol: str) -> dict[str, Any]:
        """Where, and with which authority."""
        port = {"SASL_PLAINTEXT": self.sasl_port, "SASL_SSL": self.sasl_ssl_port, "SSL": self.ssl_port,
                "PLAINTEXT": self._ports[0]}[protocol]  # fmt: skip
        section = {"bootstrap_servers": f"127.0.0.1:{port}", "security_protocol": protocol}
        return section | ({"ssl_ca_file": str(self.authority.path)} if protocol.endswith("SSL") else {})

    def certified(self, pair: KeyPair) -> dict[str, Any]:
        """The section `kafka` of who has a certificate."""
        return {
            **self.listener("SSL"), "ssl_cert_file": str(pair.certificate), "ssl_key_file": str(pair.key)
        }  # fmt: skip

    # -- what they may do --------------------------------------------------------------------------------------------

    def grant(self, principal: str, rights: Iterable[Right]) -> None:
        """Allow all of these."""
        grant(self.bootstrap, principal, rights)

    def take_away(self, principal: str, rights: Iterable[Right]) -> None:
        """Delete what `grant` gave."""
        take_away(self.bootstrap, principal, rights)

    def run_commands(self, commands: Iterable[str]) -> None:
        """Do what command lines of ``kafka-acls.sh`` say, which is not among the jars that a broker needs."""
        parser = argparse.ArgumentParser(exit_on_error=False)
        parser.add_argument("--add", action="store_true", required=True)
        for option in ("--bootstrap-server", "--command-config", "--allow-principal", "--topic", "--group"):
            parser.add_argument(option)
        parser.add_argument("--resource-pattern-type", choices=["literal", "prefixed"], default="literal")
        parser.add_argument("--operation", action="append", required=True)
        acls = []
        for line in commands:
            asked = parser.parse_args(shlex.split(line)[1:])
            kind = ResourceType.TOPIC if asked.topic else ResourceType.GROUP
            pattern = ACLResourcePatternType[asked.resource_pattern_type.upper()]
            for operation in asked.operation:
                named = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", operation).upper()
                what = ResourcePattern(kind, asked.topic or asked.group, pattern)
                acls.append(ACL(asked.allow_principal, "*", ACLOperation[named], ACLPermissionType.ALLOW, what))
        with admin_client(self.bootstrap) as client:
            client.create_acls(acls)
