"""A policy applied to the rows of a data set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

from agent.assess.anonymize.cells import Leaf, leaves, names
from agent.assess.anonymize.columns import Columns, ColumnsSeen
from agent.assess.anonymize.earlier import Earlier
from agent.assess.anonymize.tally import SAMPLE_ROWS, ColumnTally, Tally
from agent.assess.policy import ColumnRule, Policy
from agent.assess.protection import Finder, Known, KnownValues, Operator, ProtectionKey
from agent.assess.protection.base import apply
from agent.assess.protection.kinds import IDENTIFYING
from agent.assess.tables import Batch, Row, TableReader, TableWriter, advancing, readable_text
from agent.assess.titles import BY_TITLE
from agent.redaction import fold

__all__ = ["Anonymizer", "anonymize"]

_LEAST_CHARACTERS = 5
_LEAST_LETTERS = 2
_NAMES_REMEMBERED = 10_000
_MOST_ROUNDS = 4
_WITHOUT_FORM = frozenset({"NAME", "ADDRESS"})
_AROUND = re.compile(r"^[\W_]+|[\W_]+$")


class Anonymizer:
    """Protects rows, one after the other.

    A row is a document: what is found in one of its cells, or stands in a declared column of an identifying type, is
    protected in all of its scanned cells.

    Parameters
    ----------
    policy, key
        What is done. The key may be None when no operator needs one.
    columns
        `plan_columns` of the data set.
    finder
        Finds values in texts.

    Attributes
    ----------
    tally
        Counts so far.

    Raises
    ------
    ConfigError
        When an operator needs a key and there is none.
    """

    def __init__(self, policy: Policy, key: ProtectionKey | None, columns: Columns, finder: Finder) -> None:
        self._finder = finder
        self.columns = columns
        self._texts = policy.text_protector(key)
        self._operators: dict[str, Operator] = {
            name: policy.column_operator(rule, self._texts, key)
            for name, rule in policy.columns.items()
            if rule.treat == "value"
        }
        self._earlier = Earlier(policy, key, self._texts.operator)
        self._names: set[str] = set()
        self.tally = Tally()

    def protect(self, row: Row) -> Row:
        """The row, changed in place. It has no columns that are dropped.

        Raises
        ------
        ScorerError
            When the scorer's spans do not fit a text. Then nothing of the row may be written.
        """
        tally = self.tally
        tally.rows += 1
        known: dict[str, Known] = {}
        scanned: list[Leaf] = []
        sensitive = False
        for column in list(row):
            rule = self.columns.rule(column)
            counts = tally.column(column, _treatment(rule))
            counts.cells += row[column] is not None and row[column] != ""
            if rule.treat == "drop":
                known.update(self._dropped(row, column, rule.treat_as))
                del row[column]
            elif rule.treat == "value":
                sensitive |= self._declared(row, column, rule.treat_as, counts, known)
            elif rule.treat == "text":
                scanned += self._scanned(row, column, counts)
        found = [leaf for leaf in scanned if leaf.spans]
        for leaf in found:
            known.update(self._known(leaf))
        # Of most rows nothing is known, and there is nothing more to do.
        if known or found:
            values = KnownValues(known)
            for leaf in scanned:
                self._replace(leaf, values, tally.columns[leaf.column])
        for column in self.columns.texts:
            if row.get(column) is not None:
                row[column] = readable_text(row[column])
        tally.rows_with_any += bool(found) or sensitive
        return row

    def _dropped(self, row: Row, column: str, kind: str) -> dict[str, Known]:
        """What a column holds that goes: its values go from the other cells of the row as well."""
        known: dict[str, Known] = {}
        for leaf in leaves(row, column, declared=kind in IDENTIFYING):
            value = leaf.text.strip()
            if kind not in IDENTIFYING:
                leaf.spans = self._finder.spans(leaf.text, leaf.label)
                known.update(self._known(leaf))
            elif _is_telling(fold(value)) and not (operator := self._texts.operator(kind)).finished(value, kind):
                known[fold(value)] = Known(kind, operator)
                if kind in _WITHOUT_FORM:
                    known.update(self._parts(value, kind, operator))
        return known

    def _declared(self, row: Row, column: str, kind: str, counts: ColumnTally, known: dict[str, Known]) -> bool:
        operator = self._operators[column]
        any_found = False
        for leaf in leaves(row, column, declared=True):
            self._earlier.check(leaf, counts)
            value = leaf.text.strip()
            if not value or operator.finished(value, kind):
                continue
            any_found = True
            counts.found[kind] += 1
            counts.done[kind, operator.name] += 1
            if kind in IDENTIFYING and _is_telling(fold(value)):
                known[fold(value)] = Known(kind, operator)
                if kind in _WITHOUT_FORM:
                    known.update(self._parts(value, kind, operator))
            leaf.put(apply(operator, value, kind))
        counts.cells_with_any += any_found
        return any_found and kind in IDENTIFYING

    def _scanned(self, row: Row, column: str, counts: ColumnTally) -> list[Leaf]:
        found = list(leaves(row, column))
        for leaf in found:
            self._earlier.check(leaf, counts)
            leaf.spans = self._finder.spans(leaf.text, leaf.label)
            counts.found.update(span.type for span in leaf.spans)
        counts.cells_with_any += any(leaf.spans for leaf in found)
        if isinstance(row[column], dict | list):
            for name in names(row[column]):
                self._look_at_name(name)
        if self.tally.rows <= SAMPLE_ROWS and len(found) == 1 and found[0].text.strip():
            counts.sampled += 1
            spans, text = found[0].spans, found[0].text
            if len(spans) == 1 and not (text[: spans[0].start] + text[spans[0].end :]).strip():
                counts.single[spans[0].type] += 1
        return found

    def _look_at_name(self, name: str) -> None:
        """Names stay as they are, and the report says in how many of them something was found."""
        if name not in self._names and len(self._names) < _NAMES_REMEMBERED:
            self._names.add(name)
            if self._finder.spans(name):
                self.tally.names_with_any.add(name)

    def _known(self, leaf: Leaf) -> dict[str, Known]:
        values = self._texts.known(leaf.text, leaf.spans)
        if values and leaf.spans[0].explanation == BY_TITLE:
            kind = leaf.spans[0].type
            values |= self._parts(leaf.text, kind, self._texts.operator(kind))
        return {value: known for value, known in values.items() if _is_telling(value)}

    def _parts(self, text: str, kind: str, operator: Operator) -> dict[str, Known]:
        """Of a name or an address with more in its cell, ``Ann Lee ann.lee@example.org``: each part by itself."""
        inner = self._finder.spans(text)
        values = self._texts.known(text, inner)
        position = 0
        for start, end in (*((span.start, span.end) for span in inner), (len(text), len(text))) if inner else ():
            part = _AROUND.sub("", text[position:start])
            if _is_telling(fold(part)) and not operator.finished(part, kind):
                values[fold(part)] = Known(kind, operator)
            position = end
        return {value: known for value, known in values.items() if _is_telling(value)}

    def _replace(self, leaf: Leaf, known: KnownValues, counts: ColumnTally) -> None:
        text, done = self._texts.protect(leaf.text, leaf.spans, known)
        if not done:
            return
        counts.done.update(done)
        for _ in range(_MOST_ROUNDS):
            # Tokens are shorter or longer than values: a word may now stand near enough to be context for another one.
            text, more = self._texts.protect(text, self._finder.spans(text, leaf.label), known)
            if not more:
                break
            counts.found.update(kind for kind, _ in more)
            counts.done.update(more)
        if leaf.numeric and leaf.column in self.columns.numbers:
            counts.emptied += 1
            leaf.holder[leaf.slot] = None
        else:
            leaf.put(text)


def anonymize(
    batches: Iterable[Batch],
    reader: TableReader,
    writer: TableWriter | None,
    anonymizer: Anonymizer,
    advance: Callable[[int], None],
) -> None:
    """Protect and write all rows.

    Parameters
    ----------
    batches
        Of the reader, all of them.
    writer
        None for a dry run.
    advance
        Told by how much `Batch.done` has moved on.

    Raises
    ------
    DataError
        When rows cannot be read or written; then nothing is committed.
    ConfigError
        When a declared column came in no row.
    """
    seen = ColumnsSeen(anonymizer.columns)
    seen.add(reader.columns)
    for batch in advancing(batches, advance):
        seen.add(batch.columns)
        rows = [anonymizer.protect(row) for row in batch.rows]
        if writer is not None:
            writer.write(Batch(batch.columns, rows, batch.first, batch.done, batch.arrow))
    if anonymizer.tally.rows:
        seen.check(reader.name)
    if writer is not None:
        writer.commit()


def _treatment(rule: ColumnRule) -> str:
    if rule.treat != "value":
        return rule.treat
    return f"{rule.operator or 'by type'} as {rule.treat_as}"


def _is_telling(value: str) -> bool:
    """Whether a folded value may be looked for in other cells: ``1234`` or ``a`` stands in too many by chance."""
    if any(character.isdigit() for character in value) or not any(character.isalpha() for character in value):
        return len(value) >= _LEAST_CHARACTERS
    return len(value) >= _LEAST_LETTERS
