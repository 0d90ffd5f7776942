"""TLS to the brokers, by files that may be replaced while a worker runs: each connection goes by what lies there."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

from agent.errors import ConfigError
from streams.access.secret_files import read_secret
from streams.config_kafka import KafkaConfig

__all__ = ["FollowingContext"]

_logger = logging.getLogger(__name__)


class FollowingContext(ssl.SSLContext):
    """Hands each new connection to a context made of the files as they are now.

    Authorities as well as our own certificate: adding to a context would go on trusting those that were taken away.
    Files that do not fit together, as in the middle of a rotation, leave what was before in force.
    """

    _config: KafkaConfig
    _current: ssl.SSLContext
    _mark: tuple[object, ...]

    @classmethod
    def of(cls, config: KafkaConfig) -> FollowingContext:
        """Of a configuration with TLS.

        Raises
        ------
        ConfigError
            When certificate, key or authorities cannot be loaded.
        """
        made = cls(ssl.PROTOCOL_TLS_CLIENT)
        made._config = config
        made._mark = _mark(config)
        made._current = _plain_context(config)
        return made

    def _fresh(self) -> ssl.SSLContext:
        mark = _mark(self._config)
        if mark != self._mark:
            self._mark = mark
            try:
                self._current = _plain_context(self._config)
                _logger.info("kafka_certificates_taken")
            except ConfigError as error:
                _logger.warning("kafka_certificates_not_taken reason=%s", error)
        return self._current

    def wrap_socket(self, *args: Any, **options: Any) -> ssl.SSLSocket:
        return self._fresh().wrap_socket(*args, **options)

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return self._fresh().wrap_bio(*args, **options)


def _plain_context(config: KafkaConfig) -> ssl.SSLContext:
    """A context of the files as they are now: TLS 1.2 or newer, the broker's certificate and host name verified.

    Raises
    ------
    ConfigError
        When one cannot be loaded: which key of the configuration, and why.
    """
    ca = config.ssl_ca_file
    try:
        context = ssl.create_default_context(cafile=str(ca) if ca else None)
    except (OSError, ValueError) as error:
        raise ConfigError(f"kafka.ssl_ca_file: the certificates cannot be loaded ({_why(error)})") from None
    context.check_hostname = config.ssl_check_hostname
    if config.ssl_cert_file is not None:
        password = read_secret(config.ssl_key_password, config.ssl_key_password_file, "kafka.ssl_key_password")
        try:
            # Never None: OpenSSL would ask for it at the terminal.
            context.load_cert_chain(config.ssl_cert_file, config.ssl_key_file, password or "")
        except (OSError, ValueError) as error:
            raise ConfigError(
                f"kafka.ssl_cert_file, ssl_key_file: certificate and key cannot be loaded ({_why(error)})"
            ) from None
    return context


def _mark(config: KafkaConfig) -> tuple[object, ...]:
    """Tells files from what they were: also where a link is moved to another folder, as Kubernetes does."""
    files = (config.ssl_ca_file, config.ssl_cert_file, config.ssl_key_file, config.ssl_key_password_file)
    return tuple(None if file is None else _state(file) for file in files)


def _state(file: Path) -> tuple[int, int, int] | None:
    try:
        state = file.stat()
    except OSError:
        return None
    return state.st_ino, state.st_mtime_ns, state.st_size


def _why(error: Exception) -> str:
    if not isinstance(error, ssl.SSLError):
        return (isinstance(error, OSError) and error.strerror) or type(error).__name__
    if error.reason == "KEY_VALUES_MISMATCH":
        return "the key is not that of the certificate"
    if error.reason is None or error.reason in ("BAD_DECRYPT", "BAD_PASSWORD_READ", "UI_LIB"):
        return "no PEM file, or the key's password is wrong or missing"
    return error.reason.lower().replace("_", " ")
