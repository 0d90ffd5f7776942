"""The chart's receiver: valid, reached by its own Service alone, and with the configuration that the worker loads."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.chart import CHART, EVERYTHING, KUBERNETES, helm, loaded, objects, of_kind, rendered, settings, template
from tests.integration.test_chart import conforms, schemas

__all__ = ["schemas"]  # the fixture

pytestmark = pytest.mark.layer("helm")

ON = ("ingest.enabled=true",)


def receiver() -> Any:
    return objects(rendered(*ON))["StatefulSet", "hw-harmwatch-ingest"]


def selects(selector: dict[str, str], labels: dict[str, str]) -> bool:
    return selector.items() <= labels.items()


@pytest.mark.layer("kubeconform")
def test_kubernetes_takes_it(schemas: tuple[str, str]) -> None:
    odd = rendered(
        *EVERYTHING,
        *ON,
        "tls.secretName=t",
        "autoscaling.authenticationRef=a",
        "ingest.storageClassName=fast",
        release="rel.with.dots" + "-x" * 20,
    )
    summary = conforms("\n---\n".join([rendered(*ON), odd]), schemas)
    assert summary["invalid"] == summary["errors"] == summary["skipped"] == 0, summary


def test_it_is_off_unless_asked_for() -> None:
    assert "ingest" not in rendered()


def test_what_selects_the_worker_does_not_select_it_and_the_other_way_round() -> None:
    manifests = rendered(*ON, "serviceMonitor.enabled=true")
    mine = receiver()["spec"]["template"]["metadata"]["labels"]
    worker = objects(manifests)["StatefulSet", "hw-harmwatch"]["spec"]["template"]["metadata"]["labels"]
    for document in of_kind(
        manifests, "Service", "PodDisruptionBudget", "NetworkPolicy", "StatefulSet", "ServiceMonitor"
    ):
        spec = document["spec"]
        selector = spec.get("podSelector") or spec.get("selector")
        selector = selector.get("matchLabels", selector)
        of_ingest = document["metadata"]["name"].endswith("-ingest")
        assert selects(selector, mine) is of_ingest, document["metadata"]["name"]
        assert selects(selector, worker) is not of_ingest, document["metadata"]["name"]


def test_both_processes_load_the_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = loaded(rendered(*ON, "ingest.port=9999"), tmp_path, monkeypatch)
    assert (config.ingest.port, config.ingest.host) == (9999, "0.0.0.0")
    container = receiver()["spec"]["template"]["spec"]["containers"][0]
    assert container["args"][0] == "ingest"
    mounts = {mount["mountPath"] for mount in container["volumeMounts"]}
    assert str(config.ingest.token_file.parent) in mounts  # type: ignore[union-attr]
    # A directory of its own in the volume: the volume's root belongs to root.
    assert str(config.ingest.spool_directory.parent) in mounts  # type: ignore[union-attr]


def test_it_is_confined_and_may_finish() -> None:
    pod = receiver()["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] and not pod["automountServiceAccountToken"]
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"]
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
    assert pod["terminationGracePeriodSeconds"] == 40 > 20 + 5


def test_it_is_not_killed_while_it_reads_a_large_spool() -> None:
    """A restart reads it once more from its beginning, and is killed again."""
    (container,) = receiver()["spec"]["template"]["spec"]["containers"]
    probe = container["startupProbe"]
    assert probe["httpGet"]["path"] == "/livez"
    assert probe["periodSeconds"] * probe["failureThreshold"] >= 100e9 / 50e6  # 100 GB of a slow disk


def test_a_drained_node_does_not_take_all_receivers_at_once() -> None:
    """They may stand on one node; what is sent while none is there is lost by most senders."""
    made = objects(rendered(*ON))
    budget = made["PodDisruptionBudget", "hw-harmwatch-ingest"]["spec"]
    assert budget["maxUnavailable"] == 1 and made["StatefulSet", "hw-harmwatch-ingest"]["spec"]["replicas"] == 2
    assert selects(budget["selector"]["matchLabels"], receiver()["spec"]["template"]["metadata"]["labels"])
    off = objects(rendered(*ON, "podDisruptionBudget.enabled=false"))
    assert not [name for kind, name in off if kind == "PodDisruptionBudget"]


def test_the_notes_make_a_secret_with_every_key_that_pods_ask_for(tmp_path: Path) -> None:
    """A pod whose Secret lacks a key does not start. An installation alone shows the notes: here they are an object."""
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    notes = (chart / "templates" / "NOTES.txt").read_text(encoding="utf-8")
    shown = (
        '{{ define "notes" }}'
        + notes
        + '{{ end }}kind: Notes\nmetadata: {name: notes}\nnotes: {{ include "notes" . | quote }}\n'
    )
    (chart / "templates" / "notes.yaml").write_text(shown, encoding="utf-8")
    given = (*ON, "secret.saslUsernameKey=user", "secret.saslPasswordKey=pass")
    done = helm("template", "hw", chart, "--kube-version", KUBERNETES[-1], *settings(*given))
    assert done.returncode == 0, done.stderr
    (told,) = (document["notes"] for document in of_kind(done.stdout, "Notes"))
    made = set(re.findall(r"--from-literal=([\w-]+)=", told))
    asked = {
        key for pair in re.findall(r"secretKeyRef: {(.*?)}", done.stdout) for key in re.findall(r'key: "(.*)"', pair)
    }
    assert made == {"token", "hash-key", "ingest-token", "user", "pass"} == asked | {"ingest-token"}


def test_it_may_finish_however_long_that_may_take() -> None:
    longer = objects(rendered(*ON, "config.ingest.drain_seconds=60.5"))["StatefulSet", "hw-harmwatch-ingest"]
    assert longer["spec"]["template"]["spec"]["terminationGracePeriodSeconds"] == 81


@pytest.mark.parametrize("given", [{"release": "r" * 53}, {"release": "hw", "name": "n" * 63}])
def test_its_names_leave_room_for_what_kubernetes_adds(given: dict[str, str]) -> None:
    """Of a StatefulSet's pods a label is its name and a hash of ten: 63 characters, or no pod is made."""
    override = (f"nameOverride={given['name']}",) if "name" in given else ()
    manifests = rendered(*ON, "serviceMonitor.enabled=true", *override, release=given["release"])
    sets = of_kind(manifests, "StatefulSet")
    assert len(sets) == 2 and len({one["metadata"]["name"] for one in sets}) == 2
    for one in sets:
        assert len(one["metadata"]["name"]) + len("-0123456789") <= 63
        assert one["spec"]["serviceName"] in {service["metadata"]["name"] for service in of_kind(manifests, "Service")}
        assert all(len(value) <= 63 for value in one["spec"]["template"]["metadata"]["labels"].values())


def test_files_of_kafkas_settings_are_there_and_no_other_volumes() -> None:
    """A projected token, as docs/deployment.md says; the models beside it may be on a volume that one node has."""
    values = (
        "config.kafka={security_protocol: SASL_SSL, sasl_mechanism: OAUTHBEARER, oauth_token_file: /run/kafka/token}",
        "extraVolumes=[{name: token, projected: {sources: [{serviceAccountToken: {path: token, audience: kafka}}]}},"
        " {name: models, persistentVolumeClaim: {claimName: models}}]",
        "extraVolumeMounts=[{name: token, mountPath: /run/kafka, readOnly: true}, {name: models, mountPath: /models}]",
    )
    pod = objects(rendered(*ON, *values))["StatefulSet", "hw-harmwatch-ingest"]["spec"]["template"]["spec"]
    mounts = {mount["mountPath"]: mount["name"] for mount in pod["containers"][0]["volumeMounts"]}
    volumes = [volume["name"] for volume in pod["volumes"]]
    assert mounts["/run/kafka"] == "token" and "/models" not in mounts and "models" not in volumes
    # The worker's name for what clients send is not taken by a volume of that name.
    assert len(set(volumes)) == len(volumes) and mounts["/etc/harmwatch-ingest"] != "token"


@pytest.mark.parametrize("key", ["port", "spool_directory", "token_file"])
def test_keys_that_other_objects_go_by_are_refused(key: str) -> None:
    done = template(*ON, f"config.ingest.{key}=1")
    assert done.returncode != 0 and f"config.ingest.{key} would reach the worker alone" in done.stderr


@pytest.mark.parametrize(
    ("given", "message"),
    [
        # deploy/harmwatch.yaml shows it, and the pods would never start: probes do not reach it.
        (("config.ingest.host=127.0.0.1",), "config.ingest.host is loopback"),
        # IngestSpoolFilling goes by the limit: of 10 GiB the volume is full at a fifth, and clients are sent away.
        (("config.ingest.spool_max_bytes=10737418240",), "ingest.storage is 2Gi, no more than"),
        (("ingest.storage=1Gi",), "config.ingest.spool_max_bytes, 1073741824"),
        (("ingest.storage=1.5G", "config.ingest.spool_max_bytes=1500000000"), "ingest.storage is 1.5G, no more than"),
    ],
)
def test_what_would_not_agree_is_refused_with_the_way_out(given: tuple[str, ...], message: str) -> None:
    done = template("ingest.enabled=true", *given)
    assert done.returncode != 0 and message in done.stderr, done.stderr
    # Nobody listens then.
    assert template(*given).returncode == 0


@pytest.mark.parametrize(
    "given", [("ingest.storage=1100M",), ("ingest.storage=0.5Ti", "config.ingest.spool_max_bytes=500000000000")]
)
def test_a_volume_that_is_larger_than_the_spool_is_taken(given: tuple[str, ...]) -> None:
    assert template("ingest.enabled=true", *given).returncode == 0
