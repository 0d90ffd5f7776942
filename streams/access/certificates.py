"""What can be said of certificates and keys before a broker refuses them: whose, until when, who else may read them."""

from __future__ import annotations

import ssl
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from streams.config_kafka import KafkaConfig

__all__ = [
    "CertificateTimes",
    "certificate_times",
    "day",
    "open_to_others",
    "server_certificate_end",
    "subject_of_certificate",
]


@dataclass(frozen=True, slots=True)
class CertificateTimes:
    """Of one certificate: ``key`` is the configuration's; times are seconds since the Unix epoch."""

    key: str
    begins: float
    ends: float


def _load(path: Path) -> list[tuple[str, float, float]]:
    """(subject, begin, end) of each certificate in a PEM file; empty when it cannot be told."""
    try:
        from cryptography import x509
    except ImportError:
        return []  # of the extra `assess`; OpenSSL's own reader is not open to Python
    try:
        found = x509.load_pem_x509_certificates(path.read_bytes())
    except (OSError, ValueError):
        return []
    return [
        (each.subject.rfc4514_string(), each.not_valid_before_utc.timestamp(), each.not_valid_after_utc.timestamp())
        for each in found
    ]


def subject_of_certificate(path: Path) -> str | None:
    """The distinguished name as Java writes it; None when it cannot be told."""
    found = _load(path)
    return found[0][0] if found else None


def certificate_times(config: KafkaConfig) -> list[CertificateTimes]:
    """Our own certificate, and of the authorities the one that ends last, since others may be kept for a rotation."""
    told = []
    if config.ssl_cert_file is not None and (own := _load(config.ssl_cert_file)):
        told.append(CertificateTimes("kafka.ssl_cert_file", own[0][1], own[0][2]))
    if config.ssl_ca_file is not None and (authorities := _load(config.ssl_ca_file)):
        latest = max(authorities, key=lambda each: each[2])
        told.append(CertificateTimes("kafka.ssl_ca_file", latest[1], latest[2]))
    return told


def server_certificate_end(shown: dict[str, object]) -> float | None:
    """When the certificate that a broker showed ends, of what `ssl.SSLSocket.getpeercert` gives."""
    ends = shown.get("notAfter")
    return ssl.cert_time_to_seconds(ends) if isinstance(ends, str) else None


def open_to_others(config: KafkaConfig) -> Iterator[tuple[str, Path, str]]:
    """Files of secrets that more than their owner and group may read, or that others may write: (key, path, mode)."""
    for key in (
        "ssl_key_file", "ssl_key_password_file", "sasl_password_file", "oauth_token_file", "oauth_client_secret_file"
    ):  # fmt: skip
        path: Path | None = getattr(config, key)
        if path is None:
            continue
        try:
            mode = path.stat().st_mode
        except OSError:
            continue  # that it cannot be read is said elsewhere
        if mode & (stat.S_IRWXO | stat.S_IWGRP):
            yield f"kafka.{key}", path, f"{stat.S_IMODE(mode):04o}"


def day(seconds: float) -> str:
    """A date, UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
