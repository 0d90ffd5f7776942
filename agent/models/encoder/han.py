"""Traditional Chinese characters and their simplified forms, from OpenCC's table (BYVoid/OpenCC, Apache-2.0)."""

from __future__ import annotations

from pathlib import Path

from agent.models.encoder.pretrained import package_files

__all__ = ["simplified_characters"]

_PACKAGE = "opencc-python-reimplemented==0.1.7"
_MEMBER = "opencc/dictionary/TSCharacters.txt"
_DIGEST = "41b3b92943c7bed291f448e9c7fad4b577c8c2eae30fcfe5a74edf8818493aa6"


def simplified_characters(folder: Path | None = None) -> dict[int, str]:
    """For `str.translate`: each traditional character (code point) with its commonest simplified form."""
    content = package_files(_PACKAGE, _MEMBER, _DIGEST, folder)[_MEMBER].decode("utf-8")
    pairs = (line.split("\t") for line in content.splitlines() if "\t" in line)
    table = {ord(old): new.split(" ")[0] for old, new in pairs if len(old) == 1}
    return {code: new for code, new in table.items() if len(new) == 1 and ord(new) != code}
