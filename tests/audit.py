"""Known holes in what is installed: pip-audit's answer, and whether it could answer at all.

    python -m tests.audit AUDITOR ENVIRONMENT [--may-skip NAME ...] [--tell-only] [--json]

pip-audit itself says "no known vulnerabilities" and ends well when it could ask about not one package. Here that is a
failure: 1 for holes, 2 for packages that nobody could be asked about. ``make audit`` calls it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["Audit", "main", "read_audit"]

_OWN: Final = "harmwatch"
_MOST_NAMES: Final = 8
#: A package that nobody answers for takes a quarter of a minute, and there are hundreds.
_PATIENCE_SECONDS: Final = 600.0


@dataclass(frozen=True)
class Audit:
    """What was asked, and what was answered.

    Attributes
    ----------
    holes
        Lines of name, version, the hole's identifier and the versions without it.
    """

    asked: int
    skipped: tuple[str, ...]
    holes: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0 when every package was asked about and none has a hole."""
        if self.holes:
            return 1
        return 2 if self.skipped else 0

    def lines(self) -> list[str]:
        """For people."""
        told = [f"hole: {one}" for one in self.holes]
        if not self.asked:
            return [*told, f"NOT AUDITED: the advisories of pypi.org do not answer here ({len(self.skipped)} packages)"]
        told.append(f"{self.asked} packages audited, {len(self.holes)} known holes")
        if self.skipped:
            more = f" and {len(self.skipped) - _MOST_NAMES} more" if len(self.skipped) > _MOST_NAMES else ""
            told.append(f"NOT AUDITED: {', '.join(self.skipped[:_MOST_NAMES])}{more}")
        return told


def read_audit(answer: dict[str, Any], may_skip: frozenset[str] = frozenset()) -> Audit:
    """Of pip-audit's ``--format json``. The project itself, and what `may_skip` names, need no answer."""
    asked, skipped, holes = 0, [], []
    for package in answer["dependencies"]:
        name = package["name"]
        if "skip_reason" in package:
            if name not in may_skip | {_OWN}:
                skipped.append(name)
            continue
        asked += 1
        for hole in package["vulns"]:
            mended = ", ".join(hole["fix_versions"]) or "no version"
            holes.append(f"{name} {package['version']}: {hole['id']}, not in {mended}")
    return Audit(asked, tuple(skipped), tuple(holes))


def main(arguments: Sequence[str] | None = None) -> int:
    """See the module."""
    parser = argparse.ArgumentParser(prog="make audit", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("auditor", type=Path, help="a Python that has pip-audit")
    parser.add_argument("environment", type=Path, help="a Python whose packages are looked at")
    parser.add_argument(
        "--may-skip", nargs="+", default=[], metavar="NAME", help="packages that pypi.org does not have"
    )
    parser.add_argument(
        "--tell-only",
        action="store_true",
        help="exit code 0 whatever is found: what is found tomorrow must not fail what passed today (CI)",
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    place = [str(given.environment), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"]
    packages = subprocess.run(place, check=True, capture_output=True, text=True).stdout.strip()
    command = [str(given.auditor), "-m", "pip_audit", "--path", packages, "--progress-spinner", "off"]
    try:
        answer = _answer([*command, "--format", "json", "--timeout", "15"])
        audit = read_audit(json.loads(answer), frozenset(given.may_skip))
    except (ValueError, KeyError, TypeError, subprocess.TimeoutExpired) as error:
        print(f"NOT AUDITED: pip-audit gave no answer ({type(error).__name__})", file=sys.stderr)
        return 0 if given.tell_only else 2
    if given.json:
        print(json.dumps({"asked": audit.asked, "skipped": audit.skipped, "holes": audit.holes}, indent=2))
    else:
        print("\n".join(audit.lines()))
    return 0 if given.tell_only else audit.exit_code


def _answer(command: list[str]) -> str:
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_PATIENCE_SECONDS)
    if not run.stdout:
        print(run.stderr[-2000:], file=sys.stderr)
    return run.stdout


if __name__ == "__main__":
    sys.exit(main())
