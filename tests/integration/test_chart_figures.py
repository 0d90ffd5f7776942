"""Rules, budgets and dashboards of the Helm chart, of one release and of several beside each other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.chart import ROOT, of_kind, rendered

pytestmark = pytest.mark.layer("helm")


def groups(manifests: str) -> Iterator[Any]:
    for rule in of_kind(manifests, "PrometheusRule"):
        yield from rule["spec"]["groups"]


def written_groups() -> dict[str, Any]:
    files = sorted((ROOT / "deploy" / "prometheus" / "rules").glob("*.yaml"))
    return {group["name"]: group for path in files for group in yaml.safe_load(path.read_text("utf-8"))["groups"]}


def without_links(given: dict[str, Any]) -> dict[str, Any]:
    links = ("dashboard_url", "runbook_url")
    for rule in (rule for group in given.values() for rule in group["rules"] if "alert" in rule):
        rule["annotations"] = {key: text for key, text in rule["annotations"].items() if key not in links}
    return given


def test_the_rules_are_those_of_deploy_prometheus() -> None:
    written = written_groups()
    given = {group["name"]: group for group in groups(rendered("prometheusRule.enabled=true"))}
    # No address was given: a link to an example leads nowhere.
    assert "example.com" not in json.dumps(given)
    assert written and given == without_links(written)


@pytest.mark.parametrize(
    "given, expected",
    [("https://wiki.corp/harmwatch/", "https://wiki.corp/harmwatch/{}"),
     ("https://git.corp/blob/main/docs/runbooks/zh-CN/{alert}.md",
      "https://git.corp/blob/main/docs/runbooks/zh-CN/{}.md")],
)  # fmt: skip
def test_links_of_alerts_lead_to_the_addresses_of_the_values(given: str, expected: str) -> None:
    addresses = ("prometheusRule.grafanaUrl=https://grafana.corp/", f"prometheusRule.runbookUrl='{given}'")
    manifests = rendered("prometheusRule.enabled=true", *addresses)
    alerts = [rule for group in groups(manifests) for rule in group["rules"] if "alert" in rule]
    assert alerts and "example.com" not in json.dumps(alerts)
    for rule in alerts:
        assert rule["annotations"]["dashboard_url"].startswith("https://grafana.corp/d/harmwatch-")
        assert rule["annotations"]["runbook_url"] == expected.format(rule["alert"])


def test_one_release_of_a_prometheus_has_the_rules_and_each_its_budgets() -> None:
    given = groups(rendered("prometheusRule.enabled=true", "prometheusRule.rules=false"))
    assert [group["name"] for group in given] == ["harmwatch-budgets"]


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


def budget_series(release: str, namespace: str) -> set[tuple[tuple[str, str], ...]]:
    given = ("prometheusRule.enabled=true", "prometheusRule.modelBudgets.bot.output=0.1", "serviceMonitor.enabled=true")
    (found,) = [group for group in groups(rendered(*given, release=release, namespace=namespace))
                if group["name"] == "harmwatch-budgets"]  # fmt: skip
    return {tuple(sorted({**rule["labels"], "record": rule["record"]}.items())) for rule in found["rules"]}


def test_no_two_releases_write_the_same_budget() -> None:
    written = [budget_series(*one) for one in (("clinic", "models"), ("bank", "models"), ("clinic", "staging"))]
    assert all(len(series) == 3 for series in written) and len(set().union(*written)) == 9


def test_the_budgets_hold_for_the_job_that_the_service_monitor_gives() -> None:
    manifests = rendered("prometheusRule.enabled=true", "serviceMonitor.enabled=true")
    (monitor,), (service,) = of_kind(manifests, "ServiceMonitor"), of_kind(manifests, "Service")
    # The Prometheus Operator's defaults, which nothing here changes: the Service's name, and its namespace.
    assert "jobLabel" not in monitor["spec"] and "relabelings" not in monitor["spec"]["endpoints"][0]

    def scraped(*given: str) -> set[tuple[str | None, str | None]]:
        (found,) = [group for group in groups(rendered("prometheusRule.enabled=true", *given))
                    if group["name"] == "harmwatch-budgets"]  # fmt: skip
        return {(rule["labels"].get("job"), rule["labels"].get("namespace")) for rule in found["rules"]}

    assert scraped("serviceMonitor.enabled=true") == {(service["metadata"]["name"], "models")}
    assert scraped("serviceMonitor.enabled=true", "prometheusRule.job=prod") == {("prod", None)}
    # Whoever scrapes otherwise has another job: a budget of one that is not there would hold for nobody.
    assert scraped() == {(None, None)}


def test_the_dashboards_are_those_of_grafana() -> None:
    files = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    maps = [
        held
        for held in of_kind(rendered("dashboards.enabled=true"), "ConfigMap")
        if "harmwatch.yaml" not in held["data"]
    ]
    assert files and len(maps) == len(files)
    given = {name: json.loads(text) for held in maps for name, text in held["data"].items()}
    # Grafana's sidecar puts the files of a whole cluster into one folder.
    assert given == {f"harmwatch-{path.name}": json.loads(path.read_text(encoding="utf-8")) for path in files}
    assert {held["metadata"]["labels"]["grafana_dashboard"] for held in maps} == {"1"}


def test_two_releases_give_grafana_no_uid_twice() -> None:
    def files(release: str) -> dict[str, str]:
        maps = of_kind(rendered("dashboards.enabled=true", release=release), "ConfigMap")
        return {name: text for held in maps for name, text in held["data"].items() if name.endswith(".json")}

    # In the sidecar's folder the second takes the place of the first, and they are the same.
    assert files("clinic") == files("bank")
    uids = [json.loads(text)["uid"] for text in files("clinic").values()]
    assert len(set(uids)) == len(uids) > 0
