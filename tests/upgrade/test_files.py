"""Files that earlier versions' commands have written: thresholds, references and signatures mean what they meant."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from agent.calibration import Calibration
from agent.config import validate
from agent.drift.reference_file import load_references
from agent.errors import ConfigError
from streams.config import WorkerConfig
from streams.trust.files import check_files
from tests.upgrade import files_writer
from tests.upgrade.make import STATES

FOLDERS = sorted(path for path in STATES.glob("*/files"))
SIGNED = [folder for folder in FOLDERS if (folder / "calibration.json.minisig").is_file()]

each_folder = pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)


def told(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "told.json").read_text(encoding="utf-8"))
    return found


@each_folder
def test_a_calibration_gives_the_scores_it_gave(folder: Path) -> None:
    found = Calibration.load(folder / "calibration.json")
    assert found.apply(np.array(told(folder)["scores"])) == pytest.approx(told(folder)["calibrated"], abs=1e-12)
    assert (found.task, found.target_fpr, found.data.n) == ("toxicity", 0.05, 300)


@each_folder
def test_a_reference_knows_what_was_normal(folder: Path) -> None:
    references = load_references(folder / "reference.json")
    for feature in ("input.features.income", "input.features.region", "output.score"):
        found = references.find("loans", feature)
        assert found is not None, feature
        assert found.total == files_writer.EVENTS, feature


@pytest.mark.parametrize("folder", SIGNED, ids=lambda folder: folder.parent.name)
def test_a_signature_still_holds_and_its_version_still_counts(folder: Path, tmp_path: Path) -> None:
    plain = {
        "scorers": {"toxicity": {"kind": "ngrams", "calibration": str(folder / "calibration.json")}},
        "trust": {
            "public_keys": [told(folder)["public_key"]],
            "require": True,
            "monotonic": True,
            "record": str(tmp_path / "versions.json"),
        },
    }
    config = validate(WorkerConfig, plain, "upgrade")
    check_files(config, config.trust)
    (record,) = json.loads((tmp_path / "versions.json").read_text(encoding="utf-8")).values()
    assert record == files_writer.VERSION
    changed = tmp_path / "calibration.json"
    changed.write_bytes((folder / "calibration.json").read_bytes().replace(b"0.05", b"0.06"))
    (tmp_path / "calibration.json.minisig").write_bytes((folder / "calibration.json.minisig").read_bytes())
    plain["scorers"]["toxicity"]["calibration"] = str(changed)  # type: ignore[index]
    with pytest.raises(ConfigError, match="is not what was signed"):
        check_files(validate(WorkerConfig, plain, "upgrade"), config.trust)


def test_there_is_something_to_read() -> None:
    assert len(FOLDERS) >= 3
    assert len(SIGNED) >= 2
