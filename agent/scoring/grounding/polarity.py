"""Sentences that say the same as one that was given, but for a negation: "is not open" for "is open"."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from agent.scoring.grounding.folding import CJK, stem, words

__all__ = ["Clause", "ClauseFinder", "Comparison", "clauses"]


class Clause(NamedTuple):
    """Part of a sentence: its content, and whether it is negated (an even number of negations is none)."""

    start: int
    end: int
    content: frozenset[str]
    negated: bool


class Comparison(NamedTuple):
    """A clause that repeats one which was given, and whether it says the contrary."""

    start: int
    end: int
    contrary: bool


_PUNCTUATION = re.compile(r"[.!?](?=\s|$)|[,;:，。！？；：、\n()（）]")
_CONJUNCTION = re.compile(r"\b(?:but|while|whereas|although)\b|但是?|然而|而且", re.I)
_SPLIT = re.compile(rf"(?:{_PUNCTUATION.pattern}|{_CONJUNCTION.pattern})+", re.I)
# "doesn't" is two words: its letters would swallow the negation.
_WORD = re.compile(rf"[a-z]+?(?=n['’]t\b)|n['’]t\b|[a-z\u00df-\u024f]+|[0-9]+|[{CJK}]+", re.I)
_NEGATIONS = frozenset(["not", "never", "no", "cannot", "without", "none", "nobody", "neither", "nor", "n't", "n’t"])
_STOP = words(
    "a an the is are was were be been being am do does did have has had will would can could shall should may might "
    "must to of in on at for by with from as and or it its this that these those there they we you i he she his her "
    "their our your my me him them us so too also very just any some all ca wo"
)
# Characters of negation in words that negate nothing, and questions of the form 能不能.
_NO_NEGATION = re.compile(
    rf"([{CJK}])[不没]\1|不仅|不但|不过|不同|不少|不错|不管|不论|无论|非常|未来|不断|不得不|除非|是否|不久|差不多|没错|对不起|"
    "了不起|不好意思|无锡|非洲|不锈钢|并非不|不妨|不如|不免|未必不|无非|无不"
)
_CHINESE_NEGATION = re.compile("没有|并非|[不没无未非别勿]")

#: Contraries: the word to what it is the contrary of. Both sides of a pair become one content with a negation more.
_CONTRARIES: Final = {
    "closed": "open", "close": "open", "forbidden": "allowed", "prohibited": "allowed", "banned": "allowed",
    "unavailable": "available", "impossible": "possible", "illegal": "legal", "optional": "required",
    "excluded": "included", "excludes": "includes", "exclude": "include", "decreased": "increased",
    "decrease": "increase", "decreases": "increases", "fell": "rose", "falls": "rises", "rejected": "accepted",
    "rejects": "accepts", "disabled": "enabled", "unsafe": "safe", "lower": "higher", "after": "before",
    "negative": "positive", "loss": "profit", "losses": "profits", "dropped": "rose", "declined": "rose",
    "less": "more", "fewer": "more", "false": "true", "incorrect": "correct", "inactive": "active",
    "unlimited": "limited", "below": "above", "failed": "succeeded", "lost": "won", "refused": "agreed",
    "denied": "approved",
}  # fmt: skip
_CHINESE_CONTRARIES: Final = {
    "禁止": "允许", "严禁": "允许", "不可以": "允许", "不准": "允许", "不得": "允许", "不许": "允许", "可以": "允许",
    "关闭": "开放", "停业": "开放", "营业": "开放", "收费": "免费", "反对": "支持", "赞成": "支持", "之后": "之前",
    "饭后": "饭前", "低于": "高于", "拒绝": "接受", "失败": "成功", "阴性": "阳性", "亏损": "盈利",
    "减少": "上升", "下降": "上升", "下跌": "上升", "下调": "上升", "降低": "上升",
    "增加": "上升", "增长": "上升", "上涨": "上升", "上调": "上升", "提高": "上升",
}  # fmt: skip
_SAME = frozenset(
    ["可以", "营业", "赞成", "增加", "增长", "上涨", "上调", "提高"]
)  # these are no contraries but other words for it
_CHINESE_CONTRARY = re.compile("|".join(sorted(_CHINESE_CONTRARIES, key=len, reverse=True)))
_CONTRARY_STEMS = {stem(word): stem(other) for word, other in _CONTRARIES.items()}

# Where to stop looking: an answer may have thousands of clauses, and its context megabytes.
_MOST_READ = 100_000_000
_MOST_PLACES = 24
_LONGEST_CLAUSE = 600
_LEAST_CONTENT = 3
_COVERED = 0.74
_COVERS = 0.6


def clauses(text: str) -> Iterator[Clause]:
    """The clauses of a text that have enough content to be recognised; questions are left out."""
    position = 0
    ends = [(match.start(), match.end()) for match in _SPLIT.finditer(text)]
    for begin, after in [*ends, (len(text), len(text))]:
        if begin - position >= 6 and "?" not in text[begin:after] and "？" not in text[begin:after]:
            clause = _clause(text, position, begin)
            if clause is not None:
                yield clause
        position = after


def _clause(text: str, start: int, end: int) -> Clause | None:
    content: set[str] = set()
    negations = 0
    for match in _WORD.finditer(text, start, min(end, start + _LONGEST_CLAUSE)):
        word = match.group()
        if word[0] >= "\u3400":
            negations += _add_chinese(content, word)
            continue
        word = word.lower()
        if word in _NEGATIONS:
            negations += 1
        elif word not in _STOP:
            word = stem(word)
            contrary = _CONTRARY_STEMS.get(word)
            negations += contrary is not None
            content.add(contrary or word)
    if len(content) < _LEAST_CONTENT:
        return None
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return Clause(start, end, frozenset(content), negations % 2 == 1)


def _add_chinese(content: set[str], run: str) -> int:
    negations = 0

    def contrary(match: re.Match[str]) -> str:
        nonlocal negations
        negations += match.group() not in _SAME
        return _CHINESE_CONTRARIES[match.group()]

    run = _CHINESE_CONTRARY.sub(contrary, _NO_NEGATION.sub(r"\1", run))
    run, removed = _CHINESE_NEGATION.subn("", run)
    content.update(run[place : place + 2] for place in range(len(run) - 1))
    return negations + removed


class ClauseFinder:
    """Finds, in what was given, the clauses that say nearly the same as one of an answer.

    Instead of taking a context of thousands of clauses apart, it looks for the rarest words of the clause: one that
    shares three quarters of its words has at least one of any quarter of them. So the cost is that of a few plain
    searches, and there is an end to them.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        self._lowered = text.lower()
        # A character whose lower case is longer moves all that follow; such texts are searched as they are.
        if len(self._lowered) != len(text):
            self._lowered = text
        self._read = 0

    def begin(self) -> None:
        """Another answer comes."""
        self._read = 0

    def compare(self, clause: Clause) -> Comparison | None:
        """How the clause stands to those given that say nearly the same; None when there are none."""
        same = contrary = 0.0
        for other in self._alike(clause):
            count = len(clause.content & other.content)
            if count < _COVERED * len(clause.content) or count < _COVERS * len(other.content):
                continue
            likeness = count / max(len(clause.content), len(other.content))
            if other.negated == clause.negated:
                same = max(same, likeness)
            else:
                contrary = max(contrary, likeness)
        if not same and not contrary:
            return None
        return Comparison(clause.start, clause.end, contrary > same)

    def _alike(self, clause: Clause) -> Iterator[Clause]:
        if self._read > _MOST_READ:
            return
        self._read += len(clause.content) * len(self._text)
        # What does not occur may still be there in another form, or around a negation: it takes no place.
        counted = sorted((count, word) for word in clause.content if (count := self._count(word)))
        needed = int(len(clause.content) * (1 - _COVERED)) + 1
        looked_at: set[int] = set()
        places = 0
        for count, word in counted[:needed]:
            places += count
            if places > _MOST_PLACES:
                return
            for written in _written(word):
                place = self._lowered.find(written)
                while place >= 0:
                    start, end = self._around(place)
                    if start not in looked_at:
                        looked_at.add(start)
                        found = _clause(self._text, start, end)
                        if found is not None:
                            yield found
                    place = self._lowered.find(written, max(end, place + 1))

    def _count(self, word: str) -> int:
        return sum(self._lowered.count(written) for written in _written(word))

    def _around(self, place: int) -> tuple[int, int]:
        text = self._text
        start = max(0, place - _LONGEST_CLAUSE)
        for match in _PUNCTUATION.finditer(text, start, place):
            start = match.end()
        following = _PUNCTUATION.search(text, place, place + _LONGEST_CLAUSE)
        end = following.start() if following else min(len(text), place + _LONGEST_CLAUSE)
        for match in _CONJUNCTION.finditer(text, start, end):
            if match.end() <= place:
                start = match.end()
            elif match.start() > place:
                return start, match.start()
        return start, end


def _written(word: str) -> tuple[str, ...]:
    """How a content may stand in a text: a contrary stands there as itself."""
    return (word, *_WRITTEN.get(word, ()))


_WRITTEN: dict[str, tuple[str, ...]] = {}
for _word, _other in _CONTRARY_STEMS.items():
    _WRITTEN[_other] = (*_WRITTEN.get(_other, ()), _word)
for _word, _other in _CHINESE_CONTRARIES.items():
    _WRITTEN[_other] = (*_WRITTEN.get(_other, ()), _word)
