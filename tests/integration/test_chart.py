"""The Helm chart: what it renders is valid, loads in harmwatch, and holds rules and dashboards, but no secret."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from streams.config import WorkerConfig, load_config
from tests.brokers.layers import find_program
from tests.kubernetes_schemas import write_schemas

ROOT = Path(__file__).parents[2]
CHART = ROOT / "deploy" / "helm" / "harmwatch"
EXAMPLES = sorted((CHART / "examples").glob("*.yaml"))
SERVED = [ROOT / "deploy" / "examples" / name / "values.yaml" for name in ("kserve", "seldon")]
#: The oldest that the chart says it can do with, and the newest that there are schemas of.
KUBERNETES = ("1.27.0", "1.37.0")
EVERYTHING = (
    *("serviceMonitor.enabled=true", "prometheusRule.enabled=true", "dashboards.enabled=true"),
    *("autoscaling.enabled=true", "gpu.enabled=true"),
)
VARIABLES = ("HARMWATCH_TOKEN", "HARMWATCH_HASH_KEY", "HARMWATCH_SASL_USERNAME", "HARMWATCH_SASL_PASSWORD")

pytestmark = pytest.mark.layer("helm")

each_example = pytest.mark.parametrize("values", EXAMPLES, ids=lambda path: path.stem)


def helm(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [find_program("helm", ""), *map(str, arguments)], capture_output=True, text=True, timeout=120.0
    )


def settings(*given: str) -> list[str]:
    """``key=value`` with YAML values as helm's arguments. Its own --set makes a string of 0.5."""
    pairs = [setting.partition("=") for setting in given]
    return [word for key, _, value in pairs for word in ("--set-json", f"{key}={json.dumps(yaml.safe_load(value))}")]


@cache
def rendered(*given: str, values: Path | None = None) -> str:
    files = ("--values", values) if values else ()
    done = helm(
        "template", "hw", CHART, "--namespace", "models", "--kube-version", KUBERNETES[-1], *files, *settings(*given)
    )
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
    (workload,) = of_kind(manifests, "StatefulSet", "Deployment")
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
    all_of_them = [rendered(*EVERYTHING), rendered(), *(rendered(values=path) for path in (*EXAMPLES, *SERVED))]
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
    assert paths == {"startup": "/healthz", "liveness": "/healthz", "readiness": "/readyz"}


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
    assert {trigger["metadata"]["consumerGroup"] for trigger in scaler["spec"]["triggers"]} == {"harmwatch"}


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


# -- rules and dashboards --------------------------------------------------------------------------------------------


def groups(manifests: str) -> Iterator[Any]:
    for rule in of_kind(manifests, "PrometheusRule"):
        yield from rule["spec"]["groups"]


def test_the_rules_are_those_of_deploy_prometheus() -> None:
    files = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
    written = {
        group["name"]: group for path in files for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]
    }
    given = {group["name"]: group for group in groups(rendered("prometheusRule.enabled=true"))}
    assert written and given == written


def test_budgets_are_those_of_the_profile_and_what_the_values_say_over_them() -> None:
    given = ("prometheusRule.enabled=true", "profile=education")

    def budgets(*more: str) -> dict[tuple[str, str], str]:
        (found,) = [group for group in groups(rendered(*given, *more)) if group["name"] == "harmwatch-budgets"]
        return {(rule["labels"].get("model", ""), rule["labels"]["dimension"]): rule["expr"] for rule in found["rules"]}

    assert budgets() == {("", "output"): "vector(0.01)", ("", "privacy"): "vector(0.02)"}
    own = budgets("prometheusRule.budgets.output=0.002", "prometheusRule.modelBudgets.tutor.privacy=0.001")
    assert own == {
        ("", "output"): "vector(0.002)",
        ("", "privacy"): "vector(0.02)",
        ("tutor", "privacy"): "vector(0.001)",
    }


def test_the_dashboards_are_those_of_grafana() -> None:
    files = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    maps = [
        held
        for held in of_kind(rendered("dashboards.enabled=true"), "ConfigMap")
        if "harmwatch.yaml" not in held["data"]
    ]
    assert files and len(maps) == len(files)
    given = {name: json.loads(text) for held in maps for name, text in held["data"].items()}
    assert given == {path.name: json.loads(path.read_text(encoding="utf-8")) for path in files}
    assert {held["metadata"]["labels"]["grafana_dashboard"] for held in maps} == {"1"}


# -- wrong values ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting",
    [
        "profile=astrology",
        "replicas=3",
        "workload.kind=DaemonSet",
        "secret.tokenKey=''",
        "secret.saslPasswordKey=password",
        "kafka.bootstrapServers=kafka",
        "kafka.topics=[]",
        "prometheusRule.budgets.adversarial=0.1",
        "prometheusRule.budgets.output=2",
        "service.port=80",
        "image.digest=latest",
    ],
)
def test_wrong_values_are_refused(setting: str) -> None:
    done = helm("template", "hw", CHART, "--kube-version", KUBERNETES[-1], *settings(setting))
    assert done.returncode != 0 and "values don't meet the specifications of the schema" in done.stderr
