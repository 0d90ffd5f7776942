"""As whom the brokers know us: the principal that ACLs name."""

from __future__ import annotations

from streams.access.certificates import subject_of_certificate
from streams.access.clients import token_source
from streams.access.tokens import TokenError, subject_of
from streams.config_kafka import KafkaConfig

__all__ = ["principal_of"]


def principal_of(config: KafkaConfig) -> str:
    """``User:...``, by the brokers' default rules (``ssl.principal.mapping.rules`` and the like may say otherwise).

    A part that cannot be known is written as ``<...>``. May ask the provider of tokens for one.
    """
    if config.signed_in and config.sasl_mechanism == "OAUTHBEARER":
        try:
            subject = subject_of(token_source(config).token())
        except TokenError:
            subject = None
        return f"User:{subject or '<sub of the token>'}"
    if config.signed_in:
        return f"User:{config.sasl_username}"
    if config.encrypted and config.ssl_cert_file is not None:
        return f"User:{subject_of_certificate(config.ssl_cert_file) or '<subject of the certificate>'}"
    return "User:ANONYMOUS"
