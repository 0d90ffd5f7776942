"""The Helm chart, rendered by helm itself."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.config import WorkerConfig, load_config
from tests.brokers.layers import find_program

ROOT = Path(__file__).parents[1]
CHART = ROOT / "deploy" / "helm" / "harmwatch"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
SERVED = [ROOT / "deploy" / "examples" / name / "values.yaml" for name in ("kserve", "seldon")]
#: The oldest that the chart says it can do with, and the newest that there are schemas of.
KUBERNETES = ("1.27.0", "1.37.0")
EVERYTHING = (
    *("serviceMonitor.enabled=true", "prometheusRule.enabled=true", "dashboards.enabled=true"),
    *("autoscaling.enabled=true", "gpu.enabled=true"),
)
#: What YAML would read as something else than a string, were it not quoted.
NUMBERS_AS_NAMES = (
    *("secret.name='1'", "secret.tokenKey='2'", "kafka.groupId='3'", "kafka.topics=['4']", "priorityClassName='5'"),
    *("tls.secretName='6'", "autoscaling.authenticationRef='7'", "gpu.runtimeClassName='8'", "podLabels.version='9'"),
)
VARIABLES = ("HARMWATCH_TOKEN", "HARMWATCH_HASH_KEY", "HARMWATCH_SASL_USERNAME", "HARMWATCH_SASL_PASSWORD")


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_program("helm", ""), *map(str, arguments)], capture_output=True, text=True, timeout=120.0
    )


def settings(*given: str) -> list[str]:
    """``key=value`` with YAML values as helm's arguments. Its own --set makes a string of 0.5."""
    pairs = [setting.partition("=") for setting in given]
    return [word for key, _, value in pairs for word in ("--set-json", f"{key}={json.dumps(yaml.safe_load(value))}")]


def template(*given: str, values: Path | None = None, release: str = "hw", namespace: str = "models",
             ) -> subprocess.CompletedProcess[str]:  # fmt: skip
    where = ("--namespace", namespace, "--kube-version", KUBERNETES[-1])
    return helm("template", release, CHART, *where, *(("--values", values) if values else ()), *settings(*given))


@cache
def rendered(*given: str, values: Path | None = None, release: str = "hw", namespace: str = "models") -> str:
    done = template(*given, values=values, release=release, namespace=namespace)
    assert done.returncode == 0, done.stderr
    return done.stdout


def objects(manifests: str) -> dict[tuple[str, str], Any]:
    found = [document for document in yaml.safe_load_all(manifests) if document]
    by_name = {(document["kind"], document["metadata"]["name"]): document for document in found}
    assert len(by_name) == len(found), "two of the same kind and name"
    return by_name


def of_kind(manifests: str, *kinds: str) -> list[Any]:
    return [document for (kind, _), document in objects(manifests).items() if kind in kinds]


def pod_of(manifests: str) -> Any:
    """Of the worker; the receiver has a workload of its own."""
    workloads = of_kind(manifests, "StatefulSet", "Deployment")
    (workload,) = [each for each in workloads if not each["metadata"]["name"].endswith("-ingest")]
    return workload["spec"]["template"]["spec"]


def loaded(manifests: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> WorkerConfig:
    """The configuration that the worker in the pod would read, with the environment that the pod gives it."""
    monkeypatch.chdir(folder)
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for entry in pod_of(manifests)["containers"][0]["env"]:
        monkeypatch.setenv(entry["name"], "given-by-the-secret-of-the-pod")
    (config,) = [held for held in of_kind(manifests, "ConfigMap") if "harmwatch.yaml" in held["data"]]
    (folder / "harmwatch.yaml").write_text(config["data"]["harmwatch.yaml"], encoding="utf-8")
    return load_config(folder / "harmwatch.yaml")
