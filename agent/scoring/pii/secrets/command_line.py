"""Passwords and tokens given to commands: ``curl -u user:...``, ``mysql -p...``, ``--token ...``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.secret_values import is_code, is_password, is_token, is_word, stands_for_a_value

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if value[0] in "->" or stands_for_a_value(value) or is_code(value):
        return 0.0
    if match["program"]:
        return 0.8 if not is_word(value) or match["quote"] else 0.0
    if match["token"]:
        return 0.8 if is_token(value) or is_password(value) else 0.0
    return 0.8 if is_password(value) or match["quote"] else 0.0


RECOGNIZER = Recognizer(
    name="secret on a command line",
    type="SECRET",
    source=(
        "CWE-214 (secrets visible in invocations); manual pages of curl, mysql, sshpass, redis-cli, docker login, "
        "openssl, net use, htpasswd, ldapsearch; learn.microsoft.com (ConvertTo-SecureString)"
    ),
    pattern=re.compile(
        r"(?:(?P<program>\bcurl\b[^\n|;]{0,160}? (?:-u|--user)[ =]{0,2}[\"']?[\w.@+-]{1,64}:"
        r"|\bmysql(?:dump|admin)?\b[^\n|;]{0,80}? -p(?! )|\bsshpass -p ?"
        r"|\b(?:redis-cli|keydb-cli)\b[^\n|;]{0,80}? (?:-a|--pass) "
        r"|\b(?:docker|podman|helm|az|oc|cf)\b[^\n|;]{0,80}? login [^\n|;]{0,80}? -p ?|-pass(?:in|out)? pass:"
        r"|\bnet use [^\n|;]{0,80}? /user:[\w\\.@-]{1,64} |\bhtpasswd -\w{1,4} [\w./-]{1,80} [\w.@-]{1,64} "
        r"|\bldap\w{3,9}\b[^\n|;]{0,120}? -w |ConvertTo-SecureString (?:-(?:String|Force|AsPlainText) ){0,3})"
        r"|(?<![\w/.-])--?(?:[\w-]{1,24}[_-])?(?:password|passwd|passphrase|pwd|pass|pw)[ ]"
        r"|(?P<token>(?<![\w/.-])--?(?:[\w-]{1,24}[_-])?"
        r"(?:token|secret|(?:api|access|account|auth|private)[_-]?key|bearer))[ ])"
        r"[ ]{0,3}(?P<quote>[\"'])?(?P<value>(?(quote)[^\"'\s]{4,256}|[^\s\"'`<>|;]{4,256}))",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:\bcurl\b[^\n|;]* (?:-u|--user)[ =]*[\"']?[\w.@+-]+:|\bmysql(?:dump|admin)?\b[^\n|;]* -p|\bsshpass -p"
        r"|\b(?:redis-cli|keydb-cli)\b[^\n|;]* (?:-a|--pass) "
        r"|\b(?:docker|podman|helm|az|oc|cf)\b[^\n|;]* login [^\n|;]* -p|-pass(?:in|out)? pass:"
        r"|\bnet use [^\n|;]* /user:|\bhtpasswd -|\bldap\w+\b[^\n|;]* -w |ConvertTo-SecureString "
        r"|-(?:[\w-]+[_-])?(?:password|passwd|passphrase|pwd|pass|pw|token|secret|bearer"
        r"|(?:api|access|account|auth|private)?[_-]?key) )"
    ),
    judge=_judge,
    priority=5,
    lead=260,
)
