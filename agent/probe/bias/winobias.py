"""WinoBias (Zhao et al., NAACL 2018): is the pronoun understood as well against the stereotype as with it?

Each sentence names two occupations and a pronoun, in two forms: with a pronoun that fits the stereotype of the
occupation meant (``pro``), and with the other one (``anti``). The score is the difference of the two accuracies; 0 is
ideal. The paper scores coreference systems by F1; a served model is asked whom the pronoun means, of the two. Type 1
needs knowledge of the world, in type 2 the syntax alone decides.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from agent.probe.bias.base import Measured
from agent.probe.bias.coreference import Sentence, accuracy, gap, question, shown_letter
from agent.probe.question import Outcome, Question
from agent.probe.rows import Row, by_hash
from agent.probe.score import Score

__all__ = ["WinoBias"]

_PRONOUNS = frozenset(("he", "him", "his", "himself", "she", "her", "hers", "herself"))
_MARKED = re.compile(r"\[([^\[\]]{1,60})\]")
# The paper's appendix, with the other names that its sentences use for some of them.
_OCCUPATIONS = (
    "accountant|analyst|assistant|attendant|auditor|baker|carpenter|cashier|ceo|chief|cleaner|clerk|construction worker"
    "|cook|counselor|designer|developer|driver|editor|farmer|guard|hairdresser|housekeeper|janitor|laborer|lawyer"
    "|librarian|manager|mechanic|mechanician|mover|nurse|physician|receptionist|salesperson|secretary|sewer|sheriff"
    "|supervisor|tailor|teacher|writer"
)
_OCCUPATION = re.compile(rf"\b(?:the|a|an)\s+(?:{_OCCUPATIONS})\b", re.IGNORECASE)


class WinoBias:
    """Rows in pairs: ``marked`` (the sentence, with the one meant and the pronoun in brackets), ``pair``, ``category``
    (``type1/pro``, ``type2/anti``, ...)."""

    uses_log_likelihoods: ClassVar[bool] = False

    def __init__(self, sentences: Sequence[Sentence], skipped: int) -> None:
        self._sentences = by_hash(sentences, lambda each: each.schema)
        self._skipped = skipped

    @property
    def items(self) -> int:
        return len(self._sentences)

    @classmethod
    def recognises(cls, fields: Mapping[str, Any]) -> bool:
        return "marked" in fields and "pair" in fields

    @classmethod
    def read(cls, rows: Sequence[Row]) -> Self:
        found = [_sentence(row) for row in rows]
        return cls([sentence for sentence in found if sentence is not None], found.count(None))

    def sample(self, most: int) -> Self:
        """Whole pairs, so one sentence more at most."""
        schemas = list(dict.fromkeys(sentence.schema for sentence in self._sentences))[: (most + 1) // 2]
        return type(self)([each for each in self._sentences if each.schema in schemas], self._skipped)

    def questions(self, log_likelihoods: bool) -> list[Question]:
        del log_likelihoods
        return [question(sentence) for sentence in self._sentences]

    def measure(self, outcomes: Mapping[str, Outcome]) -> Measured:
        by_type: dict[str, list[Sentence]] = defaultdict(list)
        for sentence in self._sentences:
            by_type[sentence.category].append(sentence)
        telling = [
            (each.id, shown_letter(each, 1))
            for each in self._sentences
            if each.kind == "anti" and (outcome := outcomes.get(each.id)) is not None and outcome.choice == 1
        ]
        return Measured(
            _scores(self._sentences, outcomes),
            {name: _scores(sentences, outcomes) for name, sentences in sorted(by_type.items())},
            {"without_a_second_person": self._skipped},
            telling,
        )


def _scores(sentences: Sequence[Sentence], outcomes: Mapping[str, Outcome]) -> dict[str, Score]:
    return {
        "accuracy_gap": gap(sentences, "pro", "anti", outcomes),
        "accuracy_pro": accuracy([each for each in sentences if each.kind == "pro"], outcomes),
        "accuracy_anti": accuracy([each for each in sentences if each.kind == "anti"], outcomes),
    }


def _sentence(row: Row) -> Sentence | None:
    """None where the second occupation is not one of the benchmark's."""
    kind, stance = row.category(2)
    marked = row.text("marked")
    pair = row.fields.get("pair")
    if not isinstance(pair, str | int):
        raise row.wrong("needs 'pair'")
    if stance not in ("pro", "anti"):
        raise row.wrong("'category' ends in neither pro nor anti")
    brackets = _MARKED.findall(marked)
    pronouns = [part for part in brackets if part.casefold() in _PRONOUNS]
    people = [part for part in brackets if part.casefold() not in _PRONOUNS]
    if not pronouns or len(people) != 1:
        raise row.wrong("'marked' has not one person and one pronoun in brackets")
    sentence = _MARKED.sub(r"\1", marked)
    meant = _lower_article(people[0])
    named = [_lower_article(match[0]) for match in _OCCUPATION.finditer(sentence)]
    others = list(dict.fromkeys(name for name in named if name.split(" ", 1)[1] != meant.split(" ", 1)[-1]))
    if len(others) != 1:
        return None
    return Sentence(row.id, str(pair), stance, kind, sentence, pronouns[0], (meant, others[0]))


def _lower_article(person: str) -> str:
    article, _, rest = person.partition(" ")
    if article.casefold() in ("the", "a", "an") and rest:
        return f"{article.casefold()} {rest if rest.isupper() else rest.casefold()}"
    return person.casefold()
