"""Drift: whether what a model sees and says still has the distribution of a reference.

A new detector is one file with a class after `agent.drift.base.Detector`, plus one line here; it is imported when it is
asked for. ``tests/unit/drift/test_detectors.py`` runs over every row.
"""

from __future__ import annotations

from typing import Any

from agent.table import named_by

__all__ = ["DETECTORS", "detector_class"]

DETECTORS: dict[str, str] = {
    "cusum": "agent.drift.cusum:CusumDetector",
    "ks": "agent.drift.sliding:KsDetector",
    "psi": "agent.drift.sliding:PsiDetector",
    "chi_square": "agent.drift.counted:ChiSquareDetector",
    "fisher": "agent.drift.counted:FisherDetector",
    "alibi_cvm": "agent.drift.alibi:CvmDetector",
    "alibi_mmd": "agent.drift.alibi:MmdDetector",
    "alibi_lsdd": "agent.drift.alibi:LsddDetector",
}


def detector_class(name: str) -> Any:
    """The class behind a row of `DETECTORS`.

    Raises
    ------
    ConfigError
        For a name that is not in the table.
    """
    return named_by(DETECTORS, name, "drift detector")
