"""Pseudonyms turned back into values, for whoever has the key."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from agent.assess.anonymize.cells import leaves
from agent.assess.policy import Policy
from agent.assess.protection import ProtectionKey, load_operator
from agent.assess.protection.format_preserving import FormatPreserving
from agent.assess.protection.pseudonym import Reversal
from agent.assess.protection.tokens import PSEUDONYM
from agent.assess.tables import Batch, TableWriter, advancing
from agent.errors import DataError

__all__ = ["Revealed", "reveal"]


class Revealed:
    """Reverses the pseudonyms in rows: wherever they stand, and in columns that the policy encrypts by ``fpe``.

    Raises
    ------
    ConfigError
        Without the package ``cryptography``.
    """

    def __init__(self, key: ProtectionKey, policy: Policy | None) -> None:
        self._reversal = Reversal(key)
        self._formats: dict[str, tuple[FormatPreserving, str]] = {}
        for column, rule in policy.columns.items() if policy is not None else ():
            operator = load_operator(rule.operator, rule.options, key) if rule.operator == "fpe" else None
            if isinstance(operator, FormatPreserving):
                self._formats[column] = (operator, rule.treat_as)
        self.rows = self.pseudonyms = self.restored = 0
        self._unseen = set(self._formats)

    @property
    def absent(self) -> list[str]:
        """Columns of ``fpe`` that no row has had."""
        return sorted(self._unseen)

    def row(self, row: dict[str, Any]) -> dict[str, Any]:
        """The row, changed in place.

        Raises
        ------
        DataError
            For a pseudonym that the key does not reverse.
        """
        self.rows += 1
        self._unseen.difference_update(row)
        for column in row:
            restore = self._formats.get(column)
            for leaf in leaves(row, column, declared=restore is not None):
                if restore is not None:
                    operator, kind = restore
                    leaf.put(operator.restore(leaf.text, kind))
                    self.restored += 1
                elif "~" in leaf.text:
                    leaf.put(PSEUDONYM.sub(lambda match: self._value(match[1], match[2]), leaf.text))
        return row

    def _value(self, kind: str, letters: str) -> str:
        self.pseudonyms += 1
        return self._reversal.reveal(kind, letters)


def reveal(
    batches: Iterable[Batch], name: str, writer: TableWriter | None, revealed: Revealed, advance: Callable[[int], None]
) -> None:
    """Reverse and write all rows.

    Raises
    ------
    DataError
        At the first pseudonym that cannot be reversed, with its row; then nothing is committed.
    """
    for batch in advancing(batches, advance):
        rows = []
        for number, row in enumerate(batch.rows, batch.first):
            try:
                rows.append(revealed.row(row))
            except DataError as error:
                raise DataError(f"{name}: row {number}: {error}") from None
        if writer is not None:
            writer.write(Batch(batch.columns, rows, batch.first, batch.done, batch.arrow))
    if writer is not None:
        writer.commit()
