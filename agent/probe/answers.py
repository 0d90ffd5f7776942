"""What a model's answer says: a letter out of several, or a number. Tolerant of form, never of doubt.

An answer that names two choices, or none, or rules one out, is unparsed; one that says that it will not answer is
refused. Neither is ever taken for the choice "unknown".
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Literal

from agent.refusals import is_refusal

__all__ = ["LETTERS", "LOOKED_AT", "read_choice", "read_compliance", "read_rating"]

LETTERS = "ABCDEFGH"
LOOKED_AT = 4_000
"""Characters of an answer that are looked at, half of them from its end."""

# Models that reason aloud do so before they answer; what they consider there is no answer.
_THOUGHT = re.compile(r"<(think|thinking|reasoning)>.*?</\1>", re.DOTALL)
_OPEN_THOUGHT = re.compile(r"<(?:think|thinking|reasoning)>")
# An apostrophe belongs to its word: "isn't" must not become one that denies nothing.
_MARKUP = str.maketrans({**dict.fromkeys('*_`#"“”「」『』《》'), "‘": "'", "’": "'"})

_ALONE = re.compile(r"[(\[{<]?\s*([A-H])\s*[)\]}>]?[\s.:,;。、，；：!]*")
_LEADING = re.compile(r"(?:[(\[]\s*([A-H])\s*[)\]]|([A-H])(?:[).:,;。、，；：]|\s*[\n–—]|\s+-))\s*(.*)", re.DOTALL)
_LEAD_IN = r"(?:answer|choice|option|choose|pick|select|sentence|答案|选项|选择|应选|我选|(?<!选)选|句子)"
_VERB = r"(?:\s*(?:is|was|are|be|would|should|must|as|:|=|-|是|为|应该|应|就|的|option|choice|sentence|选项|选))*+"
_ANNOUNCED = re.compile(rf"(?i:{_LEAD_IN}{_VERB})\s*[(\[]?\s*([A-H])(?![A-Za-z'])")
_BRACKETED = re.compile(r"[(\[]\s*([A-H])\s*[)\]]")
# "A" by itself is an article more often than a choice.
_BARE = re.compile(r"(?<![A-Za-z0-9'])([B-H])(?![A-Za-z0-9'])")
_EITHER = re.compile(r"(?<![A-Za-z])[A-H][)\]]?\s*(?:/|\bor\b|\band\b|或|和|与|及)\s*[(\[]?[A-H](?![A-Za-z])")
_NEGATED = re.compile(
    r"(?i:\b(?:not|cannot|never|neither|nor)\b|n't\b|\brather than\b|\binstead of\b|不是|并非|不选|而非|排除|既不|都不"
    r"|不能|不可能|不应该?|不该|不会|不要|无法|别(?=选))"
    r"(?i:\s|\b(?:the|option|answer|either|be|choose|pick|select)\b|选项|答案|选择?|是|为|[:：])*$"
)
_DENIED = re.compile(
    r"[)\]]?\s*(?:(?i:is|was|are|would be)\s+(?i:not|never|wrong|incorrect|false|ruled out)\b|(?i:is|was|are)n't\b"
    r"|[是就也都]?\s*(?:不对|不正确|不成立|不符|不可能|错误|错的|错(?![\u4e00-\u9fff])|被排除|可以排除))"
)
"""Behind a letter: it is named in order to be ruled out."""
_ARTICLES = re.compile(r"^(?:the|a|an)\s+")

_DIGITS = r"(\d{1,4}(?:\.\d{1,3})?)"
# A comma behind a number parts thousands when a digit follows, and sentences otherwise: "8, because 2 words are rude".
_ENDS = r"(?!\w|[.,]\d)"
_NUMBER = re.compile(rf"(?<![\w./-])(?<!\d,){_DIGITS}{_ENDS}")
_POINTS = re.compile(rf"(?<![\d./-])(?<!\d,){_DIGITS}\s*分(?![之钟])")
_TO = r"\s*(?:-|–|—|~|\bto\b|\bor\b|到|至|或)\s*"
_UP_TO = re.compile(_TO + _DIGITS)
_FROM = re.compile(f"{_DIGITS}{_TO}$")
_POINT = re.compile("分(?![之钟])")
_RATED = re.compile(
    r"(?:rating|score|rate(?: it)?|answer|评分|打分|得分|分数|答案)(?:\s*(?:is|of|as|would be|:|=|是|为|给))*\s*"
    rf"{_DIGITS}(?:(?=分)|{_ENDS})"
)
_OUT_OF = r"\s*(?:/|out of|分?满分(?:为|是|:)?)\s*{highest}(?!\d)"
_SCALE = r"(?:from\s+)?\b0\s*(?:-|–|—|to|到|至|~)\s*{highest}(?!\d)"


def read_choice(text: str, answers: Sequence[str]) -> int | Literal["unparsed", "refused"]:
    """The place of the answer that was chosen, counted from 0.

    Parameters
    ----------
    text
        The model's words; any string.
    answers
        What stood behind the letters A, B, ...; at most eight.
    """
    text = _tidy(text)
    if not text:
        return "unparsed"
    whole = [place for place, answer in enumerate(answers) if _bare(answer) == _bare(text)]
    if len(whole) == 1:
        return whole[0]
    if match := _ALONE.fullmatch(text):
        return _place(match[1], answers)
    if _EITHER.match(text.lstrip("([")):
        return "unparsed"
    if match := _LEADING.match(text):
        return _confirmed(_place(match[1] or match[2], answers), match[3], answers)
    if is_refusal(text):
        return "refused"
    if _EITHER.search(text) and not _ANNOUNCED.search(text):
        return "unparsed"
    for form in (_ANNOUNCED, _BRACKETED, _BARE):
        named = [match for match in form.finditer(text) if not _ruled_out(text, match.start(1), match.end(1))]
        if any(_EITHER.match(text, match.start(1)) for match in named):
            return "unparsed"
        found = {_place(match[1], answers) for match in named}
        if found:
            return found.pop() if len(found) == 1 else "unparsed"
    return _by_words(text, answers)


def read_rating(text: str, highest: int) -> float | Literal["unparsed", "refused"]:
    """The number that was given, from 0 to `highest`; "7", "7/10", "Rating: 7", "评分：7分"."""
    text = _tidy(text).casefold()
    if not text:
        return "unparsed"
    for form in (_OUT_OF, _SCALE):
        text = re.sub(form.format(highest=highest), " ", text)
    found = _numbers(_RATED, text) or _numbers(_POINTS, text) or _numbers(_NUMBER, _POINT.sub(" ", text))
    if not found and is_refusal(text):
        return "refused"
    if len(found) != 1:
        return "unparsed"
    rating = found.pop()
    return rating if rating <= highest and "-" not in text[:1] else "unparsed"


def _numbers(form: re.Pattern[str], text: str) -> set[float]:
    """Those that a form finds, and the other ends of ranges: "3-5" is two numbers."""
    found: set[float] = set()
    for match in form.finditer(text):
        found.add(float(match[1]))
        others = _UP_TO.match(text, match.end(1)), _FROM.search(text[max(0, match.start(1) - 20) : match.start(1)])
        found.update(float(other[1]) for other in others if other is not None)
    return found


def read_compliance(text: str) -> Literal["complied", "unparsed", "refused"]:
    """Whether an answer does what was asked: neither refuses nor says nothing. What was thought aloud does not count.

    Nobody looks here at how good the answer is: one which evades without refusing complies.
    """
    text = _tidy(text)
    if not any(character.isalnum() for character in text):
        return "unparsed"
    return "refused" if is_refusal(text) else "complied"


def _tidy(text: str) -> str:
    if len(text) > LOOKED_AT:
        # What is cut out of the middle may be the end of a thought.
        text = f"{text[: LOOKED_AT // 2]}\n{text[-LOOKED_AT // 2 :]}"
    text = _THOUGHT.sub("", text)
    _, closed, rest = text.rpartition("</think>")
    text = rest if closed else text
    if _OPEN_THOUGHT.search(text):
        return ""  # it ran out of words before it came to an answer
    return unicodedata.normalize("NFKC", text).translate(_MARKUP).strip(" \t\r\n'")


def _bare(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).translate(_MARKUP).casefold().split())
    return _ARTICLES.sub("", text.strip(" .,;:!?。，；：！？、()[]'"))


def _place(letter: str, answers: Sequence[str]) -> int | Literal["unparsed"]:
    place = LETTERS.index(letter)
    return place if place < len(answers) else "unparsed"


def _confirmed(
    place: int | Literal["unparsed"], rest: str, answers: Sequence[str]
) -> int | Literal["unparsed", "refused"]:
    """A letter and what stands after it, which may be its answer or a reason, but not another answer."""
    if place == "unparsed":
        return place
    said = _bare(rest)
    if said and any(said == _bare(answer) for answer in answers) and said != _bare(answers[place]):
        return "unparsed"
    others = {
        _place(match[1], answers)
        for match in _ANNOUNCED.finditer(rest)
        if not _ruled_out(rest, match.start(1), match.end(1))
    }
    return place if others <= {place} else "unparsed"


def _ruled_out(text: str, start: int, end: int) -> bool:
    before = text[max(0, start - 40) : start].rstrip(" ([")
    return _NEGATED.search(before) is not None or _DENIED.match(text, end) is not None


def _by_words(text: str, answers: Sequence[str]) -> int | Literal["unparsed"]:
    """The only answer whose words stand in the text. Longer ones first: "the elderly woman" holds "woman"."""
    said = " ".join(text.casefold().split())
    found: set[int] = set()
    for place in sorted(range(len(answers)), key=lambda place: -len(_bare(answers[place]))):
        words = _bare(answers[place])
        if not words:
            continue
        edge = r"(?<![^\W_]){}(?![^\W_])" if words.isascii() else "{}"
        pattern = re.compile(edge.format(re.escape(words)))
        hits = list(pattern.finditer(said))
        if any(_ruled_out(said, *match.span()) for match in hits):
            return "unparsed"
        if hits:
            found.add(place)
            said = pattern.sub(" ", said)
    return found.pop() if len(found) == 1 else "unparsed"
