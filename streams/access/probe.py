"""Why a broker does not let us in, as one line: one connection in the steps in which a client makes it.

aiokafka and kafka-python try again without an end, and say of a wrong password that no broker answers.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from aiokafka.conn import AIOKafkaConnection
from aiokafka.errors import (
    IllegalSaslStateError,
    KafkaConnectionError,
    KafkaError,
    SaslAuthenticationFailed,
    UnsupportedSaslMechanismError,
)
from aiokafka.protocol.metadata import MetadataRequest

from agent.clock import SystemClock
from agent.errors import AccessDenied, ConfigError, TransportError
from streams.access.certificates import certificate_times, day
from streams.access.clients import client_options
from streams.access.tokens import TokenError
from streams.config_kafka import KafkaConfig

__all__ = ["contact_error", "knock", "knock_and_wait"]

_STEP_SECONDS: Final = 5.0
_CLOSE_SECONDS: Final = 1.0
#: ApiVersions, version 0, correlation id 1, no client id: what a broker answers before it knows who asks.
_API_VERSIONS: Final = struct.pack(">ihhih", 10, 18, 0, 1, -1)
_TLS_ALERT: Final = b"\x15\x03"
_PROTOCOL: Final = "correct kafka.security_protocol, or the port in kafka.bootstrap_servers"


async def knock(config: KafkaConfig) -> None:
    """Sign in with one broker after the other, until one lets us in.

    Raises
    ------
    AccessDenied
        When those that answer refuse us: why, and what to mend. No secret is in it.
    TransportError
        When none answers.
    """
    refused: AccessDenied | None = None
    silent = TransportError(f"no broker answers at {config.bootstrap_servers}")
    for server in config.bootstrap_servers.split(","):
        host, _, port = server.rpartition(":")
        try:
            await _knock_at(config, host.strip("[]"), int(port), server)
        except AccessDenied as error:
            refused = refused or error
        except TransportError as error:
            silent = error
        else:
            return
    raise refused or silent


def knock_and_wait(config: KafkaConfig) -> None:
    """`knock`, for whoever has no event loop, or blocks it.

    Raises
    ------
    AccessDenied, TransportError
        As `knock` does.
    """
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(knock(config))
        return
    with ThreadPoolExecutor(1) as elsewhere:
        elsewhere.submit(asyncio.run, knock(config)).result()


async def contact_error(config: KafkaConfig, error: Exception) -> TransportError:
    """Why a client could not be started; what it said itself where the probe knows nothing better."""
    try:
        await knock(config)
    except AccessDenied as refused:
        return refused
    except (TransportError, ConfigError):
        pass
    return TransportError(f"no broker answers at {config.bootstrap_servers} ({type(error).__name__})")


async def _knock_at(config: KafkaConfig, host: str, port: int, server: str) -> None:
    try:
        options = client_options(config)
    except ConfigError as error:
        raise AccessDenied(str(error)) from None
    del options["bootstrap_servers"]
    try:
        async with asyncio.timeout(2 * _STEP_SECONDS):
            await _greet(config, host, port, server, options.get("ssl_context"))
        async with asyncio.timeout(2 * _STEP_SECONDS):
            await _sign_in(config, host, port, server, options)
    except TimeoutError:
        raise TransportError(f"no broker answers at {server}: it takes connections and says nothing") from None


async def _greet(config: KafkaConfig, host: str, port: int, server: str, context: ssl.SSLContext | None) -> None:
    """TCP, TLS, and the question that everybody may ask."""
    try:
        reader, writer = await asyncio.open_connection(
            host, port, ssl=context, server_hostname=host if context else None
        )
    except ssl.SSLCertVerificationError as error:
        raise AccessDenied(_unverified(error, host, server)) from None
    except ssl.SSLError as error:
        raise AccessDenied(_tls_fault(config, error, server)) from None
    except (ConnectionResetError, ConnectionAbortedError, BrokenPipeError):
        if context is None:
            raise TransportError(f"no broker answers at {server}: it closes the connection") from None
        raise AccessDenied(f"{server} ends the TLS handshake, as a listener without TLS does: {_PROTOCOL}") from None
    except OSError as error:
        raise TransportError(f"no broker answers at {server} ({type(error).__name__})") from None
    try:
        writer.write(_API_VERSIONS)
        answer = await reader.readexactly(4)
    except ssl.SSLError as error:
        raise AccessDenied(_tls_fault(config, error, server)) from None
    except (OSError, asyncio.IncompleteReadError):
        answer = b""
    finally:
        writer.close()
        await _until(writer.wait_closed())
    if context is None and (not answer or answer.startswith(_TLS_ALERT)):
        raise AccessDenied(f"{server} does not answer without TLS, as a listener with TLS does: {_PROTOCOL}")
    if not answer:
        raise AccessDenied(f"{server} closes the connection after the TLS handshake: {_our_certificate(config)}")


async def _sign_in(config: KafkaConfig, host: str, port: int, server: str, options: dict[str, object]) -> None:
    """SASL where it is configured, and a first question of one who is known."""
    user = "the token" if config.sasl_mechanism == "OAUTHBEARER" else f"user {config.sasl_username} with this password"
    connection = AIOKafkaConnection(host, port, request_timeout_ms=int(_STEP_SECONDS * 1000), **options)
    try:
        await connection.connect()
        # Of who is not let in brokers close the connection, or tell no broker at all.
        known = await _is_told_of_brokers(connection)
    except TokenError as error:
        raise (AccessDenied if error.refused else TransportError)(str(error)) from None
    except UnsupportedSaslMechanismError:
        raise AccessDenied(
            f"{server} does not take {config.sasl_mechanism}: correct kafka.sasl_mechanism, or enable it there"
        ) from None
    except IllegalSaslStateError:
        raise AccessDenied(f"{server} is a listener without SASL: {_PROTOCOL}") from None
    except (SaslAuthenticationFailed, ValueError):
        keys = "kafka.oauth_*" if config.sasl_mechanism == "OAUTHBEARER" else "kafka.sasl_username and sasl_password"
        raise AccessDenied(f"{server} does not accept {user}: check {keys}") from None
    except (KafkaError, OSError) as error:
        if config.signed_in and isinstance(error, KafkaConnectionError):
            raise AccessDenied(f"{server} ends the connection while we sign in: check kafka.sasl_*") from None
        raise TransportError(f"no broker answers at {server} ({type(error).__name__})") from None
    finally:
        await _until(connection.close())
    if not known:
        if config.signed_in:
            # aiokafka takes the broker's refusal of a token for its consent.
            raise AccessDenied(f"{server} does not accept {user}: expired, or of another audience or issuer")
        raise AccessDenied(f"{server} does not answer who has not signed in, as a listener with SASL: {_PROTOCOL}")


async def _is_told_of_brokers(connection: AIOKafkaConnection) -> bool:
    try:
        return bool((await connection.send(MetadataRequest([]))).brokers)
    except KafkaError:
        return False


async def _until(closed: Awaitable[object]) -> None:
    """Wait for the end of a connection, but not for long: its loop may end with us."""
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(_CLOSE_SECONDS):
            await closed


def _unverified(error: ssl.SSLCertVerificationError, host: str, server: str) -> str:
    told = error.verify_message or "not verified"
    if error.verify_code in (62, 64):  # X509_V_ERR_HOSTNAME_MISMATCH, X509_V_ERR_IP_ADDRESS_MISMATCH
        return (
            f"the certificate of {server} is not for {host}: name the broker in kafka.bootstrap_servers as its "
            "certificate does"
        )
    if error.verify_code in (9, 10):  # not yet valid, has expired
        return f"the certificate of {server}: {told}; renew it on the broker, and check this machine's clock"
    return f"the certificate of {server} is not trusted ({told}): kafka.ssl_ca_file is to hold who signed it"


def _tls_fault(config: KafkaConfig, error: ssl.SSLError, server: str) -> str:
    reason = error.reason or ""
    if "ALERT" in reason and "CERTIFICATE" not in reason and "UNKNOWN_CA" not in reason:
        return f"{server} refuses our TLS ({_words(reason)}): check the versions and ciphers that it takes"
    if "ALERT" in reason:
        whose = "our certificate" if config.ssl_cert_file else "who shows no certificate"
        return f"{server} refuses {whose} ({_words(reason)}): {_our_certificate(config)}"
    return f"{server} does not speak TLS as we do ({_words(reason) or type(error).__name__}): {_PROTOCOL}"


def _our_certificate(config: KafkaConfig) -> str:
    if config.ssl_cert_file is None:
        return "it asks for one, set kafka.ssl_cert_file and kafka.ssl_key_file"
    own = next((each for each in certificate_times(config) if each.key == "kafka.ssl_cert_file"), None)
    if own is not None and own.ends < SystemClock().now():
        return f"that of kafka.ssl_cert_file expired on {day(own.ends)}, renew it"
    return "kafka.ssl_cert_file is to be one that has not expired, by an authority that the broker trusts"


def _words(reason: str) -> str:
    return reason.lower().replace("_", " ")
