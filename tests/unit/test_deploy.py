"""deploy/: image, compose and examples, as far as they can be judged without Docker or a cluster."""

from __future__ import annotations

import argparse
import base64
import json
import re
import runpy
import shlex
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from agent.clock import ManualClock
from agent.errors import ConfigError
from streams.cli import COMMANDS
from streams.commands import proxy
from streams.commands.demo import add_arguments
from streams.config import WorkerConfig, load_config
from streams.demo.publish import publish_paced
from streams.demo.traffic import Traffic
from streams.formats import Decoder
from streams.ingest.config import IngestConfig
from streams.memory import MemoryBroker, MemorySink
from streams.ports import Record
from streams.proxy.settings import proxy_config

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
DOCKERFILE = DEPLOY / "docker" / "Dockerfile"
COMPOSE = DEPLOY / "compose" / "compose.yaml"
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
SECRETS = {"HARMWATCH_TOKEN": "t" * 32, "HARMWATCH_HASH_KEY": "k" * 32}
OURS = ("agent", "ingest", "proxy", "traffic", "rules")


def documents(path: Path) -> list[Any]:
    return list(yaml.safe_load_all(path.read_text(encoding="utf-8")))


@pytest.fixture
def compose() -> dict[str, Any]:
    (document,) = documents(COMPOSE)
    return dict(document)


@pytest.fixture
def secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)


# -- the image -------------------------------------------------------------------------------------------------------


def instructions() -> list[tuple[str, str]]:
    """(instruction, rest) of the Dockerfile, continued lines joined."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", DOCKERFILE.read_text(encoding="utf-8"), flags=re.MULTILINE))
    return [(line.split(None, 1)[0], line.split(None, 1)[1]) for line in text.splitlines() if line.strip()]


def let_in(path: str) -> bool:
    """By .dockerignore: the last pattern that fits the path, or a folder above it, decides."""
    taken = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        pattern = line.strip()
        if not pattern or pattern.startswith("#"):
            continue
        wanted = pattern.removeprefix("!")
        steps = path.split("/")
        if any(fnmatch("/".join(steps[: count + 1]), wanted) for count in range(len(steps))):
            taken = pattern.startswith("!")
    return taken


def test_what_the_image_copies_is_there_and_let_in() -> None:
    sources = [word for name, rest in instructions() if name == "COPY" and "--from" not in rest
               for word in rest.split()[:-1]]  # fmt: skip
    assert {"agent", "streams", "pyproject.toml", "deploy/profiles"} <= set(sources)
    for source in sources:
        assert (ROOT / source).exists() and let_in(source), source


@pytest.mark.parametrize("path", [".git/config", ".env", "deploy/harmwatch.yaml", "tests/conftest.py", "shared/data"])
def test_nothing_else_is_let_in(path: str) -> None:
    assert not let_in(path)


def test_the_image_is_pinned_runs_as_nobody_and_downloads_nothing() -> None:
    found = instructions()
    (base,) = [rest for name, rest in found if name == "ARG"]
    assert re.fullmatch(r"PYTHON_IMAGE=docker\.io/library/python:\d+\.\d+\.\d+-slim-[a-z]+", base)
    stages = [rest for name, rest in found if name == "FROM"]
    assert {stage.split()[-1] for stage in stages} >= {"cpu", "cuda"} and stages[-1].endswith(" AS cpu")
    assert [rest for name, rest in found if name == "USER"] == ["10001:10001"]
    environment = " ".join(rest for name, rest in found if name == "ENV")
    assert {"HF_HUB_OFFLINE=1", "TRANSFORMERS_OFFLINE=1", "HOME=/tmp"} <= set(environment.split())


def test_the_image_starts_a_command_that_exists_and_asks_for_health() -> None:
    found = dict(instructions())
    assert json.loads(found["ENTRYPOINT"]) == ["harmwatch"]
    assert json.loads(found["CMD"])[0] in COMMANDS
    # What it asks: tests/unit/test_healthcheck.py.
    (copied,) = [rest.split() for name, rest in instructions() if name == "COPY" and "healthcheck" in rest]
    assert f'CMD ["python", "{copied[1]}"]' in found["HEALTHCHECK"]
    asked = runpy.run_path(str(ROOT / copied[0]))
    assert set(asked["_PORTS"]) == {WorkerConfig().web.port, IngestConfig().port}
    assert float(re.findall(r"--timeout=(\d+)s", found["HEALTHCHECK"])[0]) > 2 * asked["_SECONDS"]


# -- compose ---------------------------------------------------------------------------------------------------------


def test_compose_is_valid(compose: dict[str, Any]) -> None:
    schema = json.loads((ROOT / "tests" / "fixtures" / "schemas" / "compose-spec.json").read_text(encoding="utf-8"))
    jsonschema.validate(compose, schema)
    misspelt = {**compose, "services": {**compose["services"], "kafka": {"imagee": "kafka"}}}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(misspelt, schema)


def test_compose_has_all_parts_with_exact_tags(compose: dict[str, Any]) -> None:
    images = {name: service["image"] for name, service in compose["services"].items()}
    assert images.keys() == {*OURS, *("kafka", "topics", "prometheus", "alertmanager", "grafana")}
    assert all(re.search(r":v?\d+\.\d+\.\d+$", image) for image in images.values())
    assert images["topics"] == images["kafka"] and {images[name] for name in OURS} == {f"harmwatch:{VERSION}"}


def test_compose_publishes_on_loopback_alone(compose: dict[str, Any]) -> None:
    ports = [port for service in compose["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 7 and all(port.startswith("127.0.0.1:") for port in ports)


def test_compose_mounts_what_is_there(compose: dict[str, Any]) -> None:
    mounts = [mount for service in compose["services"].values() for mount in service.get("volumes", [])]
    bound = [mount.split(":") for mount in mounts if mount.startswith(".")]
    assert len(bound) == 9
    for source, _, mode in bound:
        path = (COMPOSE.parent / source).resolve()
        assert path.is_relative_to(ROOT) and path.exists(), source
        assert mode == "ro"
    named = {mount.split(":")[0] for mount in mounts if not mount.startswith(".")}
    assert named == set(compose["volumes"])


@pytest.mark.parametrize("name", OURS)
def test_our_containers_are_confined(compose: dict[str, Any], name: str) -> None:
    service = compose["services"][name]
    assert service["read_only"] and service["tmpfs"] == ["/tmp"] and service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["build"]["target"] == "cpu" and not service.get("privileged")


@pytest.mark.usefixtures("secrets")
def test_the_agent_of_compose_reads_what_the_others_write(compose: dict[str, Any]) -> None:
    config = load_config(DEPLOY / "compose" / "harmwatch.yaml")
    services = compose["services"]
    assert set(services["agent"]["environment"]) == set(SECRETS)
    host, port = config.kafka.bootstrap_servers.split(":")
    assert f"INSIDE://{host}:{port}" in services["kafka"]["environment"]["KAFKA_ADVERTISED_LISTENERS"]
    made = [word.removeprefix("--topic=") for word in services["topics"]["command"] if word.startswith("--topic=")]
    assert tuple(made) == config.topics.events
    assert f"127.0.0.1:{config.web.port}:{config.web.port}" in services["agent"]["ports"]
    assert config.tap.drain_seconds < float(services["agent"]["stop_grace_period"].removesuffix("s"))


@pytest.mark.usefixtures("secrets")
def test_the_receiver_of_compose_brings_to_the_agents_topic(compose: dict[str, Any]) -> None:
    config, service = load_config(DEPLOY / "compose" / "harmwatch.yaml").ingest, compose["services"]["ingest"]
    assert config.topic is None and service["command"][0] == "ingest"
    assert f"127.0.0.1:{config.port}:{config.port}" in service["ports"]
    assert f"spool:{config.spool_directory.parent}" in service["volumes"]  # type: ignore[union-attr]
    longest = config.drain_seconds + 2 * config.kafka_patience_seconds
    assert longest < float(service["stop_grace_period"].removesuffix("s"))


@pytest.mark.usefixtures("secrets")
def test_the_proxy_of_compose_taps_to_the_agents_topic_when_it_is_asked_for(compose: dict[str, Any]) -> None:
    service = compose["services"]["proxy"]
    assert service["profiles"] == ["proxy"]
    assert not any("proxy" in other.get("depends_on", ()) for other in compose["services"].values())
    parser = argparse.ArgumentParser()
    proxy.add_arguments(parser)
    command, *words = service["command"]
    given = parser.parse_args([re.sub(r"\$\{\w+:-(.+)\}", r"\1", word) for word in words])
    assert command == "proxy" and f"./harmwatch.yaml:{given.config}:ro" in service["volumes"]
    host, port = given.upstream.removeprefix("http://").split(":")
    assert [mapped.split(":")[0] for mapped in service["extra_hosts"]] == [host]
    content = (DEPLOY / "compose" / "harmwatch.yaml").read_bytes()
    config = proxy_config(content, "compose", {"proxy.upstream": given.upstream})
    assert config.proxy.upstream == f"http://{host}:{port}" and config.proxy.tap.topic is None
    assert f"127.0.0.1:{config.proxy.port}:{config.proxy.port}" in service["ports"]
    assert f"'127.0.0.1', {config.proxy.port}" in service["healthcheck"]["test"][-1]
    assert f"proxy-spool:{config.proxy.tap.spool_directory.parent}" in service["volumes"]  # type: ignore[union-attr]
    longest = config.proxy.drain_seconds + config.proxy.tap.stop_seconds
    assert longest < float(service["stop_grace_period"].removesuffix("s"))


@pytest.mark.usefixtures("secrets")
def test_the_proxy_in_a_pod_fits_its_pod() -> None:
    written, deployment = documents(DEPLOY / "examples" / "sidecar" / "model-with-proxy.yaml")
    config = proxy_config(written["data"]["harmwatch.yaml"].encode(), "example", {})
    pod = deployment["spec"]["template"]["spec"]
    (sidecar,), (model,) = pod["initContainers"], pod["containers"]
    assert sidecar["restartPolicy"] == "Always" and sidecar["args"][0] == "proxy"
    ports = {port["name"]: port["containerPort"] for port in sidecar["ports"]}
    assert ports == {"http": config.proxy.port, "metrics": config.web.port}
    assert config.proxy.upstream == f"http://{model['args'][1]}:{model['args'][3]}"
    assert pod["terminationGracePeriodSeconds"] > config.proxy.drain_seconds + config.proxy.tap.stop_seconds
    mounts = {mount["mountPath"] for mount in sidecar["volumeMounts"]}
    assert str(config.proxy.tap.spool_directory.parent) in mounts  # type: ignore[union-attr]
    assert {probe: sidecar[probe]["tcpSocket"]["port"] for probe in ("livenessProbe", "readinessProbe")} == {
        "livenessProbe": "http",
        "readinessProbe": "http",
    }


def test_the_traffic_of_compose_is_a_command_that_exists(compose: dict[str, Any]) -> None:
    command, *words = compose["services"]["traffic"]["command"]
    assert command == "demo"
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    given = parser.parse_args(words)
    assert given.publish == "kafka:9092" and given.keep and given.topic == "inference.events"


def test_the_token_of_compose_is_long_enough(
    compose: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    default = re.fullmatch(
        r"\$\{HARMWATCH_TOKEN:-(.+)\}", compose["services"]["agent"]["environment"]["HARMWATCH_TOKEN"]
    )
    assert default is not None
    monkeypatch.setenv("HARMWATCH_HASH_KEY", "k")
    monkeypatch.setenv("HARMWATCH_TOKEN", default.group(1))
    load_config(DEPLOY / "compose" / "harmwatch.yaml")
    monkeypatch.setenv("HARMWATCH_TOKEN", "short")
    with pytest.raises(ConfigError, match="16 characters"):
        load_config(DEPLOY / "compose" / "harmwatch.yaml")


def test_prometheus_and_grafana_of_compose_find_each_other(compose: dict[str, Any]) -> None:
    (prometheus,) = documents(DEPLOY / "compose" / "prometheus.yaml")
    services = compose["services"]
    targets = [target for job in prometheus["scrape_configs"] for config in job.get("static_configs", [])
               for target in config["targets"]]  # fmt: skip
    targets += [f"{name}:{config['port']}" for job in prometheus["scrape_configs"]
                for config in job.get("dns_sd_configs", []) for name in config["names"]]  # fmt: skip
    targets += [target for manager in prometheus["alerting"]["alertmanagers"] for config in manager["static_configs"]
                for target in config["targets"]]  # fmt: skip
    assert {target.split(":")[0] for target in targets} <= {*services, "localhost"}
    (sources,) = documents(DEPLOY / "compose" / "grafana" / "datasources" / "prometheus.yaml")
    assert sources["datasources"][0]["url"] == "http://prometheus:9090"
    (provided,) = documents(DEPLOY / "compose" / "grafana" / "dashboards" / "harmwatch.yaml")
    path = provided["providers"][0]["options"]["path"]
    assert f"../../grafana/dashboards:{path}:ro" in services["grafana"]["volumes"]
    assert f"rules:{Path(prometheus['rule_files'][0]).parent}:ro" in services["prometheus"]["volumes"]
    assert services["prometheus"]["depends_on"]["rules"] == {"condition": "service_completed_successfully"}


def test_kafka_of_compose_keeps_its_data_in_its_volume(compose: dict[str, Any]) -> None:
    kafka = compose["services"]["kafka"]
    (volume,) = kafka["volumes"]
    assert kafka["environment"]["KAFKA_LOG_DIRS"] == volume.split(":")[1]
    # The volume belongs to a cluster; its id has sixteen bytes.
    assert len(base64.urlsafe_b64decode(kafka["environment"]["CLUSTER_ID"] + "==")) == 16


@pytest.mark.usefixtures("secrets")
def test_compose_measures_what_the_dashboards_show() -> None:
    config = load_config(DEPLOY / "compose" / "harmwatch.yaml")
    assert config.drift.enabled and config.drift.attributes
    assert config.identity.enabled and config.identity.sentiment.kind == "lexicon"
    # Its package is in the image.
    assert all("sentiment" in rest for name, rest in instructions() if name == "RUN" and "pip install" in rest)


def test_the_sidecar_shares_no_state_with_other_workers() -> None:
    written, _ = documents(DEPLOY / "examples" / "sidecar" / "model-with-sidecar.yaml")
    given = yaml.safe_load(written["data"]["harmwatch.yaml"])
    usual = WorkerConfig()
    assert given["kafka"]["group_id"] != usual.kafka.group_id
    for topic in ("panes", "decisions"):
        assert given["topics"][topic] != getattr(usual.topics, topic)


def test_the_helm_that_make_builds_takes_the_cluster_for_one_that_the_chart_allows() -> None:
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    (minor,) = re.findall(r"\$\(package\)\.k8sVersionMinor=(\d+)", text)
    (chart,) = documents(DEPLOY / "helm" / "harmwatch" / "Chart.yaml")
    (oldest,) = re.findall(r"^>=1\.(\d+)\.", chart["kubeVersion"])
    assert int(minor) >= int(oldest)


async def test_the_traffic_is_published_as_it_is_made_and_what_is_late_at_once() -> None:
    records = list(Traffic(3, 200, 1_800_000_000.0, 10.0))
    broker = MemoryBroker({"inference.events": 1})
    clock = ManualClock(1_800_000_100.0)
    assert await publish_paced(records, MemorySink(broker), "inference.events", clock) == len(records)
    assert [record.value for record in broker.log("inference.events")] == [record.value for record in records]


# -- examples --------------------------------------------------------------------------------------------------------


def values(name: str) -> dict[str, Any]:
    (document,) = documents(DEPLOY / "examples" / name / "values.yaml")
    return dict(document)


def decoded_formats(pinned: dict[str, str], topic: str, fixture: str) -> set[str]:
    folder = ROOT / "tests" / "fixtures" / "formats"
    value = (folder / f"{fixture}.in.json").read_bytes()
    headers = ()
    if (record := folder / f"{fixture}.record.json").is_file():
        given = json.loads(record.read_text(encoding="utf-8")).get("headers", {})
        headers = tuple((name, text.encode()) for name, text in dict(given).items())
    events = Decoder(pinned).decode(Record(topic, 0, 0, 1_790_000_000.0, None, value, headers))
    return {event.format for event in events}


def test_kserve_logs_to_the_topic_that_is_read() -> None:
    (sink,) = documents(DEPLOY / "examples" / "kserve" / "kafka-sink.yaml")
    (service,) = documents(DEPLOY / "examples" / "kserve" / "inference-service.yaml")
    chart = values("kserve")
    assert chart["kafka"]["topics"] == [sink["spec"]["topic"]]
    logger = service["spec"]["predictor"]["logger"]
    assert (
        logger["url"].endswith(f"/{sink['metadata']['namespace']}/{sink['metadata']['name']}")
        and logger["mode"] == "all"
    )
    # Nothing keys the halves of a call alike, so one partition has both.
    assert sink["spec"]["numPartitions"] == 1 == chart["workload"]["replicas"]
    pinned = chart["config"]["topics"]["formats"]
    assert decoded_formats(pinned, sink["spec"]["topic"], "cloudevents/structured_request") == {"cloudevents"}


def test_seldon_writes_the_topics_that_are_read() -> None:
    model, pipeline = documents(DEPLOY / "examples" / "seldon" / "model.yaml")
    chart = values("seldon")
    name, namespace = model["metadata"]["name"], model["metadata"]["namespace"]
    assert pipeline["spec"]["steps"] == [{"name": name}]
    topics = [f"seldon.{namespace}.model.{name}.{half}" for half in ("inputs", "outputs")]
    assert chart["kafka"]["topics"] == topics and chart["workload"]["replicas"] == 1
    assert decoded_formats(chart["config"]["topics"]["formats"], topics[0], "oip/json_request") == {"oip"}


def test_the_injected_sidecar_is_the_written_one() -> None:
    written, deployment = documents(DEPLOY / "examples" / "sidecar" / "model-with-sidecar.yaml")
    policy, binding = documents(DEPLOY / "examples" / "sidecar" / "injection-policy.yaml")
    pod = deployment["spec"]["template"]["spec"]
    (sidecar,) = pod["initContainers"]
    expression = policy["spec"]["mutations"][0]["jsonPatch"]["expression"]
    words = set(re.findall(r'"([^"]+)"', expression))
    assert {sidecar["name"], sidecar["image"], sidecar["restartPolicy"]} <= words
    assert {mount["mountPath"] for mount in sidecar["volumeMounts"]} <= words
    assert {volume["name"] for volume in pod["volumes"]} | {written["metadata"]["name"]} <= words
    assert {entry["name"] for entry in sidecar["env"]} <= words
    assert sidecar["image"] == f"harmwatch:{VERSION}" and binding["spec"]["policyName"] == policy["metadata"]["name"]
    assert f"runAsUser: {sidecar['securityContext']['runAsUser']}" in expression


@pytest.mark.usefixtures("secrets")
def test_the_configuration_of_the_sidecar_loads(tmp_path: Path) -> None:
    written, _ = documents(DEPLOY / "examples" / "sidecar" / "model-with-sidecar.yaml")
    (tmp_path / "harmwatch.yaml").write_text(written["data"]["harmwatch.yaml"], encoding="utf-8")
    config = load_config(tmp_path / "harmwatch.yaml")
    assert config.web.host == "0.0.0.0" and config.web.token is not None


def test_shell_commands_of_the_pages_name_files_that_are_there() -> None:
    page = (ROOT / "docs" / "deployment.md").read_text(encoding="utf-8")
    words = {
        word for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL) for word in shlex.split(block, comments=True)
    }
    named = {word for word in words if word.startswith("deploy/")}
    assert named
    for word in named:
        assert (ROOT / word).exists(), word
