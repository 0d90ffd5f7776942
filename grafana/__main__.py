"""Write the dashboards: ``python -m grafana [DIRECTORY]``, by default over the committed ones."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models.dashboard import Dashboard

from grafana import adversarial, bias_drift, output, overview, pipeline, privacy

__all__ = ["DASHBOARDS", "DIRECTORY", "rendered"]

DIRECTORY = Path(__file__).parent / "dashboards"
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


def main(directory: Path) -> int:
    """Write all of them, and remove those that are no longer made."""
    directory.mkdir(parents=True, exist_ok=True)
    for stale in set(directory.glob("*.json")) - {directory / f"{name}.json" for name in DASHBOARDS}:
        stale.unlink()
    for name, build in DASHBOARDS.items():
        (directory / f"{name}.json").write_text(rendered(build()), encoding="utf-8")
    sys.stdout.write(f"{len(DASHBOARDS)} dashboards in {directory}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else DIRECTORY))
