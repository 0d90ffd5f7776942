"""The rules that `make check` looks after itself."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from tests.house_rules import breaches_of


def test_no_binary_lies_at_the_top_of_the_tree() -> None:
    wheel = io.BytesIO()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("package/__init__.py", "")
    assert breaches_of(Path("package-1.0-py3-none-any.whl"), wheel.getvalue()) != []
    assert breaches_of(Path("latin.txt"), "caf\xe9".encode("latin-1")) != []
    assert breaches_of(Path("README.zh-CN.md"), "\u4e2d\u6587".encode()) == []
    # Further down there are models and pictures.
    assert breaches_of(Path("agent/models/toxicity.npz"), wheel.getvalue()) == []
