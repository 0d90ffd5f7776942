"""What has to be known of a table before it can be rebalanced."""

from __future__ import annotations

from collections.abc import Sequence

from agent.assess.bias.kinds import tells_rows_apart
from agent.assess.cells import cell_text
from agent.assess.rebalance.followed import FollowedRows
from agent.assess.rebalance.repair import Distributions
from agent.assess.rebalance.request import Request
from agent.assess.rebalance.strata import Strata
from agent.assess.tables import Batch
from agent.errors import ConfigError

__all__ = ["Survey"]


class Survey:
    """All that the first reading finds out, which may be that of other analyses too. Memory is bounded.

    Attributes
    ----------
    request
        What is asked for; `Request.needed` must be among the columns.
    strata, distributions, sample
        What was counted.
    columns
        In order of appearance, once `check` has been told them.
    left_out
        Columns that only tell rows apart by title and values, once `check` has looked; neither repaired nor features.
    """

    def __init__(self, request: Request) -> None:
        self.request = request
        self.strata = Strata(request.protected, request.label, request.positive)
        hidden = () if request.with_protected else request.protected
        self._not_features = (*hidden, request.label, *request.ignored)
        repairing = request.method == "disparate-impact-remover"
        skipped = (*request.protected, request.label, *request.ignored)
        self.distributions = Distributions(skipped, sketched=repairing)
        self.sample = FollowedRows(self._not_features, request.seed)
        self.columns: tuple[str, ...] = ()
        self.left_out: tuple[str, ...] = ()

    def observe(self, batch: Batch) -> None:
        """Take the rows in.

        Raises
        ------
        DataError
            With more groups, or more distributions, than are held in memory.
        """
        places = self.strata.observe(batch)
        self.distributions.observe(batch, places)
        self.sample.observe(batch, places)

    def check(self, columns: Sequence[str]) -> None:
        """After the last row: whether it can be rebalanced as asked for.

        Raises
        ------
        ConfigError
            When the column of weights is there already, columns to be repaired are no numbers, or no row has the
            positive label, or nobody knows which that is.
        DataError
            When the table has not what the method needs, see `Strata.check`.
        """
        request = self.request
        self.columns = tuple(columns)
        if request.method == "reweigh" and request.weight_column in columns:
            raise ConfigError(
                f"the table has a column {request.weight_column!r} already; name another with --weight-column"
            )
        self.strata.check(complete=request.method != "disparate-impact-remover")
        named = {*self._not_features, *request.protected, *request.repaired}
        self.left_out = tuple(name for name in columns if name not in named and self._tells_rows_apart(name))
        for column in request.repaired:
            if column not in self.distributions.numeric:
                raise ConfigError(
                    f"--repair {column}: holds what is no number, or nothing; only numbers can be repaired"
                )
        if request.method == "disparate-impact-remover" and not self.repaired:
            raise ConfigError("no column of numbers is left to be repaired; use another --rebalance-method")

    @property
    def repaired(self) -> tuple[str, ...]:
        """Columns that are to be repaired."""
        numeric = (column for column in self.distributions.numeric if column not in self.left_out)
        return self.request.repaired or tuple(numeric)

    @property
    def features(self) -> list[str]:
        """Columns that a model is given."""
        return [column for column in self.columns if column not in (*self._not_features, *self.left_out)]

    def _tells_rows_apart(self, column: str) -> bool:
        return tells_rows_apart(column, [cell_text(row.before.get(column)) for row in self.sample.rows])
