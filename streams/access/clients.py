"""Keyword arguments of every Kafka client of ours: aiokafka's (and Faust's, which are aiokafka's) and kafka-python's.

The only place that turns the configuration's security into what a client takes, so that none of them forgets a part.
"""

from __future__ import annotations

import asyncio
from functools import lru_cache
from typing import Any

from aiokafka.abc import AbstractTokenProvider
from kafka.net.sasl.oauth import AbstractTokenProvider as KafkaPythonTokenProvider

from agent.clock import SystemClock
from agent.errors import AccessDenied, ConfigError
from streams.access.secret_files import read_secret
from streams.access.tls import FollowingContext
from streams.access.tokens import TokenSource
from streams.config_kafka import KafkaConfig

__all__ = ["admin_options", "client_options", "running_options", "token_source"]


def client_options(config: KafkaConfig) -> dict[str, Any]:
    """Keyword arguments that aiokafka's clients share.

    Certificates, keys and tokens are read anew for each connection; a password is what it was when the client was made.

    Raises
    ------
    ConfigError
        When a file of a secret, certificate or key cannot be loaded.
    """
    options = _common(config)
    if "sasl_oauth_token_provider" in options:
        options["sasl_oauth_token_provider"] = _Tokens(token_source(config))
    return options


def running_options(config: KafkaConfig) -> dict[str, Any]:
    """As `client_options`, for a client that a running worker makes: a file that is not there now may be there later.

    Raises
    ------
    AccessDenied
        When a file of a secret, certificate or key cannot be loaded.
    """
    try:
        return client_options(config)
    except ConfigError as error:
        raise AccessDenied(str(error)) from None


def admin_options(config: KafkaConfig) -> dict[str, Any]:
    """The same for kafka-python's admin client.

    Raises
    ------
    ConfigError
        As `client_options` does.
    """
    options = _common(config) | {"bootstrap_servers": config.bootstrap_servers.split(",")}
    if "sasl_oauth_token_provider" in options:
        options["sasl_oauth_token_provider"] = _BlockingTokens(token_source(config))
    return options


@lru_cache(maxsize=8)
def token_source(config: KafkaConfig) -> TokenSource:
    """One for all clients of a configuration, so that a token is fetched once."""
    return TokenSource(config, SystemClock())


def _common(config: KafkaConfig) -> dict[str, Any]:
    options: dict[str, Any] = {
        "bootstrap_servers": config.bootstrap_servers,
        "security_protocol": config.security_protocol,
    }
    if config.encrypted:
        options["ssl_context"] = FollowingContext.of(config)
    if config.signed_in:
        options["sasl_mechanism"] = config.sasl_mechanism
        if config.sasl_mechanism == "OAUTHBEARER":
            options["sasl_oauth_token_provider"] = None
        else:
            options["sasl_plain_username"] = config.sasl_username
            options["sasl_plain_password"] = read_secret(
                config.sasl_password, config.sasl_password_file, "kafka.sasl_password"
            )
    return options


class _Tokens(AbstractTokenProvider):  # type: ignore[misc]  # aiokafka ships no types
    def __init__(self, source: TokenSource) -> None:
        self._source = source

    async def token(self) -> str:
        return await asyncio.to_thread(self._source.token)


class _BlockingTokens(KafkaPythonTokenProvider):  # type: ignore[misc]  # kafka-python ships no types
    def __init__(self, source: TokenSource) -> None:
        super().__init__()
        self._source = source

    def token(self) -> str:
        return self._source.token()
