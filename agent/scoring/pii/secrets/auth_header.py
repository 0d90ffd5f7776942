"""What HTTP clients prove themselves with: Authorization, cookies of sessions, headers that carry keys."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.placeholders import is_placeholder
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, is_hexadecimal, randomness

__all__ = ["RECOGNIZER"]


def _judge(match: re.Match[str], in_context: bool) -> float:
    value = match["value"]
    if is_placeholder(value):
        return 0.0
    if is_hexadecimal(value):
        return 0.9 if len(value) >= 16 and not value.isdigit() else 0.0
    return 0.9 if randomness(value) >= LIKELY_RANDOM else 0.0


RECOGNIZER = Recognizer(
    name="HTTP credentials",
    type="SECRET",
    source=(
        "RFC 6750 (Bearer), RFC 7617 (Basic: base64 of user and password), RFC 6265 (cookies), "
        "MS-NLMP section 2.2.1.3 (NTLM), OWASP's session management guide (names of session cookies)"
    ),
    pattern=re.compile(
        r"(?:\bbearer[ ]{1,2}|\bSSWS[ ]|(?=TlRMTVNTUAAD)|authorization[\"']?[ ]?[:=][ ]?[\"']?"
        r"(?:basic|token|ntlm|negotiate|apikey|sso-key|sswsk?)[ ]{1,2}"
        r"|\bx-(?:api|auth|access|amz-security|goog-api|vault|gitlab|functions|rapidapi|csrf|xsrf)[a-z-]{0,16}"
        r"[\"']?[ ]?[:=][ ]?[\"']?"
        r"|\b(?:phpsessid|jsessionid|asp\.net_sessionid|connect\.sid|session(?:_?id|_?token)?|_session|sid|sessdata"
        r"|csrftoken|remember_token|auth(?:_?token)?|laravel_session|wordpress_logged_in_\w{1,40}|_gh_sess"
        r"|user_session)=)"
        r"(?P<value>[\w.~+/%:-]{12,4096}+={0,2})",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=(
        r"(?:\bbearer |authorization[\"']? ?[:=] ?[\"']?(?:basic|token|ntlm|negotiate|apikey|sso-key|sswsk?) "
        r"|\bx-(?:api|auth|access|amz-security|goog-api|vault|gitlab|functions|rapidapi|csrf|xsrf)[a-z-]*[\"']? ?[:=]"
        r"|(?:phpsessid|jsessionid|sessionid|connect\.sid|session(?:_?id|_?token)?|\bsid|sessdata|csrftoken|"
        r"remember_token|\bauth(?:_?token)?|logged_in_\w+|_sess)=|\bSSWS |TlRMTVNTUAAD)"
    ),
    judge=_judge,
    priority=6,
    lead=64,
)
