"""Certificates and keys made by the tests: an authority, and what it signs, as PEM files."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "KeyPair"]

_PKCS8 = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8)


class KeyPair(NamedTuple):
    """Paths: of a certificate, of its key, and of both in one file, as Kafka's PEM stores take them."""

    certificate: Path
    key: Path
    both: Path


class Authority:
    """Signs certificates into a folder. ``path`` is its own certificate."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(self._name)
            .issuer_name(self._name)
            .public_key(self._key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=30))
            .not_valid_after(now + timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .sign(self._key, hashes.SHA256())
        )
        self.path = folder / f"{name}.pem"
        self.path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    def sign(
        self, name: str, *, days: float = 30.0, address: str | None = None, password: str | None = None
    ) -> KeyPair:
        """A key and a certificate with the subject ``CN=<name>``.

        Parameters
        ----------
        days
            From now on for so long; negative for one that has expired.
        address
            The IP address of a server.
        password
            Of the key.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=20))
            .not_valid_after(now + timedelta(days=days))
        )
        if address is not None:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        signed = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        hidden = serialization.BestAvailableEncryption(password.encode()) if password else serialization.NoEncryption()
        secret = key.private_bytes(*_PKCS8, hidden)
        stem = f"{self.path.stem}-{name}{days:+g}"
        pair = KeyPair(*(self._folder / f"{stem}{end}" for end in (".crt", ".key", ".pem")))
        for path, content in ((pair.certificate, signed), (pair.key, secret), (pair.both, secret + signed)):
            path.write_bytes(content)
            path.chmod(0o600)
        return pair
