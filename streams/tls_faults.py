"""What is wrong with TLS, in words for those who mend it: OpenSSL's errors name neither file nor cause."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

__all__ = ["TlsFault", "file_fault", "tls_fault"]

FaultKind: TypeAlias = Literal["expired", "early", "name", "untrusted", "no_tls", "other"]

#: OpenSSL's ``X509_V_ERR_...``, which Python's ssl module has no names for.
_OF_CERTIFICATE: Final[dict[int, tuple[FaultKind, str]]] = {
    9: ("early", "its certificate is not valid yet"),
    10: ("expired", "its certificate has expired"),
    62: ("name", "its certificate is for another host name"),
    64: ("name", "its certificate is for another host name, and not for this address"),
}
#: What comes back is no TLS.
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")


@dataclass(frozen=True, slots=True)
class TlsFault:
    """Why there is no TLS with a server; ``said`` ends a sentence about it, and holds nothing that the server sent."""

    kind: FaultKind
    said: str


def tls_fault(error: BaseException | None) -> TlsFault | None:
    """None for what is no failure of TLS."""
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code in _OF_CERTIFICATE:
            return TlsFault(*_OF_CERTIFICATE[error.verify_code])
        return TlsFault("untrusted", f"its certificate is not trusted: {error.verify_message}")
    if not isinstance(error, ssl.SSLError) or isinstance(error, ssl.SSLEOFError):
        return None  # a server that hangs up may do so whatever it speaks
    if error.reason in _NO_TLS:
        return TlsFault("no_tls", "it answers without TLS")
    return TlsFault("other", f"TLS with it fails: {file_fault(error)}" if error.reason else "TLS with it fails")


def file_fault(error: Exception) -> str:
    """Why a PEM file cannot be loaded."""
    if isinstance(error, ssl.SSLError):
        return error.reason.lower().replace("_", " ") if error.reason else "no PEM"
    return (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
