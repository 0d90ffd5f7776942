"""Values of the Helm chart: each holds everywhere, whatever it is, or is refused with the way out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from streams.config import WorkerConfig
from tests.chart import EVERYTHING, loaded, of_kind, pod_of, rendered, template

pytestmark = pytest.mark.layer("helm")


def test_the_port_is_one_everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = rendered("service.port=9999")
    (container,), (service,) = pod_of(manifests)["containers"], of_kind(manifests, "Service")
    assert loaded(manifests, tmp_path, monkeypatch).web.port == 9999 == service["spec"]["ports"][0]["port"]
    (port,) = container["ports"]
    assert port["containerPort"] == 9999
    for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
        assert container[probe]["httpGet"]["port"] == port["name"]


def egress_ports(*given: str) -> list[int]:
    (policy,) = of_kind(rendered(*given), "NetworkPolicy")
    return [port["port"] for port in policy["spec"]["egress"][0]["ports"]]


def test_the_worker_may_go_to_the_ports_of_its_brokers() -> None:
    assert egress_ports() == [9092]
    brokers = "kafka.bootstrapServers='b-0:9094, b-1:9094,[fd00::1]:9095'"
    assert egress_ports(brokers) == [9094, 9095]
    # Brokers may advertise other ports than the ones they are asked at first.
    assert egress_ports(brokers, "networkPolicy.kafkaPorts=[9096]") == [9096, 9094, 9095]


def test_two_releases_share_neither_group_nor_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def own(release: str, namespace: str, *given: str) -> tuple[str, str, str]:
        config = loaded(rendered(*given, release=release, namespace=namespace), tmp_path, monkeypatch)
        return config.kafka.group_id, config.topics.panes, config.topics.decisions

    releases = [own(*one) for one in (("clinic", "models"), ("bank", "models"), ("clinic", "staging"))]
    assert all(len(set(names)) == 3 for names in zip(*releases, strict=True))
    names = ("kafka.groupId=harmwatch", "kafka.panesTopic=harm.panes", "kafka.decisionsTopic=harm.decisions")
    assert own("clinic", "models", *names) == ("harmwatch", "harm.panes", "harm.decisions")


def test_keda_watches_what_the_worker_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for offset in ("earliest", "latest"):
        manifests = rendered("autoscaling.enabled=true", f"config.kafka.auto_offset_reset={offset}")
        config = loaded(manifests, tmp_path, monkeypatch)
        (scaler,) = of_kind(manifests, "ScaledObject")
        (trigger,) = [trigger["metadata"] for trigger in scaler["spec"]["triggers"]]
        assert trigger["bootstrapServers"] == config.kafka.bootstrap_servers
        assert trigger["consumerGroup"] == config.kafka.group_id and (trigger["topic"],) == config.topics.events
        assert trigger["offsetResetPolicy"] == config.kafka.auto_offset_reset == offset


@pytest.mark.parametrize("release", ["rel.with.dots", "a" * 53, "release-" * 6 + "dots"])
def test_names_are_such_as_a_service_may_have(release: str) -> None:
    manifests = rendered(*EVERYTHING, release=release)
    (service,), (workload,) = of_kind(manifests, "Service"), of_kind(manifests, "StatefulSet")
    assert re.fullmatch("[a-z]([-a-z0-9]*[a-z0-9])?", service["metadata"]["name"])
    # A hash comes after it, in a label of 63 characters at most.
    assert len(workload["metadata"]["name"]) <= 52 and workload["spec"]["serviceName"] == service["metadata"]["name"]
    # objects() found no name twice: that of no dashboard is cut off.
    assert len([held for held in of_kind(manifests, "ConfigMap") if "harmwatch.yaml" not in held["data"]]) == 6


class OnceEach(yaml.SafeLoader):
    """Refuses a key that stands twice in a mapping, where PyYAML, and kubeconform by its default, take the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]  # type: ignore[no-untyped-call]
        assert len(set(keys)) == len(keys), sorted(keys)
        return super().construct_mapping(node, deep)


def test_labels_and_annotations_of_the_values_go_before_the_charts() -> None:
    version = '{"app.kubernetes.io/version": "8"}'
    places = ("podLabels", "serviceMonitor.labels", "prometheusRule.labels", "dashboards.labels")
    given = (*EVERYTHING, *(f"{place}={version}" for place in places), 'podAnnotations={"checksum/config": mine}')
    manifests = rendered(*given)
    for document in yaml.load_all(manifests, OnceEach):
        assert document is None or document["kind"]
    (workload,) = of_kind(manifests, "StatefulSet")
    pod = workload["spec"]["template"]["metadata"]
    assert pod["labels"]["app.kubernetes.io/version"] == "8" and pod["annotations"]["checksum/config"] == "mine"


def test_a_probe_that_is_null_is_left_out() -> None:
    (container,) = pod_of(rendered("probes.startup=null"))["containers"]
    assert "startupProbe" not in container and container["livenessProbe"] and container["readinessProbe"]


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
        *("image.tag=' '", "image.tag='1 # 2'", "image.tag=a:b", "image.repository=' '", "image.repository='a b'"),
        *("fullnameOverride=UPPER", "fullnameOverride=1st", "fullnameOverride=a.b", "nameOverride=a.b"),
        *("prometheusRule.grafanaUrl=grafana.corp", "kafka.panesTopic='a b'"),
        # What Kubernetes refuses: of a variable a number or a truth value, of these probes more than one success.
        *(
            "extraEnv=[{name: OMP_NUM_THREADS, value: 2}]",
            "extraEnv=[{name: FLAG, value: true}]",
            "extraEnv=[{value: a}]",
        ),
        *("probes.liveness.successThreshold=2", "probes.startup.successThreshold=2"),
        *("kafka=null", "probes=null", "config=null", "workload.replicas=null", "autoscaling.maxReplicas=null"),
    ],
)
def test_wrong_values_are_refused(setting: str) -> None:
    done = template(setting)
    assert done.returncode != 0 and "values don't meet the specifications of the schema" in done.stderr


@pytest.mark.parametrize(
    "given, message",
    [
        (("config.kafka=null",), "config.kafka is null"),
        (("config.worker.processes=auto",), "every core of the node without resources.limits.cpu"),
        (("config.scorers=null",), "config.scorers is null"),
        (("config.kafka=harmwatch",), "config.kafka must be a mapping"),
        (("config.kafka.group_id=other",), "set kafka.groupId"),
        (("config.kafka.bootstrap_servers='b:1'",), "set kafka.bootstrapServers"),
        (("config.topics.events=[other]",), "set kafka.topics"),
        (("config.topics.panes=other",), "set kafka.panesTopic"),
        (("config.topics.decisions=other",), "set kafka.decisionsTopic"),
        (("config.web.port=9999",), "set service.port"),
        (("config.web.host=127.0.0.1",), "config.web.host is loopback"),
        (("kafka.bootstrapServers='b:99999'",), "99999 is no port"),
        (("autoscaling.enabled=true", "autoscaling.minReplicas=5", "autoscaling.maxReplicas=2"), "minReplicas is 5"),
        (("autoscaling.enabled=true", "tls.secretName=t"), "autoscaling.authenticationRef is empty"),
        (
            ("autoscaling.enabled=true", "config.kafka.security_protocol=SASL_SSL"),
            "autoscaling.authenticationRef is empty",
        ),
        (("config.tap.drain_seconds=45",), "terminationGracePeriodSeconds must be more"),
        (
            ("serviceMonitor.enabled=true", "serviceMonitor.interval=5s"),
            "serviceMonitor.scrapeTimeout is 10s, more than",
        ),
        # With a scrape every five minutes HarmSpike never fires, whatever there is.
        (
            ("serviceMonitor.enabled=true", "prometheusRule.enabled=true", "serviceMonitor.interval=3m"),
            "serviceMonitor.interval is 3m: every five minutes",
        ),
        (("tls.clientCertificate=true",), "tls.clientCertificate is set without tls.secretName"),
        (("secret.saslUsernameKey=u",), "secret.saslUsernameKey is set without secret.saslPasswordKey"),
        (('podLabels={"app.kubernetes.io/name": other}',), "podLabels cannot have app.kubernetes.io/name"),
    ],
)
def test_what_would_not_agree_is_refused_with_the_way_out(given: tuple[str, ...], message: str) -> None:
    done = template(*given)
    assert done.returncode != 0 and message in done.stderr and "nil pointer" not in done.stderr, done.stderr


SECRETS = (
    *("web.token", "ingest.token", "evidence.hash_key"),
    *("kafka.sasl_password", "kafka.ssl_key_password", "kafka.oauth_client_secret"),
)


def test_all_secrets_of_the_configuration_are_known_to_the_chart() -> None:
    sections = {name: field.annotation for name, field in WorkerConfig.model_fields.items()}
    found = {
        f"{section}.{key}"
        for section, model in sections.items()
        if isinstance(model, type) and issubclass(model, BaseModel)
        for key, field in model.model_fields.items()
        if "SecretStr" in str(field.annotation)
    }
    assert found == set(SECRETS)


@pytest.mark.parametrize("key", SECRETS)
@pytest.mark.parametrize("value", ["hunter2-hunter2-hunter2", "${NAME:-hunter2-hunter2}", "x${NAME}", "1234567"])
def test_a_secret_in_the_configmap_is_refused_and_not_shown(key: str, value: str) -> None:
    done = template(f"config.{key}={value}")
    assert done.returncode != 0 and f"config.{key} would stand in a ConfigMap" in done.stderr
    assert value not in done.stdout + done.stderr


@pytest.mark.parametrize("key", SECRETS)
def test_a_secret_by_reference_is_taken(key: str) -> None:
    assert "${OWN_NAME}" in rendered(f"config.{key}=${{OWN_NAME}}")


def test_a_name_that_no_service_may_have_is_refused() -> None:
    done = template(release="1st")
    assert done.returncode != 0 and "set fullnameOverride" in done.stderr
    assert template("fullnameOverride=first", release="1st").returncode == 0


def test_as_many_processes_as_a_pod_may_use_cores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = ("config.worker.processes=auto", "resources.limits.cpu=4")
    assert loaded(rendered(*given), tmp_path, monkeypatch).worker.processes == "auto"
    assert loaded(rendered("config.worker.processes=3"), tmp_path, monkeypatch).worker.processes == 3


@pytest.mark.parametrize(
    "given",
    [
        ("serviceMonitor.interval=3m",),
        ("serviceMonitor.enabled=true", "serviceMonitor.interval=3m"),
        ("serviceMonitor.enabled=true", "prometheusRule.enabled=true", "serviceMonitor.interval=120s"),
        ("serviceMonitor.enabled=true", "serviceMonitor.interval=500ms", "serviceMonitor.scrapeTimeout=500ms"),
    ],
)
def test_scrapes_are_as_rare_as_the_rules_allow(given: tuple[str, ...]) -> None:
    assert template(*given).returncode == 0
