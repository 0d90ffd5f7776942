"""The chart's TLS of ports and tokens: by Secrets that exist, in no value; whatever asks the port speaks it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.chart import EVERYTHING, loaded, objects, of_kind, pod_of, rendered, template
from tests.integration.test_chart import conforms, schemas

__all__ = ["schemas"]  # the fixture

pytestmark = pytest.mark.layer("helm")

WEB = ("web.tlsSecretName=web-cert", "web.tokensSecretName=people")
INGEST = ("ingest.enabled=true", "ingest.tlsSecretName=ingest-cert")
SCRAPED = ("serviceMonitor.enabled=true", "serviceMonitor.tlsConfig={serverName: hw}")
PROBES = ("startupProbe", "livenessProbe", "readinessProbe")


def mounted(pod: Any, secret: str) -> str:
    """The folder in which the pod's container has a Secret."""
    (volume,) = [each for each in pod["volumes"] if each.get("secret", {}).get("secretName") == secret]
    (mount,) = [each for each in pod["containers"][0]["volumeMounts"] if each["name"] == volume["name"]]
    assert mount["readOnly"] and "subPath" not in mount, "what is mounted by subPath never changes"
    assert volume["secret"]["defaultMode"] == 0o440  # helm reads the number as YAML does
    return str(mount["mountPath"])


@pytest.mark.layer("kubeconform")
def test_kubernetes_takes_it(schemas: tuple[str, str]) -> None:
    numbers = ("web.tlsSecretName='1'", "web.tokensSecretName='2'", "web.tokensKey='3'", "ingest.tlsSecretName='4'")
    manifests = [
        rendered(*WEB, *INGEST, *SCRAPED),
        rendered(*EVERYTHING, "ingest.enabled=true", *numbers),
        rendered(*WEB, "workload.kind=Deployment"),
    ]
    summary = conforms("\n---\n".join(manifests), schemas)
    assert summary["invalid"] == summary["errors"] == summary["skipped"] == 0, summary


def test_the_worker_finds_what_the_secrets_hold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = rendered(*WEB, "web.tokensKey=list")
    config, pod = loaded(manifests, tmp_path, monkeypatch), pod_of(manifests)
    folder = Path(mounted(pod, "web-cert"))
    assert (config.web.tls.cert_file, config.web.tls.key_file) == (folder / "tls.crt", folder / "tls.key")
    assert config.web.tokens_file is not None and str(config.web.tokens_file.parent) == mounted(pod, "people")
    (tokens,) = [each["secret"] for each in pod["volumes"] if each["name"] == "tokens"]
    assert tokens["items"] == [{"key": "list", "path": config.web.tokens_file.name}]
    plain = loaded(rendered(), tmp_path, monkeypatch)
    assert plain.web.tls.cert_file is None and plain.web.tokens_file is None


def test_the_receiver_finds_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifests = rendered(*INGEST)
    config = loaded(manifests, tmp_path, monkeypatch)
    pod = objects(manifests)["StatefulSet", "hw-harmwatch-ingest"]["spec"]["template"]["spec"]
    folder = Path(mounted(pod, "ingest-cert"))
    assert (config.ingest.tls.cert_file, config.ingest.tls.key_file) == (folder / "tls.crt", folder / "tls.key")
    # Its certificate is none of the worker's business, and the other way round.
    assert "ingest-cert" not in str(pod_of(manifests)) and "web-cert" not in str(pod)


@pytest.mark.parametrize(
    "given, worker, receiver",
    [((), None, None), (WEB, "HTTPS", None), (INGEST, None, "HTTPS"), ((*WEB, *INGEST), "HTTPS", "HTTPS")],
)
def test_probes_and_scrapes_speak_what_the_port_speaks(
    given: tuple[str, ...], worker: str | None, receiver: str | None
) -> None:
    manifests = rendered(*given, *SCRAPED, "ingest.enabled=true")
    found = objects(manifests)
    for name, scheme in (("hw-harmwatch", worker), ("hw-harmwatch-ingest", receiver)):
        (container,) = found["StatefulSet", name]["spec"]["template"]["spec"]["containers"]
        probes = [container[probe]["httpGet"] for probe in PROBES if probe in container]
        assert len(probes) >= 2 and {probe.get("scheme") for probe in probes} == {scheme}
        (endpoint,) = found["ServiceMonitor", name]["spec"]["endpoints"]
        assert endpoint.get("scheme") == (scheme.lower() if scheme else None)
        assert endpoint.get("tlsConfig") == ({"serverName": "hw"} if scheme else None)


def test_no_value_holds_a_secret() -> None:
    assert not of_kind(rendered(*WEB, *INGEST), "Secret")


@pytest.mark.parametrize(
    "given, message",
    [
        ("config.web.tls={cert_file: /a.pem, key_password: hunter2}", "set web.tlsSecretName"),
        ("config.web.tokens_file=/tokens.yaml", "set web.tokensSecretName"),
        ("config.ingest.tls={cert_file: /a.pem}", "set ingest.tlsSecretName"),
    ],
)
def test_what_probes_would_not_know_of_is_refused(given: str, message: str) -> None:
    done = template(given)
    assert done.returncode != 0 and message in done.stderr
    assert "hunter2" not in done.stdout + done.stderr


@pytest.mark.parametrize("setting", ["web.tokensKey=''", "web.tlsSecretName=A_B", "web.token=abc", "web=null"])
def test_wrong_values_are_refused(setting: str) -> None:
    done = template(setting)
    assert done.returncode != 0 and "values don't meet the specifications of the schema" in done.stderr
