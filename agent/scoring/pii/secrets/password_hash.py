"""Hashes of passwords as systems keep them: the work of guessing aside, as good as the password."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    return 0.9


RECOGNIZER = Recognizer(
    name="password's hash",
    type="SECRET",
    source=(
        "crypt(5) and the Modular Crypt Format (passlib.readthedocs.io), RFC 9106 (Argon2), RFC 2307 (LDAP schemes), "
        "docs.djangoproject.com (password storage)"
    ),
    pattern=bounded(
        r"\$(?:1|apr1|5|6|7|y|gy)\$(?:rounds=[0-9]{1,9}\$)?[\w./-]{1,64}\$(?:[\w./]{1,64}\$)?[\w./]{22,88}"
        r"|\$2[abxy]?\$[0-9]{2}\$[A-Za-z0-9./]{53}"
        r"|\$argon2(?:id|i|d)\$[\w=,$+/]{16,64}\$[\w+/.-]{16,128}"
        r"|\$(?:scrypt|pbkdf2(?:-sha(?:1|256|512))?)\$[\w=,./+-]{1,40}\$[\w./+=-]{8,128}(?:\$[\w./+=-]{16,128})?"
        r"|(?:pbkdf2_sha(?:1|256)|bcrypt_sha256|scrypt)\$[0-9a-z$]{1,24}\$[\w./+=-]{4,64}\$[\w./+=-]{20,128}"
        r"|\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT)\}[\w./+$=-]{16,140}"
        r"|(?<=mysql_native_password' AS ')\*[0-9A-F]{40}"
    ),
    trigger=(
        r"\$(?:1|apr1|5|6|7|y|gy)\$|\$2[abxy]?\$[0-9][0-9]\$|\$argon2|\$scrypt\$|\$pbkdf2|pbkdf2_sha|bcrypt_sha256\$|scrypt\$"
        r"|\{(?:S?SHA(?:256|512)?|S?MD5|CRYPT)\}|mysql_native_password' AS '\*[0-9A-F]"
    ),
    judge=_judge,
    priority=7,
    lead=28,
)
