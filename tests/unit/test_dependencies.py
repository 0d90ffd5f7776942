"""What a worker brings along: licences of the core's dependencies, and the bill of materials."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution, distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]

#: Not the Lesser one, under which libraries may be used by anything.
_GPL = re.compile(r"(?<![L])\bA?GPL|(?<!Lesser )General Public License", re.IGNORECASE)
_LESSER = re.compile(r"LGPL|Lesser General Public|GNU Library", re.IGNORECASE)


def closure(requirements: list[str]) -> set[str]:
    """Names of everything that is installed for these, and for what they need."""
    found: set[str] = set()
    waiting = [(Requirement(text), "") for text in requirements]
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        try:
            needed = distribution(name).requires or []
        except PackageNotFoundError:
            continue
        seen = name in found and not requirement.extras
        found.add(name)
        if not seen:
            waiting += [(Requirement(text), own) for text in needed for own in (requirement.extras or {""})]
    return found


def licence_of(name: str) -> str:
    """What a package says of itself, in whichever of the three places."""
    found = distribution(name).metadata
    classifiers = [text for text in found.get_all("Classifier", []) if text.startswith("License ::")]
    return " | ".join(filter(None, [found.get("License-Expression"), (found.get("License") or "")[:200], *classifiers]))


CORE = closure(PROJECT["dependencies"])


def test_the_closure_is_that_of_the_core() -> None:
    assert {"aiohttp", "aiokafka", "faust-streaming", "numpy", "pydantic-core", "multidict"} <= CORE
    assert not CORE & {"torch", "transformers", "cryptography", "schemathesis", "pytest"}
    assert len(CORE) < 90


@pytest.mark.parametrize("name", sorted(CORE))
def test_the_core_needs_nothing_under_the_gpl(name: str) -> None:
    licence = licence_of(name)
    assert licence, f"{name} does not say under which licence it is"
    # Of several licences, as `A OR B`, one that is not the GPL is enough.
    if " OR " not in licence:
        assert not _GPL.search(_LESSER.sub("", licence)), f"{name}: {licence}"


def test_the_bill_of_materials_names_every_package(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.json"
    command = [sys.executable, "-m", "cyclonedx_py", "environment", sys.executable, "--output-format", "JSON"]
    done = subprocess.run([*command, "--output-file", str(bill)], capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
    document = json.loads(bill.read_text(encoding="utf-8"))
    assert document["bomFormat"] == "CycloneDX"
    listed = {canonicalize_name(each["name"]): each["version"] for each in document["components"]}
    installed = {canonicalize_name(each.metadata["Name"]): each.version for each in distributions()}
    assert {name: listed.get(name) for name in CORE} == {name: installed[name] for name in CORE}
