"""Groups of people that a text mentions, by axis: a closed lexicon, written for this purpose, in English and Chinese.

Neutral names only: the question is whether what a model says about a group differs from what it says about others, and
a slur answers it by itself. Ambiguous words count in company only ("black people", not "black"; "blind person", not
"blind"). Pronouns do not count. What is not in the lexicon is not seen: it measures, it does not censor.

The text must be the normalised view: lower case, full-width forms folded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

from agent.simplified import simplified

__all__ = ["AXES", "LOOKED_AT", "TERMS", "mentioned"]

LOOKED_AT = 4_000
"""Characters of a text that are looked at, from its beginning."""

#: By axis, by group: words and phrases. A dash stands for "people, person, man, woman, men, women".
_WORDS: Mapping[str, Mapping[str, str]] = {
    "gender": {
        "women": "woman women female females girl girls lady ladies 女性 女人 女孩 女孩子 女生 妇女 女士 女子",
        "men": "man men male males boy boys gentleman gentlemen 男性 男人 男孩 男孩子 男生 男士 男子",
        "transgender": "transgender trans- nonbinary non-binary 跨性别 变性人",
    },
    "religion": {
        "muslims": "muslim muslims islam islamic 穆斯林 伊斯兰教 回教徒",
        "christians": "christian christians christianity catholic catholics 基督徒 基督教 天主教",
        "jews": "jew jews jewish judaism 犹太人 犹太教 犹太裔",
        "hindus": "hindu hindus hinduism 印度教",
        "buddhists": "buddhist buddhists buddhism 佛教徒 佛教",
        "atheists": "atheist atheists atheism 无神论者",
    },
    "ethnicity": {
        "black": "black- blacks african-american african-americans 黑人 非裔 非洲人",
        "white": "white- whites caucasian caucasians 白人",
        "asian": "asian asians asian-american asian-americans 亚裔 亚洲人",
        "arab": "arab arabs 阿拉伯人",
        "latino": "latino latinos latina latinas hispanic hispanics 拉丁裔",
        "indigenous": "indigenous- aboriginal- native-american native-americans 原住民 印第安人",
        "roma": "romani- roma- gypsy gypsies 罗姆人 吉普赛人",
        "chinese": "chinese- 中国人 华人 华裔",
        "japanese": "japanese- 日本人",
        "indian": "indian- indians 印度人",
        "american": "americans 美国人",
        "russian": "russian- russians 俄罗斯人 俄国人",
        "african": "african- africans",
        "immigrants": "immigrant immigrants migrant migrants refugee refugees 移民 难民",
    },
    "orientation": {
        "homosexual": "gay gays lesbian lesbians homosexual homosexuals 同性恋 同性恋者",
        "bisexual": "bisexual bisexuals 双性恋 双性恋者",
        "heterosexual": "heterosexual heterosexuals straight- 异性恋 异性恋者",
    },
    "disability": {
        "disabled": "disabled- handicapped- wheelchair-user wheelchair-users 残疾人 残障人士 残障者",
        "blind": "blind- visually-impaired 盲人 视障人士 视障者",
        "deaf": "deaf- hearing-impaired 聋人 聋哑人 听障人士 听障者",
        "autistic": "autistic autism 自闭症",
        "mentally_ill": "mentally-ill schizophrenic schizophrenics 精神病患者 精神病人 精神障碍者",
    },
    "age": {
        "old": "elderly old- older- senior-citizen senior-citizens pensioner pensioners 老人 老年人 长者",
        "young": "young- younger- teenager teenagers youngster youngsters 年轻人 青年人 青少年",
        "children": "child children kid kids toddler toddlers 儿童 小孩 小孩子 孩子",
    },
}

AXES: Mapping[str, tuple[str, ...]] = {axis: tuple(groups) for axis, groups in _WORDS.items()}
"""The groups of each axis: every label that can come out of a text."""

_COMPANY = ("people", "person", "persons", "man", "men", "woman", "women", "folks", "community", "citizens")

# Bounded by what is no Latin letter, so that "menü" holds no men; Chinese characters do bound.
_WORD = re.compile("(?<![a-z\u00c0-\u024f])[a-z]++(?![\u00c0-\u024f])")
#: For ASCII text twice as fast as any pattern: everything but letters becomes a blank.
_BLANKS = bytes(code if chr(code).isalpha() else 32 for code in range(128)) + bytes(128)
#: "African Americans" are no mention of Americans.
_COMPOUND = frozenset(("african", "asian", "native"))


def _expanded(entry: str) -> Iterable[str]:
    if entry.endswith("-"):
        return (f"{entry[:-1]} {word}" for word in _COMPANY)
    return (entry.replace("-", " "),) if entry.isascii() else (entry,)


TERMS: Mapping[str, tuple[str, str]] = {
    term: (axis, group)
    for axis, groups in _WORDS.items()
    for group, entries in groups.items()
    for entry in entries.split()
    for term in _expanded(entry)
}
"""Axis and group of every word and phrase that is looked for, in lower case."""

_SINGLE = {term: found for term, found in TERMS.items() if term.isascii() and " " not in term}
_PHRASES = {tuple(term.split(" ")): found for term, found in TERMS.items() if " " in term}
_FIRST = frozenset(phrase[0] for phrase in _PHRASES)
_INTERESTING = _FIRST | _SINGLE.keys()
#: The longest first, since 女孩子 begins with 女孩.
_CHINESE = re.compile("|".join(sorted((t for t in TERMS if not t.isascii()), key=len, reverse=True)))


def mentioned(text: str) -> frozenset[tuple[str, str]]:
    """Axis and group of everyone that a normalised text mentions, each once; linear, and at most `LOOKED_AT` far."""
    if len(text) > LOOKED_AT:
        text = text[:LOOKED_AT]
    if text.isascii():
        words = text.encode().translate(_BLANKS).decode().split()
        found: set[tuple[str, str]] = set()
    else:
        text = simplified(text)
        words = _WORD.findall(text)
        found = {TERMS[term] for term in _CHINESE.findall(text)}
    present = _INTERESTING.intersection(words)
    if not present:
        return frozenset(found)
    found.update(_SINGLE[word] for word in present if word in _SINGLE)
    for pair in _pairs(words, present & _FIRST):
        # "black man" mentions a man as well: both words are there.
        if pair in _PHRASES:
            found.add(_PHRASES[pair])
    if ("ethnicity", "american") in found and "美国人" not in text:
        before = {words[place - 1] if place else "" for place, word in enumerate(words) if word == "americans"}
        if before <= _COMPOUND:
            found.discard(("ethnicity", "american"))
    return frozenset(found)


def _pairs(words: Sequence[str], firsts: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Each of some words with the word after it."""
    for first in firsts:
        place = -1
        for _ in range(words.count(first)):
            place = words.index(first, place + 1)
            if place + 1 < len(words):
                yield first, words[place + 1]
