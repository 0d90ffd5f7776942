"""The section `kafka` of the configuration: where the brokers are, and who we are to them. It looks at no file."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from agent.config_base import Seconds, Section, is_host_name

__all__ = ["KafkaConfig"]

_SERVER = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+):[0-9]{1,5}")
_URL = re.compile(r"https?://[!-~]{1,2000}")
_LOOPBACK = re.compile(r"http://(localhost|127\.[0-9.]{5,11}|\[::1\])(:[0-9]{1,5})?(/[!-~]*)?")

_OAUTH_KEYS = (
    "oauth_token_file", "oauth_token_url", "oauth_client_id", "oauth_client_secret", "oauth_client_secret_file",
    "oauth_scope", "oauth_ca_file",
)  # fmt: skip


class KafkaConfig(Section):
    """How to reach the brokers.

    Each secret is given by value (out of the environment, ``${NAME}``) or as the path of a file that holds it.
    """

    bootstrap_servers: str = "localhost:9092"
    group_id: Annotated[str, Field(min_length=1, max_length=200)] = "harmwatch"
    worker_name: str = Field(default_factory=socket.gethostname)
    auto_offset_reset: Literal["earliest", "latest"] = "earliest"
    session_timeout_seconds: Seconds = 30.0
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512", "OAUTHBEARER"] = "PLAIN"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: Path | None = None
    oauth_token_file: Path | None = None
    oauth_token_url: str | None = None
    oauth_client_id: str | None = None
    oauth_client_secret: SecretStr | None = None
    oauth_client_secret_file: Path | None = None
    oauth_scope: str | None = None
    oauth_ca_file: Path | None = None
    ssl_ca_file: Path | None = None
    ssl_cert_file: Path | None = None
    ssl_key_file: Path | None = None
    ssl_key_password: SecretStr | None = None
    ssl_key_password_file: Path | None = None
    ssl_check_hostname: bool = True

    @field_validator("bootstrap_servers")
    @classmethod
    def _servers(cls, value: str) -> str:
        servers = [server.strip() for server in value.split(",")]
        if not all(_SERVER.fullmatch(server) for server in servers):
            raise ValueError("must be host:port, several separated by commas")
        for server in servers:
            host, _, port = server.rpartition(":")
            if not is_host_name(host) or not 1 <= int(port) <= 65535:
                raise ValueError(f"{server[:100]}: no such host or port can be; ports are 1 to 65535")
        return ",".join(servers)

    @field_validator("oauth_token_url")
    @classmethod
    def _secrets_travel_by_tls(cls, value: str | None) -> str | None:
        if value is not None and not _URL.fullmatch(value):
            raise ValueError("must be a URL that begins with https://")
        if value is not None and not value.startswith("https://") and not _LOOPBACK.fullmatch(value):
            raise ValueError("must begin with https://: the client's secret is sent there (http only to loopback)")
        return value

    @model_validator(mode="after")
    def _each_secret_has_one_place(self) -> KafkaConfig:
        for key in ("sasl_password", "oauth_client_secret", "ssl_key_password"):
            if getattr(self, key) is not None and getattr(self, f"{key}_file") is not None:
                raise ValueError(f"give {key} or {key}_file, not both")
        if self.ssl_key_file is not None and self.ssl_cert_file is None:
            raise ValueError("ssl_key_file needs ssl_cert_file, the certificate of that key")
        return self

    @model_validator(mode="after")
    def _sasl_is_complete(self) -> KafkaConfig:
        if not self.security_protocol.startswith("SASL"):
            return self
        if self.sasl_mechanism != "OAUTHBEARER":
            given = [key for key in _OAUTH_KEYS if getattr(self, key) is not None]
            if given:
                raise ValueError(f"{given[0]} is for sasl_mechanism OAUTHBEARER")
            if self.sasl_username is None or (self.sasl_password is None and self.sasl_password_file is None):
                raise ValueError("SASL needs sasl_username and sasl_password, or sasl_password_file")
            return self
        if (self.oauth_token_file is None) == (self.oauth_token_url is None):
            raise ValueError("OAUTHBEARER needs oauth_token_file, or oauth_token_url with a client; one of the two")
        secret = self.oauth_client_secret is not None or self.oauth_client_secret_file is not None
        if self.oauth_token_url is not None and not (self.oauth_client_id and secret):
            raise ValueError(
                "oauth_token_url needs oauth_client_id and oauth_client_secret, or oauth_client_secret_file"
            )
        return self

    @property
    def encrypted(self) -> bool:
        """Connections to the brokers are made by TLS."""
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def signed_in(self) -> bool:
        """We say who we are by SASL."""
        return self.security_protocol.startswith("SASL")
