"""Private keys in base64 without their PEM armour, or whole PEM files in base64."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]

# The first bytes of each format in base64; the places that depend on the key's length are classes. A certificate, a
# public key and a request for a certificate begin otherwise.
_BEGINNINGS = (
    r"MII[A-Za-z0-9+/]{2}[AQgw]IBA(?:DA[A-Z]|A[JK][BC]|zCC)"  # PKCS#8, PKCS#1, PKCS#12
    r"|MI(?:G[HE]AgEAM|HuAgEAM|G2AgEAM)B[AM]GByqGSM49|MC4CAQAwBQYDK2V[uw]"  # PKCS#8: elliptic curves, Curve25519
    r"|MHcCAQEEI|MIGkAgEBBDA|MIHcAgEBBEI"  # SEC 1
    r"|b3BlbnNzaC1rZXktdjEAAAAA"  # openssh-key-v1
    r"|/u3\+7QAAAAIAAAA"  # a Java key store
    r"|LS0tLS1CRUdJTiB[A-Za-z0-9]{0,14}(?:QUklWQVRF|UFJJVkFURS|BSSVZBVEUg)"  # -----BEGIN ... PRIVATE
)


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 1.0


RECOGNIZER = Recognizer(
    name="private key without armour",
    type="SECRET",
    source="RFC 8017 A.1.2 (PKCS#1), RFC 5208 (PKCS#8), RFC 7292 (PKCS#12), RFC 5915 (SEC 1), OpenSSH's PROTOCOL.key",
    pattern=bounded(
        rf"(?<![\w+/])(?:{_BEGINNINGS})[A-Za-z0-9+/]{{8,16384}}+={{0,2}}"
        r"(?:(?:\\[rn]|\s){1,16}[A-Za-z0-9+/]{16,128}+={0,2}){0,256}+"
    ),
    trigger=(
        r"MII[A-Za-z0-9+/]{2}[AQgw]IBA[ADz]|MI(?:G[HE]|Hu|G2)AgEAMB|MC4CAQAwBQYDK2V|MHcCAQEEI|MIGkAgEBBDA|MIHcAgEBBEI"
        r"|b3BlbnNzaC1rZXktdjEA|/u3\+7QAAAAI|LS0tLS1CRUdJTiB[A-Za-z0-9]{0,14}(?:QUklWQVRF|UFJJVkFURS|BSSVZBVEUg)"
    ),
    judge=_judge,
    priority=10,
    lead=40,
)
