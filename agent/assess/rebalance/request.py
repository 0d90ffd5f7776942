"""What is asked of a rebalancing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["METHODS", "SAMPLINGS", "Request"]

METHODS: Final = ("reweigh", "resample", "disparate-impact-remover")
SAMPLINGS: Final = ("uniform", "preferential")


@dataclass(frozen=True, slots=True)
class Request:
    """Which method, on which columns.

    Attributes
    ----------
    protected
        Their intersection makes the groups.
    label, positive
        The label's column, and the value of it that is favourable; all other values are not. Without one the usual one
        of two values is, see `PositiveLabel`.
    method
        One of `METHODS`.
    weight_column
        Of ``reweigh``.
    sampling
        Of ``resample``, one of `SAMPLINGS`.
    level
        Of ``disparate-impact-remover``: 0 changes nothing, 1 makes the groups alike.
    repaired
        Of ``disparate-impact-remover``: the columns; when empty all numeric ones but those that only tell rows apart.
    ignored
        Columns that are neither repaired nor features of the model that shows the cost.
    with_protected
        Whether that model is given the protected attributes.
    seed
        Of all that is drawn.
    """

    protected: tuple[str, ...]
    label: str
    positive: str | None = None
    method: str = "reweigh"
    weight_column: str = "weight"
    sampling: str = "uniform"
    level: float = 1.0
    repaired: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    with_protected: bool = False
    seed: int = 0

    @property
    def needed(self) -> tuple[str, ...]:
        """Columns that must be there."""
        return (*self.protected, self.label, *self.repaired, *self.ignored)
