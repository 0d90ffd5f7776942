"""House rules that no linter has: file lengths, and what never stands in the tree. Run by ``make check``."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MAX_LINES = 400
FORBIDDEN_NAMES = {"utils.py", "helpers.py", "misc.py"}
_CONFLICT = (b"<<<<<<< ", b">>>>>>> ")


def tracked() -> list[Path]:
    """Files that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True)
    return [Path(line) for line in listed.stdout.splitlines() if Path(line).is_file()]


def breaches_of(path: Path, content: bytes) -> list[str]:
    """What a file of the tree does against the rules; ``path`` from the top."""
    breaches: list[str] = []
    if any(line.startswith(_CONFLICT) for line in content.splitlines()):
        breaches.append(f"{path}: a merge that was not finished")
    # What pip and browsers download lands where they are called, and `git add .` takes it.
    if len(path.parts) == 1 and not _is_text(content):
        breaches.append(f"{path}: a binary at the top of the tree, where only texts belong")
    if path.suffix != ".py":
        return breaches
    if path.name in FORBIDDEN_NAMES:
        breaches.append(f"{path}: a name that says nothing")
    lines = len(content.decode("utf-8").splitlines())
    if lines > MAX_LINES:
        breaches.append(f"{path}: {lines} lines, at most {MAX_LINES}")
    return breaches


def _is_text(content: bytes) -> bool:
    if b"\0" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def main() -> int:
    """Print every breach; 1 when there is one."""
    breaches = [breach for path in tracked() for breach in breaches_of(path, path.read_bytes())]
    for breach in breaches:
        sys.stderr.write(breach + "\n")
    sys.stdout.write(f"house rules: {len(breaches)} breaches\n")
    return 1 if breaches else 0


if __name__ == "__main__":
    raise SystemExit(main())
