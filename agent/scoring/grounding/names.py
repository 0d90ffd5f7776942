"""Names that an answer mentions: people, organisations, places, titles of works, codes. By form, English and Chinese.

Nothing here knows a name. What is found is looked up in what the model had been given, and what is there in any form
is no claim against it; so a pattern that takes a word too much costs a look-up and no false alarm.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

from agent.scoring.grounding.facts import Facts
from agent.scoring.grounding.folding import CJK, lines_of, squeeze, words

__all__ = ["Name", "chinese_names", "latin_names"]


class Name(NamedTuple):
    """A name, and whether it occurs in what was given."""

    start: int
    end: int
    supported: bool


_UPPER = "A-Z\u00c0-\u00d6\u00d8-\u00de"
_LETTERS = "A-Za-z\u00c0-\u024f"
_RUN = re.compile(
    rf"(?<![{_LETTERS}0-9_])[{_UPPER}][{_LETTERS}0-9'’&.-]*"
    rf"(?:[ ](?:(?:of|de|da|von|van|del|la|the) )?[{_UPPER}][{_LETTERS}0-9'’&.-]*)*"
)
# The end of a sentence within a run, unless the word before is short for another.
_STOP = re.compile(rf"([{_LETTERS}0-9]+)\. ")
_ABBREVIATED: Final = words(
    "mr mrs ms mx dr st jr sr prof rev fr hon gov sen rep gen col capt maj lt sgt cmdr inc ltd co corp dept univ mt ft "
    "no vs vol fig"
)
_TOKEN = re.compile(rf"[{_LETTERS}0-9]+")
_LOWER_WORD = re.compile(rf"(?<![{_LETTERS}])[a-z\u00df-\u00ff]+")
_STARTS_AFTER = frozenset(".!?:;\"“”‘'(*•·-–—#|>[。！？：；「『（、,，\n")
#: Capitalised without being a name of something that could be looked up, and names that everybody uses for nothing.
_COMMON: Final = words(
    "i a an the and or but if in on at to for of by as is it we you he she they this that these those there here what "
    "when where who why how yes no not ok please note thanks thank sorry hello hi dear however also then so because "
    "monday tuesday wednesday thursday friday saturday sunday mondays tuesdays wednesdays thursdays fridays saturdays "
    "sundays january february march april may june july august september october november december am pm mr mrs ms "
    "miss dr prof sir st internet english chinese web wifi wi fi pdf faq ai id url app api html json sms email tv pc "
    "usd eur gbp cny rmb usa us uk eu step option answer question context summary source important warning tip q "
    "appendix section chapter table figure kg km cm mm kb mb gb tb ceo"
)
_LATIN_IN_CHINESE = re.compile(r"[A-Za-z][A-Za-z0-9+#.-]*[A-Za-z0-9+#]")
_CODE = re.compile(r"[A-Za-z]+-?[0-9][A-Za-z0-9-]*")

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范"
    "金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
)
_TITLES = "先生|女士|小姐|教授|博士|老师|医生|大夫|律师|经理|主任|校长|院长|局长|市长|总统|部长|总经理|工程师"
_PERSON = re.compile(f"([{_SURNAMES}][{CJK}]{{0,2}})(?:{_TITLES})")
_ORGANISATION = re.compile(
    "股份有限公司|有限责任公司|有限公司|集团公司|公司|集团|大学|学院|中学|小学|医院|银行|博物馆|图书馆|研究院|研究所|委员会|"
    "省|市|县"
)
# Where a name to the left of such a word must have ended: words of grammar, and all that is no Chinese character.
_BOUNDARY = re.compile(
    f"[^{CJK}]|[在是的和与到去从由向为于了把被及或对叫位这那该本我你您他她它们个家各每某贵几一两所座按据至将已也都有让给"
    "请某其此并但而如若因则等就还又再跟同比往经过来自距离可能会更要想]"
)
_LONGEST_NAME = 8
_GENERIC = re.compile(
    "(?:城|超|股|夜|门|都|上|集|楼|菜|黑|闹|利|全|外|本|各|节|反|邻|分|子|母|总|有限|保险|商业|科技|附近|当地|综合|人民|中心|"
    "公立|私立|儿童|市|省|县|大|中|小)$"
)
_TITLE_MARKS = re.compile("《([^《》\n]{1,60})》")
_MOST_LOOKUPS = 64


def latin_names(text: str, facts: Facts) -> Iterator[Name]:
    """Capitalised names in text that is mostly Latin. A word at the start of a sentence is no sign of a name."""
    ordinary: frozenset[str] | None = None
    for offset, line in lines_of(text):
        runs = list(_RUN.finditer(line))
        if not runs or _is_heading(line):
            continue
        for begin, written in _sentences_apart(runs):
            tokens = [(match.start(), match.group()) for match in _TOKEN.finditer(written)]
            if _starts_sentence(line, begin):
                tokens = tokens[1:]
            if ordinary is None:
                ordinary = frozenset(_LOWER_WORD.findall(text))
            names = [(at, word) for at, word in tokens if _is_name(word, ordinary)]
            if not names:
                continue
            known = sum(facts.knows(word.lower()) for _, word in names)
            start = offset + begin
            last, word = names[-1]
            # "Marie Sklodowska Curie" where Marie Curie was given is known well enough, European Union where EU was.
            supported = 2 * known > len(names) or "".join(word[0] for _, word in names).lower() in facts.acronyms
            yield Name(start + names[0][0], start + last + len(word), supported)


def _sentences_apart(runs: Iterable[re.Match[str]]) -> Iterator[tuple[int, str]]:
    """Where each run of capitalised words begins, and it; one that goes on in the next sentence ("Paris. Visitors") is
    two.
    """
    for run in runs:
        begin, written = run.start(), run.group()
        position = 0
        for stop in _STOP.finditer(written):
            if stop[1].lower() not in _ABBREVIATED and len(stop[1]) > 1:
                yield begin + position, written[position : stop.end(1)]
                position = stop.end()
        yield begin + position, written[position:]


def _is_name(word: str, ordinary: frozenset[str]) -> bool:
    if not word[0].isupper() or len(word) < 2:
        return False
    lowered = word.lower()
    if lowered in _COMMON or lowered in ordinary:
        return False
    return not any(character.isdigit() for character in word)


def _starts_sentence(line: str, at: int) -> bool:
    before = line[:at].rstrip(" \t")[-1:] if at < 64 else line[at - 64 : at].rstrip(" \t")[-1:]
    return not before or before in _STARTS_AFTER or (before == ")" and at < 8)


def _is_heading(line: str) -> bool:
    """A short line in title case without a full stop: its capitals say nothing."""
    words = _TOKEN.findall(line[:200])
    if len(line) > 100 or not 1 <= len(words) <= 10 or line.rstrip(" *")[-1:] in (".", "!", "?", "。"):
        return False
    long_words = [word for word in words if len(word) > 3]
    return bool(long_words) and len(words) > 1 and all(word[0].isupper() for word in long_words)


def chinese_names(text: str, facts: Facts) -> Iterator[Name]:
    """Titles of works, persons with their form of address, organisations and places, Latin words in Chinese text."""
    lookups = 0
    seen: dict[str, bool] = {}

    def holds(value: str) -> bool:
        nonlocal lookups
        if value not in seen:
            lookups += 1
            if lookups > _MOST_LOOKUPS:
                return True  # not looked up is not missing
            seen[value] = squeeze(value) in facts.squeezed
        return seen[value]

    for match in _TITLE_MARKS.finditer(text):
        if squeeze(match[1]):
            yield Name(match.start(), match.end(), holds(match[1]))
    for match in _PERSON.finditer(text):
        yield Name(match.start(), match.end(), holds(match[1]))
    for match in _ORGANISATION.finditer(text):
        found = _organisation(text, match)
        if found is not None:
            start, core = found
            yield Name(start, match.end(), holds(core))
    for match in _LATIN_IN_CHINESE.finditer(text):
        word = match.group().lower()
        if len(word) >= 3 and word not in _COMMON and not _CODE.fullmatch(word):
            parts = [part.lower() for part in _TOKEN.findall(word)]
            yield Name(match.start(), match.end(), all(map(facts.knows, parts)) or holds(word))


def _organisation(text: str, suffix: re.Match[str]) -> tuple[int, str] | None:
    """Where the name before a word such as 大学 starts, and the least of it that must occur; None without a name."""
    low = max(0, suffix.start() - _LONGEST_NAME)
    start = low
    for boundary in _BOUNDARY.finditer(text, low, suffix.start()):
        start = boundary.end()
    own = text[start : suffix.start()]
    if len(own) < 2 or _GENERIC.search(own):
        return None
    # Who it belongs to may stand before it without a gap: 读北京大学.
    return start, own[-2:] + text[suffix.start() : suffix.end()]
