"""The Helm chart: what it renders is valid, loads in harmwatch, and confines the pod; no secret stands in it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
import yaml

from streams.config import WorkerConfig, load_config
from tests.brokers.layers import find_program
from tests.chart import (
    CHART,
    EVERYTHING,
    EXAMPLES,
    KUBERNETES,
    NUMBERS_AS_NAMES,
    ROOT,
    SERVED,
    helm,
    loaded,
    objects,
    of_kind,
    pod_of,
    rendered,
)
from tests.kubernetes_schemas import write_schemas

pytestmark = pytest.mark.layer("helm")

each_example = pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)


@pytest.mark.parametrize(
    "values", [None, *EXAMPLES, *SERVED], ids=lambda path: f"{path.parent.name}-{path.stem}" if path else "defaults"
)
def test_lint_finds_nothing(values: Path | None) -> None:
    done = helm("lint", "--strict", "--quiet", CHART, *(("--values", values) if values else ()))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[ERROR]" not in done.stdout and "[WARNING]" not in done.stdout


@pytest.fixture(scope="module", params=KUBERNETES)
def schemas(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Version of Kubernetes, and kubeconform's template of its schemas' location."""
    return request.param, write_schemas(tmp_path_factory.mktemp("schemas"), request.param)


def conforms(manifests: str, schemas: tuple[str, str]) -> dict[str, int]:
    version, location = schemas
    command = [
        find_program("kubeconform", ""),
        "-strict",
        "-summary",
        "-output",
        "json",
        "-kubernetes-version",
        version,
    ]
    done = subprocess.run(
        [*command, "-schema-location", location], input=manifests, capture_output=True, text=True, timeout=120.0
    )
    summary: dict[str, int] = json.loads(done.stdout)["summary"]
    assert (done.returncode == 0) == (summary["invalid"] + summary["errors"] == 0), done.stdout + done.stderr
    return summary


@pytest.mark.layer("kubeconform")
def test_kubernetes_takes_all_six_examples_and_everything_at_once(schemas: tuple[str, str]) -> None:
    odd = (rendered(*NUMBERS_AS_NAMES, *EVERYTHING), rendered(*EVERYTHING, release="rel.with.dots" + "-x" * 20))
    all_of_them = [rendered(*EVERYTHING), *odd, *(rendered(values=path) for path in (None, *EXAMPLES, *SERVED))]
    summary = conforms("\n---\n".join(all_of_them), schemas)
    assert summary["invalid"] == summary["errors"] == summary["skipped"] == 0, summary
    assert summary["valid"] == sum(len(objects(manifests)) for manifests in all_of_them) > 100


@pytest.mark.layer("kubeconform")
@pytest.mark.parametrize(
    "right, wrong",
    [
        ("maxUnavailable:", "maxUnavialable:"),
        ("endpoints:", "endpoint:"),
        ("triggers:", "trigger:"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: yess"),
    ],
)
def test_a_typing_error_would_be_found(schemas: tuple[str, str], right: str, wrong: str) -> None:
    manifests = rendered(*EVERYTHING)
    assert right in manifests
    assert conforms(manifests.replace(right, wrong), schemas)["invalid"] >= 1


@pytest.mark.layer("kubeconform")
def test_the_sidecar_example_is_valid(tmp_path: Path) -> None:
    newest = (KUBERNETES[-1], write_schemas(tmp_path, KUBERNETES[-1]))
    for path in sorted((ROOT / "deploy" / "examples" / "sidecar").glob("*.yaml")):
        summary = conforms(path.read_text(encoding="utf-8"), newest)
        assert summary["valid"] == 2 and not summary["invalid"] + summary["errors"] + summary["skipped"], path


# -- the configuration -----------------------------------------------------------------------------------------------


@each_example
def test_the_configuration_of_an_example_loads_with_its_profile(
    values: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = loaded(rendered(values=values), tmp_path, monkeypatch)
    profile = load_config(ROOT / "deploy" / "profiles" / values.name)
    assert config.bias == profile.bias
    assert config.evidence.keep_texts == profile.evidence.keep_texts and config.evidence.hash_key is not None
    for name, section in profile.scorers.items():
        assert config.scorers[name] == section
    given = yaml.safe_load(values.read_text(encoding="utf-8"))
    topics = given.get("kafka", {}).get("topics", ["inference.events"])
    assert list(config.topics.events) == topics
    assert config.web.host == "0.0.0.0" and config.web.token is not None


def test_config_goes_before_the_profile_and_large_numbers_stay_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = ("profile=justice", "config.bias.tolerated_ratio=0.95", "config.join.max_chars=50000001")
    config = loaded(rendered(*given), tmp_path, monkeypatch)
    assert config.bias.tolerated_ratio == 0.95 and config.join.max_chars == 50_000_001
    assert config.bias.attributes == ["race", "ethnicity", "national_origin", "sex", "age"]


def test_sasl_and_tls_come_from_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = (
        "secret.saslUsernameKey=user",
        "secret.saslPasswordKey=pass",
        "tls.secretName=ca",
        "tls.clientCertificate=true",
    )
    manifests = rendered(*given)
    config = loaded(manifests, tmp_path, monkeypatch)
    assert config.kafka.security_protocol == "SASL_SSL" and config.kafka.sasl_mechanism == "SCRAM-SHA-512"
    mounts = {mount["name"]: mount["mountPath"] for mount in pod_of(manifests)["containers"][0]["volumeMounts"]}
    files = (config.kafka.ssl_ca_file, config.kafka.ssl_cert_file, config.kafka.ssl_key_file)
    assert all(file is not None and str(file).startswith(mounts["tls"] + "/") for file in files)


def test_no_secret_stands_in_what_is_rendered() -> None:
    for values in EXAMPLES:
        manifests = rendered(values=values)
        assert not of_kind(manifests, "Secret")
        for entry in pod_of(manifests)["containers"][0]["env"]:
            assert "value" not in entry and entry["valueFrom"]["secretKeyRef"]["name"]


# -- the pod ---------------------------------------------------------------------------------------------------------


@each_example
def test_the_pod_is_confined(values: Path) -> None:
    pod = pod_of(rendered(values=values))
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True and pod["securityContext"]["runAsUser"] == 10001
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    (container,) = pod["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert {"name": "tmp", "mountPath": "/tmp"} in container["volumeMounts"]
    assert container["resources"]["requests"]["memory"] and container["resources"]["limits"]["memory"]
    assert pod["terminationGracePeriodSeconds"] > WorkerConfig().tap.drain_seconds


def test_probes_ask_for_what_the_worker_serves() -> None:
    (container,) = pod_of(rendered())["containers"]
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness", "readiness")}
    assert paths == {"startup": "/livez", "liveness": "/livez", "readiness": "/readyz"}


@pytest.mark.parametrize("kind", ["StatefulSet", "Deployment"])
def test_scaling_is_left_to_keda_where_it_is_on(kind: str) -> None:
    (fixed,) = of_kind(rendered(f"workload.kind={kind}"), kind)
    assert fixed["spec"]["replicas"] == 2
    manifests = rendered(f"workload.kind={kind}", "autoscaling.enabled=true", "kafka.topics=[a.events, b.events]")
    (scaled,) = of_kind(manifests, kind)
    (scaler,) = of_kind(manifests, "ScaledObject")
    assert "replicas" not in scaled["spec"]
    assert scaler["spec"]["scaleTargetRef"] == {
        "apiVersion": "apps/v1",
        "kind": kind,
        "name": scaled["metadata"]["name"],
    }
    assert [trigger["metadata"]["topic"] for trigger in scaler["spec"]["triggers"]] == ["a.events", "b.events"]
    assert {trigger["metadata"]["consumerGroup"] for trigger in scaler["spec"]["triggers"]} == {"models.hw-harmwatch"}


def test_a_gpu_is_asked_for_with_the_image_for_it() -> None:
    (container,) = pod_of(rendered("gpu.enabled=true", "gpu.count=2"))["containers"]
    assert container["resources"]["limits"]["nvidia.com/gpu"] == 2 and container["resources"]["limits"]["memory"]
    assert container["image"].endswith("-cuda")
    (plain,) = pod_of(rendered())["containers"]
    assert "nvidia.com/gpu" not in plain["resources"]["limits"] and not plain["image"].endswith("-cuda")


def test_everything_selects_the_pods() -> None:
    manifests = rendered(*EVERYTHING)
    (workload,) = of_kind(manifests, "StatefulSet")
    labels = workload["spec"]["template"]["metadata"]["labels"].items()
    (service,), (budget,), (policy,) = (
        of_kind(manifests, kind) for kind in ("Service", "PodDisruptionBudget", "NetworkPolicy")
    )
    selectors = (workload["spec"]["selector"]["matchLabels"], service["spec"]["selector"],
                 budget["spec"]["selector"]["matchLabels"], policy["spec"]["podSelector"]["matchLabels"])  # fmt: skip
    assert all(selector and selector.items() <= labels for selector in selectors)
    (monitor,) = of_kind(manifests, "ServiceMonitor")
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert monitor["spec"]["endpoints"][0]["port"] in {port["name"] for port in service["spec"]["ports"]}
    assert workload["spec"]["serviceName"] == service["metadata"]["name"]
