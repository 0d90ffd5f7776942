"""Configuration of the web port: where it listens, TLS, who holds which token, limits."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr, model_validator

from agent.config_base import HostName, Section

__all__ = ["LEAST_TOKEN", "Token", "WebConfig", "WebLimitsConfig", "WebTlsConfig"]

LEAST_TOKEN = 16
"""Characters of a bearer token, at least."""


def _long_enough(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < LEAST_TOKEN:
        raise ValueError(f"must be at least {LEAST_TOKEN} characters long")
    return value


Token = Annotated[SecretStr, AfterValidator(_long_enough)]

Rate = Annotated[float, Field(ge=0, le=1_000_000)]


class WebTlsConfig(Section):
    """PEM files; without ``cert_file`` the port speaks plain HTTP."""

    cert_file: Path | None = None
    key_file: Path | None = None
    key_password: SecretStr | None = None
    client_ca_file: Path | None = None

    @model_validator(mode="after")
    def _has_a_certificate(self) -> WebTlsConfig:
        if self.cert_file is None and (self.key_file or self.key_password or self.client_ca_file):
            raise ValueError("needs cert_file")
        return self


class WebLimitsConfig(Section):
    """Requests a second of one address and of one token, wrong tokens a minute of one address; 0 for no limit."""

    address_requests_per_second: Rate = 50.0
    token_requests_per_second: Rate = 20.0
    wrong_tokens_per_minute: Rate = 10.0

    @property
    def rates(self) -> tuple[float, float, float]:
        return self.address_requests_per_second, self.token_requests_per_second, self.wrong_tokens_per_minute


class WebConfig(Section):
    """The HTTP port."""

    host: HostName = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 9464
    token: Token | None = None
    tokens_file: Path | None = None
    tls: WebTlsConfig = WebTlsConfig()
    limits: WebLimitsConfig = WebLimitsConfig()
