"""TLS of an HTTP server: PEM files, taken anew when they are rotated, without a restart and with all connections kept.

For every server of harmwatch: `ServerTls(...).context` goes wherever asyncio or aiohttp take an SSL context.
"""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Final

from agent.clock import Clock, SystemClock
from agent.errors import ConfigError
from streams.config_web import WebTlsConfig
from streams.tls_faults import file_fault
from streams.web.watched import WatchedFiles

__all__ = ["HANDSHAKE_SECONDS", "ServerTls", "server_tls"]

_logger = logging.getLogger(__name__)

#: Whoever has not finished the handshake after so long is let go: asyncio's ``ssl_handshake_timeout``.
HANDSHAKE_SECONDS: Final = 10.0
#: Of a file that could not be loaded so much is looked at for what it lacks.
_MOST_PEM_BYTES: Final = 1024 * 1024


class ServerTls:
    """TLS 1.2 and newer, with the certificate of two PEM files.

    The files are looked at with a handshake, at most once a second. New ones are taken when they load and fit together:
    the next handshake has them, connections that are open stay. Else the old ones stay, with a warning once a minute.

    Parameters
    ----------
    cert_file
        The server's certificate, and behind it those between it and the root.
    key_file
        Its private key; None where it stands in ``cert_file``.
    key_password
        None for a key that is not encrypted.
    client_ca_file
        Certificates of those who sign clients' certificates. With it nobody gets in without one, probes and scrapes
        included. A certificate that was revoked is not known to be.
    subject
        First in messages: the section of the configuration.

    Attributes
    ----------
    context
        For the server. It stays the same object.

    Raises
    ------
    ConfigError
        When the files cannot be read, are no PEM, or do not fit together.
    """

    def __init__(
        self,
        cert_file: Path,
        key_file: Path | None = None,
        *,
        key_password: str | None = None,
        client_ca_file: Path | None = None,
        subject: str = "web.tls",
        clock: Clock | None = None,
    ) -> None:
        self._cert_file = cert_file
        self._key_file = key_file
        self._key_password = key_password
        self._client_ca_file = client_ca_file
        self._subject = subject
        paths = [path for path in (cert_file, key_file, client_ca_file) if path is not None]
        self._files = WatchedFiles(paths, clock or SystemClock())
        mark = self._files.mark()
        # The one that listens and the one that answers begin as the same; later ones only answer.
        self.context = self._current = self._load()
        self.context.sni_callback = self._choose
        self._files.taken(mark)

    def look(self) -> bool:
        """Take the files if they have changed; True when they were. Never raises."""
        mark = self._files.due()
        if mark is None:
            return False
        try:
            self._current = self._load()
        except ConfigError as error:
            if self._files.may_warn():
                _logger.warning("tls_files_not_taken reason=%s", error)
            return False
        self._files.taken(mark)
        _logger.info("tls_files_taken subject=%s", self._subject)
        return True

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, _name: str | None, _context: ssl.SSLContext) -> None:
        """OpenSSL asks here for every handshake, whether the client names a server or not."""
        self.look()
        if connection.context is not self._current:
            connection.context = self._current

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
        # A session that began with old files would be resumed without a look at the new ones, or at the client's.
        context.options |= ssl.OP_NO_TICKET
        context.num_tickets = 0
        context.set_alpn_protocols(["http/1.1"])
        asked = False

        def password() -> str:  # without one OpenSSL would ask for it on the terminal
            nonlocal asked
            asked = True
            return self._key_password or ""

        try:
            context.load_cert_chain(self._cert_file, self._key_file, password)
        except (OSError, ValueError) as error:  # the latter for a password that is longer than OpenSSL's can be
            raise ConfigError(f"{self._subject}: {self._fault(error, asked)}") from None
        if self._client_ca_file is not None:
            try:
                context.load_verify_locations(cafile=self._client_ca_file)
            except OSError as error:
                raise ConfigError(
                    f"{self._subject}.client_ca_file: {self._client_ca_file} cannot be loaded ({file_fault(error)}): "
                    "give a PEM file of certificates"
                ) from None
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _locked(self) -> str:
        """Only of a key that is encrypted OpenSSL asks for the password."""
        key = f"the key in {self._key_file or self._cert_file} is encrypted"
        if self._key_password is None:
            return f"{key}, and no password is given: set {self._subject}.key_password"
        return f"{key}, and the password does not open it: correct {self._subject}.key_password"

    def _fault(self, error: Exception, asked: bool) -> str:
        files = f"{self._cert_file}" if self._key_file is None else f"{self._cert_file} and {self._key_file}"
        if isinstance(error, ssl.SSLError) and error.reason == "KEY_VALUES_MISMATCH":
            return f"the key does not belong to the certificate ({files}): give the two that were made together"
        if asked:
            return self._locked()
        # OpenSSL says neither which file it means nor what it misses there.
        for path, label, kind in (
            (self._cert_file, b"CERTIFICATE-----", "certificate"),
            (self._key_file or self._cert_file, b"PRIVATE KEY-----", "private key"),
        ):
            try:
                with path.open("rb") as stream:
                    has_it = label in stream.read(_MOST_PEM_BYTES)
            except OSError as unread:
                return f"{path} cannot be loaded ({file_fault(unread)}): give a PEM file that can be read"
            if not has_it and kind == "private key" and self._key_file is None:
                return f"{path} holds no private key: set {self._subject}.key_file"
            if not has_it:
                return f"{path} holds no {kind}: give a PEM file of one"
        return f"certificate or key of {files} cannot be loaded ({file_fault(error)}): give PEM files that can be read"


def server_tls(config: WebTlsConfig, subject: str = "web.tls", clock: Clock | None = None) -> ServerTls | None:
    """As a section of the configuration has it; None for plain HTTP.

    Raises
    ------
    ConfigError
        As `ServerTls` does.
    """
    if config.cert_file is None:
        return None
    password = config.key_password
    return ServerTls(
        config.cert_file,
        config.key_file,
        key_password=password.get_secret_value() if password else None,
        client_ca_file=config.client_ca_file,
        subject=subject,
        clock=clock,
    )
