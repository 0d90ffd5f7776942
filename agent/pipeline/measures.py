"""Measurements of answers that are no harm: refusals, and contradicting answers to a repeated question.

They have no part in findings, windows or the harm index. What is remembered of a question is a keyed hash, of its
answer a handful of features; no payload.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from collections.abc import Iterator
from typing import Literal, TypeAlias

import msgspec

from agent.metrics import Metrics
from agent.pipeline.pending import Half
from agent.refusals import refused
from agent.scoring.base import Given
from agent.scoring.grounding.folding import lower, narrow

__all__ = ["AnswerFeatures", "AnswerMeasures", "Contradiction", "RepeatStore", "contradictions"]

Contradiction: TypeAlias = Literal["refusal", "polarity", "numbers"]

#: A longer conversation is no question that comes again word by word, and would cost more than it tells.
_MOST_QUESTION_CHARS = 20_000
_MOST_ANSWER_CHARS = 4_000
_MOST_NUMBERS = 8
_NUMBER = re.compile(r"[0-9]+(?:,[0-9]{3})*(?:\.[0-9]+)?")
# One character says yes or no only where it stands alone: 不 begins half of all sentences that are neither.
_ALONE = r"(?=[\s,.!;，。！；]|$)"
_NO_BEFORE = r" [a-z]+ (?:is|are|do|does|can|will|was)(?:n't| not)"
_YES_NO = re.compile(
    rf"\W{{0,4}}(?:(?P<no>no(?=[,.!:;]|$|{_NO_BEFORE})|nope\b|不是的|不可以|不能|不会|不行|没有|并非|[不否]{_ALONE})"
    rf"|(?P<yes>yes\b|yeah\b|yep\b|correct\b|certainly\b|of course\b|是的|可以|能够|[是对能会有行]{_ALONE}))"
)


class AnswerFeatures(msgspec.Struct, frozen=True, gc=False):
    """What is remembered of an answer.

    Attributes
    ----------
    refused
        It begins by refusing.
    polarity
        1 when it begins with a yes, -1 with a no, 0 otherwise.
    numbers
        Keyed hashes of its numbers; empty when it has none, or too many to be one answer.
    """

    refused: bool
    polarity: int
    numbers: tuple[bytes, ...]


def contradictions(before: AnswerFeatures, after: AnswerFeatures) -> Iterator[Contradiction]:
    """In which ways two answers to one question differ. A refusal contradicts an answer and nothing else."""
    if before.refused or after.refused:
        if before.refused != after.refused:
            yield "refusal"
        return
    if before.polarity * after.polarity < 0:
        yield "polarity"
    # One answer may say more than the other; each must have a number that the other lacks.
    had, has = set(before.numbers), set(after.numbers)
    if had - has and has - had:
        yield "numbers"


class _Remembered(msgspec.Struct, frozen=True, gc=False):
    call: int
    features: AnswerFeatures


class RepeatStore:
    """The last answer to each of the last questions. Bounded; the least recently asked leaves first.

    Parameters
    ----------
    max_entries
        Questions remembered, about half a kilobyte each; 0 remembers none.
    """

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[bytes, _Remembered] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def put(self, question: bytes, call: int, features: AnswerFeatures) -> AnswerFeatures | None:
        """Remember an answer.

        Returns
        -------
        AnswerFeatures or None
            Those of the answer before, None when the question is new, or the call is the same one judged again.
        """
        known = self._entries.pop(question, None)
        self._entries[question] = _Remembered(call, features)
        if len(self._entries) > self._max_entries:
            self._entries.popitem(last=False)
        return None if known is None or known.call == call else known.features


class AnswerMeasures:
    """Counts answers, refusals, repeated questions and contradictions by model.

    A question is repeated when the same tenant asks the same model in the same words, with the same context and the
    same conversation before it; case, width, blanks and final punctuation do not matter, and neither do system prompts,
    which often hold the time. What is remembered does not survive a restart, and each worker remembers its own.

    Parameters
    ----------
    max_questions
        See `RepeatStore`.
    hash_key
        Of the hashes, 1 to 64 bytes.
    """

    def __init__(self, metrics: Metrics, max_questions: int, hash_key: bytes) -> None:
        self._metrics = metrics
        self._store = RepeatStore(max_questions) if max_questions else None
        self._hasher = hashlib.blake2b(digest_size=16, key=hash_key[:64])

    def note(self, half: Half) -> None:
        """Measure an output that has been judged; one without text counts as no answer."""
        payload = half.event.output
        if payload is None or half.event.redacted:
            return
        is_refused = refused(payload.texts)
        if is_refused is None:
            return
        model = half.call.model
        self._metrics.answer(model, refused=is_refused, n=half.weight)
        if self._store is None or half.given is None or half.event.truncated:
            return
        question = self._question(half, half.given)
        if question is None:
            return
        # Of strings Python's hash has a key of its own, which is drawn when the process starts.
        call = hash((half.event.source, half.event.inference_id))
        features = self._features(half, is_refused)
        before = self._store.put(question, call, features)
        if before is not None:
            self._metrics.repeated_question(model, half.weight)
            for kind in contradictions(before, features):
                self._metrics.contradiction(model, kind, half.weight)

    def _question(self, half: Half, given: Given) -> bytes | None:
        texts = given.conversation + given.tool_results + given.passages
        if not any(map(str.strip, given.conversation)) or sum(map(len, texts)) > _MOST_QUESTION_CHARS:
            return None
        counts = (len(given.conversation), len(given.tool_results))
        return self._hash(half.event.tenant, half.call.model, repr(counts), *map(_folded, texts))

    def _features(self, half: Half, is_refused: bool) -> AnswerFeatures:
        texts = [part.text for part in half.event.output.texts if part.kind == "text"] if half.event.output else []
        text = lower(narrow("\n".join(texts)[:_MOST_ANSWER_CHARS]))
        said = _YES_NO.match(text)
        polarity = 0 if said is None else 1 if said["yes"] else -1
        found = {number.replace(",", "") for number in _NUMBER.findall(text)}
        numbers = (self._hash(number)[:8] for number in found) if len(found) <= _MOST_NUMBERS else ()
        return AnswerFeatures(is_refused, polarity, tuple(numbers))

    def _hash(self, *fields: str) -> bytes:
        hasher = self._hasher.copy()
        # Lengths go along, so that no two lists of fields run together.
        hasher.update(repr(list(map(len, fields))).encode())
        hasher.update("".join(fields).encode("utf-8", "surrogatepass"))
        return hasher.digest()


def _folded(text: str) -> str:
    return " ".join(narrow(text).lower().split()).rstrip(".?!。 ")
