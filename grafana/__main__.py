"""Write the dashboards: ``python -m grafana [DIRECTORY]``, by default over the committed ones."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import adversarial, bias_drift, output, overview, pipeline, privacy

__all__ = ["DASHBOARDS", "DIRECTORY", "rendered"]

DIRECTORY = Path(__file__).resolve().parent / "dashboards"
#: By file name.
DASHBOARDS = {
    "overview": overview.build,
    "output": output.build,
    "privacy": privacy.build,
    "bias-drift": bias_drift.build,
    "adversarial": adversarial.build,
    "pipeline": pipeline.build,
}


def rendered(made: Dashboard) -> str:
    """As it is committed: keys in order, so that a change of one panel is a change of its lines."""
    plain = json.loads(json.dumps(made, cls=JSONEncoder))
    # The SDK hides all links and annotations in a menu, and cannot be told otherwise: they belong where they are seen.
    for shown in (*plain["links"], *plain["annotations"]["list"]):
        del shown["placement"]
    return json.dumps(plain, indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write all of them; in our own folder, remove those that are no longer made."""
    parser = argparse.ArgumentParser(
        prog="python -m grafana", description="Write the dashboards, by default over the committed ones."
    )
    parser.add_argument("directory", nargs="?", type=Path, default=DIRECTORY, metavar="DIRECTORY")
    directory: Path = parser.parse_args(arguments).directory
    try:
        write_dashboards(directory)
    except OSError as error:
        parser.error(f"{error.filename or directory}: {error.strerror}")
    sys.stdout.write(f"{len(DASHBOARDS)} dashboards in {directory}\n")
    return 0


def write_dashboards(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    # Another folder's other files are somebody's own.
    if directory.resolve() == DIRECTORY:
        for stale in set(directory.glob("*.json")) - {directory / f"{name}.json" for name in DASHBOARDS}:
            stale.unlink()
    for name, build in DASHBOARDS.items():
        (directory / f"{name}.json").write_text(rendered(build()), encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(main())
