"""What of a system prompt is instructions, in a form in which outputs can be compared with it.

Instructions are sentences that speak to the model ("you are", "never", "answer"). What stands beside them is there to
be told: facts, text in quotation marks or code, and data between tags or under a heading that says so ("<documents>",
"Context:", "参考资料："), however much such a document says "you must".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from agent.normalize import normalize
from agent.simplified import simplified

__all__ = ["RUN", "TOKEN", "Instructions", "folded", "read_instructions", "runs_of", "squeezed", "tokens_of"]

#: Tokens of a run. Shorter ones occur in texts that have nothing to do with each other.
RUN = 6
#: Letters, digits and characters without what separates them; each long enough to be rare, dense enough that a leak
#: holds one.
_MOST_PROBES = 128
_PROBE_LETTERS = 20
_PROBE_SINGLES = 8
_SINGLE = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
TOKEN = re.compile(rf"[{_SINGLE}]|[^\W_{_SINGLE}]+")
_SINGLES = re.compile(rf"[{_SINGLE}]")
_SENTENCE = re.compile(r"[.!?。！？；;\n]+")
_TO_BE_TOLD = re.compile(
    r'```.{0,5000}?```|`[^`\n]{1,500}`|"[^"\n]{1,500}"|“[^”\n]{1,500}”|「[^」\n]{1,500}」|『[^』\n]{1,500}』', re.DOTALL
)
_DATA = (
    r"(?:context|documents?|docs|passages?|sources?|search[_ ]results?|results?|retrieved[_ ]\w{1,12}|knowledge"
    r"(?:[_ ]base)?|references?|reference[_ ]material|background|articles?|data|examples?|faqs?|catalogue?|menu"
    r"|资料|参考资料|上下文|背景(?:资料|知识|信息)?|知识库|检索结果|搜索结果|文档|文章|示例|例子|数据)"
)
_OPENS_DATA = re.compile(rf"<({_DATA})(?:\s[^<>\n]{{0,200}})?>", re.IGNORECASE)
_HEADS_DATA = re.compile(rf"\W{{0,8}}(?:the |以下)?{_DATA}(?:\W{{0,4}}[:：]|[\s*_\]】]{{0,8}}$)", re.IGNORECASE)
_HEADS_OTHERS = re.compile(
    r"\s*#{1,6}\s|\s*[【\[*_]{0,3}(?:instructions?|rules?|guidelines?|task|question|role|style|output|format|important"
    r"|note|you|指令|规则|要求|任务|问题|角色|格式|注意|你|请)[^\n]{0,20}?[:：]",
    re.IGNORECASE,
)
_SPEAKS_TO = re.compile(
    r"\b(?:you|your|you're|never|always|must|do not|don't|should|only|respond|reply|refuse|instructions?|the user"
    r"|users?|act as|pretend|assistant|confidential|secret)\b"
    r"|[你您]|不要|不得|不能|不可|必须|禁止|请勿|严禁|务必|始终|仅|只能|用户|扮演|回答|回复|助手|保密|指令",
    re.IGNORECASE,
)
_SEPARATORS = re.compile(r"[\W_]+")
_ASCII_SEPARATORS = bytes(code for code in range(128) if not chr(code).isalnum())
#: Who speaks to whom is not compared.
_PERSONS = {
    **dict.fromkeys(("i", "me", "we", "us", "my", "our", "your", "mine", "yours", "myself", "yourself"), "you"),
    **dict.fromkeys(("am", "is", "be", "m", "re", "was", "were"), "are"),
    **dict.fromkeys(("我", "您", "咱"), "你"),
}


class Instructions(NamedTuple):
    """Hashes of runs, each with the place of its first token; how many tokens all sentences have; the probes."""

    runs: dict[int, int]
    tokens: int
    probes: tuple[str, ...]

    @property
    def size(self) -> int:
        return len(self.runs) + len(self.probes) + 1  # a prompt of nothing takes room as well


def read_instructions(text: str) -> Instructions:
    """Read a system prompt. Linear in its length."""
    runs: dict[int, int] = {}
    probes: list[str] = []
    count = 0
    plain = _TO_BE_TOLD.sub("\n", _without_data(simplified(text)))
    for sentence in _SENTENCE.split(plain):
        if not _SPEAKS_TO.search(sentence):
            continue
        tokens = tokens_of(normalize(sentence))
        if len(tokens) < RUN:
            continue
        for place, run in enumerate(runs_of(tokens), count):
            runs.setdefault(run, place)
        count += len(tokens)
        probes += _probes(tokens)
    return Instructions(runs, count, tuple(probes[:: -(-len(probes) // _MOST_PROBES) or 1]))


def _without_data(text: str) -> str:
    """The lines that stand neither between tags of data, which may lack their end, nor under a heading of data."""
    kept: list[str] = []
    end, headed = "", False
    for line in text.split("\n"):
        if end:
            end = "" if end in line.lower() else end
            continue
        opened = _OPENS_DATA.search(line)
        if opened:
            end = f"</{opened[1].lower()}>"
            kept.append(line[: opened.start()])
            if end in line.lower():
                end = ""
            continue
        if _HEADS_DATA.match(line):
            headed = True
        elif headed and _HEADS_OTHERS.match(line):
            headed = False
        if not headed:
            kept.append(line)
    return "\n".join(kept)


def _probes(tokens: Sequence[str]) -> Iterator[str]:
    """Stretches of a sentence without what may differ: who speaks to whom, and what separates words."""
    stretch, longest = "", _PROBE_LETTERS
    for token in (*tokens, "you"):
        if token in _PERSONS.values():
            if len(stretch) >= longest // 2:
                yield stretch
            stretch = ""
            continue
        longest = _PROBE_SINGLES if _SINGLES.match(token) else _PROBE_LETTERS
        stretch += token
        if len(stretch) >= longest:
            yield stretch
            stretch = ""


def squeezed(lowered: str) -> str:
    """Letters, digits and characters alone."""
    if lowered.isascii():
        return lowered.encode("ascii").translate(None, _ASCII_SEPARATORS).decode("ascii")
    return _SEPARATORS.sub("", simplified(lowered))


def folded(token: str) -> str:
    """A lower-case token, whoever is spoken of."""
    return _PERSONS.get(token, token)


def tokens_of(text: str) -> list[str]:
    """The folded tokens of a lower-case text: words, and each character of Chinese and Japanese."""
    return list(map(folded, TOKEN.findall(simplified(text))))


def runs_of(tokens: Sequence[str]) -> Iterator[int]:
    """A hash of each run of `RUN` tokens, in order; none when there are fewer."""
    # Hashes of strings are keyed, by process: nobody can build texts that collide, and no text is kept.
    return map(hash, zip(*(tokens[start:] for start in range(RUN)), strict=False))
