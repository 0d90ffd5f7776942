"""Passwords and keys that the text itself names: ``password=...``, ``密码：...``, ``"api_key": "..."``."""

from __future__ import annotations

import re

from agent.scoring.pii.base import Recognizer
from agent.scoring.pii.secrets.randomness import LIKELY_RANDOM, is_hexadecimal, randomness
from agent.scoring.pii.secrets.secret_values import is_code, is_password, is_token, is_word, stands_for_a_value

__all__ = ["RECOGNIZER"]

# Names of keys that are secret, and of those that are not.
_KEY_OF = re.compile(
    r"(?:secret|api|app(?:lication)?|access|auth|authentication|private|priv|client|consumer|encrypt(?:ion)?"
    r"|decrypt(?:ion)?|signing|signature|account|storage|master|session|shared|service|server|security|subscription"
    r"|symmetric|license|licence|activation|product|registration|deploy|webhook|admin|bot|cipher|crypto|aes|des|hmac"
    r"|rsa|jwt|ssh|wep|wpa|wifi|integration|ingest(?:ion)?|write|instrumentation|datadog|openai|anthropic|gemini|azure"
    r"|aws|llm)['\"]?[_ .-]?(?:access[_ -]?)?$",
    re.IGNORECASE,
)
_KNOWN_TO_ALL = re.compile(
    r"(?<![a-z])(?:public|pub|primary|foreign|partition|sort|cache|index|idempotency|object|s3|translation|i18n|row"
    r"|hash|lookup|page|next|prev|continuation|continue|pagination|sync|start|pad|eos|bos|cls|sep|unk|mask|max|num|site"
    r"|host|query|map|registry|unique|composite|surrogate|group|event|message|cursor)['\"]?[_ .-]?$",
    re.IGNORECASE,
)
_CHANGED = re.compile(r"\b(?:set|sets|change|changed|changing|reset|update|updated)\b[^.\n]{0,24}$", re.IGNORECASE)
_MEASURED = re.compile(r"[0-9]+[+-][A-Za-z]+")
_NAME = re.compile("pass|pwd|secret|token|key|cred|auth|login|user", re.IGNORECASE)
_PLAIN = re.compile(r"[A-Za-z0-9+_=-]+")
_ID_OF_KEY = re.compile(r"key[_ -]?id", re.IGNORECASE)
_COUNTED = re.compile("[位个次字天年月日种分小名条项类级款]")

# What people choose, the short names of it, and what machines make.
_CHOSEN = (
    r"p[as]{1,4}w(?:o?r)?d|passphrase|passcode|passwort|kennwort|pwd|mot de passe|contrase[ñn]a"
    r"|密[码碼](?!学|學|本|锁|鎖|保护|保護|找回|重置|重設)|口令|비밀번호|비번|암호|패스워드|パスワード|пароль"
)
_SHORT = r"(?<![a-z])(?:pass|p/?w)"
_MADE = (
    r"secret|token|credential|(?<![a-z])auth(?:entication|orization)?|api[_-]?key|(?<![a-z])a?sk(?=\s{0,2}[:=])|salt|nonce"
    r"|密钥|秘钥|私钥|密鑰|私鑰|金鑰|令牌|权杖|權杖|凭证|憑證|凭据|授权码|授權碼"
)
_SUFFIX = (
    r"(?:[_ -]?(?:key|token|(?P<id>id)|value|hash|string))?(?P<more>[_-](?!length|len\b|count|size|expir|policy|type"
    r"|url|uri|path|file|name|limit|at\b|ttl|prefix)[\w-]{1,28}+|(?-i:(?<=[a-z])[A-Z][A-Za-z]{1,20}+))?[0-9_]{0,3}"
)
# Quotes, brackets, the asterisks of Markdown.
_CLOSING = r"(?:\\{0,3}[\"'\])*`]){0,3}(?: ?[(][^()\n]{1,16}+[)])?(?: (?:for|of) [\w.@-]{1,40}+)?"
_SIGN = r"===?|=>|:=|\|(?= )|:[ ]?[A-Za-z][\w.\[\]|]{0,24}[ ]?=(?=[ ]?[\"'])|[:=]"
_VERB = (
    r"[ \t]{1,3}(?:(?:is|was)(?: now| still| set to)?|will be|to)(?=[ :=])"
    r"|[ ]{0,2}(?:(?:就|用的)?是|为|為|改成了?|改为了?|改為了?|设为|設為|设成了?|設成了?|设置为|设置成了?|重置为"
    r"|[换換]成了?|叫)"
)
# How a call wraps a literal: getenv("NAME", "..."), environ.get("NAME") or "...", SecretString("...").
_CALL = (
    r"(?:(?:new )?[A-Za-z_][\w.]{0,40}\("
    r"(?:[\"'][\w.-]{0,64}[\"'](?:,[ \t]{0,3}|\)[ \t]{1,3}(?:or|\|\||\?\?)[ \t]{1,3}))?(?=[bru@$]{0,2}\\{0,3}[\"']))?"
)
_LONG = 255
_REST = re.compile(r"[^\s\"'“”‘’`<>,;\\]{0,65536}+")
# Base64 that is wrapped, at 40 characters or more.
_WRAPPED = 40
_LINES = re.compile(r"(?:(?:\\[rn]|\s){1,24}[A-Za-z0-9+/]{24,128}+={0,2}(?![\w.:-])){0,256}+")
_VALUE = (
    r"(?P<quote>\\{0,3}[\"'“‘`]{1,3}|[「『【《])?(?P<value>(?(quote)[^\"'“”‘’`」』】》\s\\]{4,256}"
    # Not the brackets and the ampersand that close what the value stands in, unless it goes on behind them.
    r"|(?:[^\s\"'“”‘’`<>,;，。；！？、)\]}\\&\u3000-\u9fff\uac00-\ud7a3]|&(?![\w.-]{1,32}=)|[)](?=[\w$#@!%^&*])){4,256}"
    r"(?<![.?])))"
)


def _span(match: re.Match[str]) -> tuple[int, int]:
    """The value; one that is longer than the pattern reads ends where its characters end, on a later line perhaps."""
    start, end = match.span("value")
    for least, rest in ((_LONG, _REST), (_WRAPPED, _LINES)):
        if end - start >= least and (more := rest.match(match.string, end)) is not None:
            end = more.end()
    return start, end


def _judge(match: re.Match[str], in_context: bool) -> float:
    value, quoted = match["value"], bool(match["quote"])
    if value[0] in "])}.,;|:" and not (quoted and _is_mixed(value)):
        return 0.0
    if value[0] in "$<>{[*%&(" or stands_for_a_value(value) or (is_code(value) and not (quoted and _opaque(value))):
        return 0.0
    following = match.string[match.end("value") : match.end("value") + 1]
    if _COUNTED.match(following) and value[0].isdigit():
        return 0.0
    if match["password"] or match["short"]:
        return _judge_password(match, value, quoted)
    before = match.string[max(0, match.start() - 24) : match.start()]
    if _KNOWN_TO_ALL.search(before):
        return 0.0  # a public key, the token of a next page, the tokens of a model
    if match["id"] and _ID_OF_KEY.search(match[0]):
        return 0.0  # which key, not the key
    if match["key"] and not _KEY_OF.search(before):
        # The key of a dictionary, of music, of success: only a value that can be nothing else.
        if before[-1:].isalpha() or is_hexadecimal(value) or len(value) < 15 or not match["sign"]:
            return 0.0
        if not _PLAIN.fullmatch(value):
            return 0.0  # of an object in a store: a path
        return 0.6 if randomness(value) >= 2 * LIKELY_RANDOM else 0.0
    if is_word(value) or len(value) < 8:
        return 0.0
    if match["more"] or match["verb"]:
        return 0.8 if is_token(value) else 0.0
    return 0.8 if is_token(value) or (is_password(value) and not value.isdigit()) else 0.0


def _judge_password(match: re.Match[str], value: str, quoted: bool) -> float:
    verb, word = match["verb"] or "", is_word(value.lstrip("_"))
    if verb.strip() == "to" and not _CHANGED.search(match.string[max(0, match.start() - 32) : match.start()]):
        return 0.0  # "the password to the archive"
    if match["bare"] and match["password"].isascii():
        return 0.7 if is_password(value) and _is_mixed(value) else 0.0
    if match["short"] or match["more"] or match["call"] or match["apart"]:
        likely = not word and is_password(value) and (match["password"] or match["sign"] or _is_mixed(value))
        return 0.7 if likely else 0.0
    if word:
        if (
            verb
            or (not quoted and _NAME.search(value))
            or not (quoted or match["sign"] == "=" or not match["password"].isascii())
        ):
            return 0.0  # "the password is incorrect", "Password: required"
        return 0.9
    if match["bare"] and not (is_password(value) or (value.isdigit() and len(value) >= 6)):
        return 0.0
    if verb and (_MEASURED.fullmatch(value) or not any(not c.isalpha() and c not in "-'." for c in value)):
        return 0.0 if randomness(value) < LIKELY_RANDOM else 0.7
    return 0.9 if quoted or match["sign"] else 0.7


def _is_mixed(value: str) -> bool:
    """Whether it has digits, and both cases or a sign: a word that follows "password" without a verb has not."""
    cases = any(c.isupper() for c in value) and any(c.islower() for c in value)
    signs = any(not c.isalnum() and c not in "_-./:" for c in value)
    return any(c.isdigit() for c in value) and (cases or signs)


def _opaque(value: str) -> bool:
    """Whether a literal that begins as code does is random nevertheless: a password may hold any character."""
    return not value.isupper() and randomness(value) >= LIKELY_RANDOM


# Repetitions without bound are the cheaper ones for Hyperscan. A match begins at most `lead` before a report all the
# same.
_TRIGGER_CHOSEN = (
    r"p[as]{1,4}w(?:o?r)?d|passphrase|passcode|passwort|kennwort|pwd|mot de passe|contrase(?:ñ|n)a"
    r"|密码|密碼|口令|비밀번호|비번|암호|패스워드|パスワード|пароль"
)
_TRIGGER_REST = (
    r"(?:[_ -](?:key|token|id|value|hash|string))?[\w-]*"
    r"(?:\\*[\"'\])*`])*(?: ?[(][^()\n]+[)])?(?: (?:for|of) [\w.@-]+)?"
)
_TRIGGER = (
    rf"(?:{_TRIGGER_CHOSEN}|(?:\b|[_0-9])(?:pass|p/?w|auth(?:entication|orization)?|a?sk)|secret|token|credential|key|salt"
    r"|nonce|密钥|秘钥|私钥|密鑰|私鑰|金鑰|令牌|权杖|權杖|凭证|憑證|凭据|授权码|授權碼)"
    rf"{_TRIGGER_REST}[ \t]*(?:[:=|]|is[ :=]|was[ :=]|be[ :=]|to[ :=]|now[ :=]|still[ :=]"
    r"|(?:就|用的)?是|为|為|改成|设成|換成|换成|設成|设置成|叫|,?[ \t]*\\*[\"'])"
    rf"|(?:{_TRIGGER_CHOSEN}){_TRIGGER_REST} *[!-~]*[0-9]"
)

RECOGNIZER = Recognizer(
    name="named secret",
    type="SECRET",
    source="CWE-312 and CWE-532 (secrets in clear text, in logs); key names as in OWASP's secrets management guide",
    pattern=re.compile(
        rf"(?:(?P<password>{_CHOSEN})|(?P<short>{_SHORT})|(?:{_MADE})|(?P<key>key)){_SUFFIX}{_CLOSING}"
        rf"(?:[ \t]{{0,3}}(?P<sign>{_SIGN})|(?P<verb>{_VERB})(?:[ \t]{{0,2}}[:=])?"
        rf"|(?P<apart>[ \t]{{0,3}},?[ \t]{{0,3}})(?=\\{{0,3}}[\"'])"
        rf"|(?(password)(?P<bare>[ ]{{1,2}}|(?<=[码碼令]))(?=[!-~]{{0,64}}[0-9])|(?!)))[*`]{{0,2}}[ \t]{{0,16}}"
        rf"(?P<call>{_CALL})(?:[bru@$]{{1,2}}(?=[\"']))?(?:bearer |basic |ntlm |token )?{_VALUE}",
        re.IGNORECASE | re.ASCII,
    ),
    trigger=_TRIGGER,
    judge=_judge,
    span=_span,
    priority=4,
    lead=240,
)
