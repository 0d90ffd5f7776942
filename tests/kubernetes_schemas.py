"""Where kubeconform finds schemas without a network: Kubernetes' in a Python package, operators' in our fixtures.

kubeconform's own place for them is a repository on GitHub, which tests must not need.
"""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import yaml

from tests.brokers.base import LayerAbsent

__all__ = ["find_kubernetes_schemas", "strict_schema", "write_schemas"]

CRDS = Path(__file__).parent / "fixtures" / "schemas" / "crds"

#: The package's schemas have ids, and refer to each other, as if kubernetes.io served them.
_SERVED = "/api/_definitions.json"


def find_kubernetes_schemas() -> Path:
    """The folder of the package's schemas, by version. Raises LayerAbsent."""
    spec = importlib.util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        raise LayerAbsent("kubernetes_validate not installed; pip install 'harmwatch[dev]'")
    return Path(spec.origin).parent / "kubernetes-json-schema"


def write_schemas(folder: Path, version: str) -> str:
    """Write strict schemas of all kinds of a version of Kubernetes (``1.37.0``) and of the operators' into a folder.

    Returns kubeconform's template of their location.
    """
    for path in (find_kubernetes_schemas() / f"v{version}-local-strict").glob("*.json"):
        schema = json.loads(path.read_text(encoding="utf-8").replace(_SERVED, "_definitions.json"))
        schema.pop("$id", None)
        (folder / path.name).write_text(json.dumps(schema), encoding="utf-8")
    for path in sorted(CRDS.glob("*.yaml")):
        definition = yaml.safe_load(path.read_text(encoding="utf-8"))["spec"]
        kind, group = definition["names"]["kind"].lower(), definition["group"].partition(".")[0]
        for served in definition["versions"]:
            schema = strict_schema(served["schema"]["openAPIV3Schema"])
            (folder / f"{kind}-{group}-{served['name']}.json").write_text(json.dumps(schema), encoding="utf-8")
    return f"{folder}/{{{{ .ResourceKind }}}}{{{{ .KindSuffix }}}}.json"


def strict_schema(node: Any) -> Any:
    """A structural schema of Kubernetes as a JSON schema that refuses unknown fields; the API server drops them."""
    if isinstance(node, list):
        return [strict_schema(item) for item in node]
    if not isinstance(node, dict):
        return node
    taken = {key: strict_schema(value) for key, value in node.items() if not key.startswith("x-kubernetes-")}
    if isinstance(node.get("properties"), dict) and not node.get("x-kubernetes-preserve-unknown-fields"):
        taken.setdefault("additionalProperties", False)
    return taken
