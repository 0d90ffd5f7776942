"""E-mail addresses whose sign is written otherwise: ``name @ gmail.com``, ``name(a)gmail.com``, ``name%40mail.org``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer, bounded
from agent.scoring.pii.context_words import MAIL_CONTEXT
from agent.scoring.pii.core.top_level_domains import TOP_LEVEL_DOMAINS

__all__ = ["RECOGNIZER"]

_PROVIDERS = re.compile(
    "(?:gmail|googlemail|outlook|hotmail|live|msn|yahoo|ymail|icloud|me|aol|proton|protonmail|pm|gmx|web|mail|yandex|zoho|"
    "qq|vip|foxmail|163|126|139|189|yeah|sina|sohu|aliyun|naver|daum|orange|wanadoo|free|t-online|libero)"
    r"\.(?:com|net|org|cn|de|fr|it|me|ru|uk|in|jp|co\.uk|co\.in|co\.jp|com\.cn|com\.hk|com\.tw|com\.br|com\.au)"
)
# Whoever is to be met at a place: "see us @ example.com".
_NO_NAMES = (
    "me us you him her them it we i here there live now today tomorrow at in on is are be or and the read see find "
    "look visit join follow check out more details info available online only streaming shop"
)
_NOBODY = frozenset(_NO_NAMES.split())


def _judge(match: re.Match[str], in_context: bool) -> float:
    domain = match["domain"].lower()
    if domain.rpartition(".")[2] not in TOP_LEVEL_DOMAINS:
        return 0.0
    if not match["apart"]:
        return 0.9
    if match["local"].lower() in _NOBODY:
        return 0.0
    return 0.9 if in_context or _PROVIDERS.fullmatch(domain) else 0.0


RECOGNIZER = Recognizer(
    name="e-mail address with a disguised sign",
    type="EMAIL",
    source="RFC 5322 section 3.4.1 for what is meant; RFC 3986 section 2.1 (percent encoding), HTML Standard, "
    '"character references"; apart from the sign only with a public provider or a context word',
    pattern=bounded(
        # In a query, what stands before may be encoded, too.
        r"(?P<local>[A-Za-z0-9_](?:(?<![\w.%+@/-].)|(?<=%[23][0-9A-Fa-f].))[A-Za-z0-9._+-]{0,63}+)"
        r"(?:%40|&#0{0,2}64;|&#[xX]0{0,2}40;|&commat;|(?<=[\w.-]{3})\([aA]\)"
        r"|(?P<apart> {1,2}@ {0,2}|@ {1,2}|(?<=[\w.-]{3})(?: \([aA]\) ?|\([aA]\) )))"
        r"(?P<domain>(?:[A-Za-z0-9-]{1,63}+\.){1,4}[A-Za-z]{2,24}+)(?![\w@-])"
    ),
    trigger=(
        r"(?:%40|&#0{0,2}64;|&#[xX]0{0,2}40;|&commat;|\([aA]\) ?| @ {0,2}|@ {1,2})[A-Za-z0-9-]{1,63}\.[A-Za-z0-9]"
    ),
    lead=140,
    judge=_judge,
    context=MAIL_CONTEXT,
    priority=6,
)
