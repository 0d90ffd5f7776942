"""The documentation is true of the code: commands, keys, defaults, formats, examples, links."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml
from pydantic import BaseModel

from agent.campaigns import DETECTORS
from agent.config import ScorerConfig
from agent.metrics import CATALOGUE
from agent.metrics.catalogue_edge import INGEST_METRICS, PROXY_METRICS
from agent.metrics.catalogue_probe import PROBE_METRICS
from agent.probe.adversarial import SEARCHES
from agent.probe.adversarial.features import FEATURE_ATTACKS
from agent.probe.perturbations import PERTURBATIONS, perturbation
from agent.scores import CampaignEvidence, Evidence, Verdict, verdict_id
from agent.scoring import SCORERS
from streams.audit import ConfigChange
from streams.cli import COMMANDS
from streams.config import WorkerConfig, load_config
from streams.formats import FORMATS, Decoder
from streams.formats.base import REASONS
from streams.ingest.routes import ROUTES
from streams.labels import read_label
from streams.live_keys import LIVE_KEYS
from streams.ports import Record
from tests.alerts import records

ROOT = Path(__file__).resolve().parents[2]
READMES = (ROOT / "README.md", ROOT / "README.zh-CN.md")
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *ROOT.glob("clients/*/*.md"),
        *(ROOT / "docs").glob("*.md"),
        *(ROOT / "docs" / "runbooks").rglob("*.md"),
    ]
)

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_ROW = re.compile(r"^\| `([^`]+)` \| ([^|]+) \|", re.MULTILINE)
_ROW_NAME = re.compile(r"^\| `([a-z_]+)` \|", re.MULTILINE)
_KEY = re.compile(r"`([a-z_]+(?:\.[a-z_]+)+)`")
_EXPLAINED_DEFAULTS = {"not set": None, "the host name": "the host name"}


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def blocks(text: str, language: str) -> list[str]:
    return [body for found, body in _BLOCK.findall(text) if found == language]


def without_blocks(text: str) -> str:
    return _BLOCK.sub("", text)


def headings(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^(#+) (.+)$", without_blocks(text), re.MULTILINE)


def anchor(title: str) -> str:
    """A heading's anchor, by GitHub's rule."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def configuration_keys(section: type[BaseModel], path: str = "") -> Iterator[tuple[str, Any]]:
    """Every key of a section with its default, as plain data."""
    for name, field in section.model_fields.items():
        key = f"{path}{name}"
        if key == "scorers":
            yield from configuration_keys(ScorerConfig, "scorers.<name>.")
        elif isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from configuration_keys(field.annotation, f"{key}.")
        elif key == "kafka.worker_name":
            yield key, "the host name"
        else:
            default = field.get_default(call_default_factory=True)
            yield key, list(default) if isinstance(default, tuple) else default


def documented_default(cell: str) -> Any:
    cell = cell.strip()
    return _EXPLAINED_DEFAULTS[cell] if cell in _EXPLAINED_DEFAULTS else yaml.safe_load(cell.strip("`"))


def test_both_readmes_have_the_same_shape_and_the_same_code() -> None:
    english, chinese = map(text_of, READMES)
    assert [level for level, _ in headings(english)] == [level for level, _ in headings(chinese)]
    assert _BLOCK.findall(english) == _BLOCK.findall(chinese)
    for table in (english, chinese):
        assert table.count("\n| ") == english.count("\n| ")


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_commands_of_a_readme_are_those_that_exist(readme: Path) -> None:
    text = text_of(readme)
    assert set(re.findall(r"^\| `harmwatch (\w+)` \|", text, re.MULTILINE)) == set(COMMANDS)
    assert set(re.findall(r"\bharmwatch ([a-z]+) ", "".join(blocks(text, "sh")))) <= set(COMMANDS)


@pytest.mark.parametrize("readme", READMES, ids=lambda path: path.name)
def test_the_formats_of_a_readme_are_those_that_exist(readme: Path) -> None:
    rows = {name for name, _ in _ROW.findall(text_of(readme)) if not name.startswith(("harmwatch", "pip"))}
    assert rows == set(FORMATS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_local_links_resolve(page: Path) -> None:
    for target in _LINK.findall(without_blocks(text_of(page))):
        if target.startswith(("https://", "http://")):
            continue
        name, _, fragment = target.partition("#")
        linked = (page.parent / name).resolve() if name else page
        assert linked.is_file(), f"{page.name}: {target}"
        if fragment:
            assert fragment in {anchor(title) for _, title in headings(text_of(linked))}, f"{page.name}: {target}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_make_targets_exist(page: Path) -> None:
    targets = set(re.findall(r"^([a-z0-9-]+):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z0-9-]+)", text_of(page), re.MULTILINE)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_metrics_named_exist(page: Path) -> None:
    for name in re.findall(r"\bharmwatch_(?!client\b)[a-z_]*[a-z]\b(?!_?\*)", text_of(page)):
        parts = (f"{name}_bucket" for name, spec in CATALOGUE.items() if spec.kind == "histogram")
        known = {
            *CATALOGUE,
            *PROBE_METRICS,
            *INGEST_METRICS,
            *PROXY_METRICS,
            *parts,
            *(record.split(":")[1] for record in records()),
        }
        assert name in known or any(each.startswith(f"{name}_") for each in known), f"{page.name}: {name}"


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_shares_of_harm_are_of_what_was_scored(page: Path) -> None:
    """By what was read they would fall when a scorer fails: missing is not safe."""
    shares = r"harmwatch_harmful_events_total\b[^/`]*(?:/|` against `)[^`]*?(harmwatch_\w+)"
    assert "harmwatch_events_total" not in re.findall(shares, text_of(page)), page.name


def test_the_page_of_probe_has_every_attack_and_metric() -> None:
    rows = re.findall(r"^\| (.+) \|$", text_of(ROOT / "docs" / "probe.md"), re.MULTILINE)
    cells = [[cell.strip() for cell in row.split(" | ")] for row in rows]
    documented = {row[0].strip("`"): row for row in cells}
    for name in PERTURBATIONS:
        assert documented[name][1] == perturbation(name).kind and documented[name][-1] in (
            perturbation(name).also_known_as,
            "|",
        )
    named = {name for row in cells for name in re.findall(r"`([a-z0-9_]+)`", row[0])}
    assert {*SEARCHES, *FEATURE_ATTACKS} <= named
    for spec in PROBE_METRICS.values():
        assert documented[spec.name][1:] == [spec.kind, ", ".join(spec.labels), spec.help]


def test_the_page_of_ingest_has_every_metric_and_path() -> None:
    page = text_of(ROOT / "docs" / "ingest.md")
    rows = [[cell.strip() for cell in row.split(" | ")] for row in re.findall(r"^\| (.+) \|$", page, re.MULTILINE)]
    documented = {row[0].strip("`"): row[1:] for row in rows}
    for spec in INGEST_METRICS.values():
        assert documented[spec.name] == [spec.kind, ", ".join(spec.labels), spec.help]
    assert {row[0].strip("`").removeprefix("POST ") for row in rows if "POST" in row[0]} == set(ROUTES)


def test_the_page_of_the_proxy_has_every_metric() -> None:
    page = text_of(ROOT / "docs" / "proxy.md")
    rows = [[cell.strip() for cell in row.split(" | ")] for row in re.findall(r"^\| (.+) \|$", page, re.MULTILINE)]
    documented = {row[0].strip("`"): row[1:] for row in rows}
    for spec in PROXY_METRICS.values():
        assert documented[spec.name] == [spec.kind, ", ".join(spec.labels), spec.help]


def test_the_configuration_page_has_every_key_with_its_default() -> None:
    page = text_of(ROOT / "docs" / "configuration.md")
    documented = {
        key: documented_default(default) for key, default in _ROW.findall(page) if "." in key or key == "log_level"
    }
    assert documented == dict(configuration_keys(WorkerConfig))


def test_the_keys_that_take_effect_while_a_worker_runs_are_documented() -> None:
    page = text_of(ROOT / "docs" / "configuration.md")
    section = page.partition("\n## While it runs\n")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.+`) \|", section, re.MULTILINE)
    named = [name for row in rows for name in re.findall(r"`([^`]+)`", row)]
    assert sorted(named) == sorted(LIVE_KEYS)


def test_the_example_of_an_audit_record_is_one() -> None:
    (example,) = blocks(text_of(ROOT / "docs" / "operations.md"), "json")
    change = msgspec.json.decode(example, type=ConfigChange)
    assert set(json.loads(example)) == set(ConfigChange.__struct_fields__)
    assert set(change.keys) <= set(LIVE_KEYS)


@pytest.mark.parametrize("page", PAGES, ids=lambda path: path.name)
def test_keys_named_anywhere_exist(page: Path) -> None:
    known = {key for key, _ in configuration_keys(WorkerConfig)}
    sections = {key.partition(".")[0] for key in known}
    for key in _KEY.findall(without_blocks(text_of(page))):
        if key.partition(".")[0] in sections - {"scorers", "metrics"}:
            assert key in known, f"{page.name}: {key}"


def test_the_scorers_of_the_configuration_page_exist() -> None:
    page = text_of(ROOT / "docs" / "configuration.md")
    section = page.partition("\n## scorers\n")[2].partition("\n## ")[0]
    assert {name for name, _ in _ROW.findall(section) if "." not in name} == set(SCORERS)


def test_the_example_configuration_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARMWATCH_BROKERS", raising=False)
    config = load_config(ROOT / "deploy" / "harmwatch.yaml")
    # It shows the defaults: whoever changes one of them must change the example too.
    assert config.model_copy(update={"kafka": WorkerConfig().kafka}) == WorkerConfig()
    assert config.kafka.bootstrap_servers == WorkerConfig().kafka.bootstrap_servers


def test_the_example_configuration_names_existing_keys_in_its_comments() -> None:
    lines = text_of(ROOT / "deploy" / "harmwatch.yaml").splitlines()
    comments = [match.group(1) for line in lines if (match := re.match(r"\s+# ([a-z_]+):", line))]
    known = {step for key, _ in configuration_keys(WorkerConfig) for step in key.split(".")} | set(SCORERS)
    assert comments and set(comments) <= known | {"options"}


def test_the_minimal_configuration_of_the_readme_loads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HARMWATCH_BROKERS", raising=False)
    (example,) = blocks(text_of(READMES[0]), "yaml")
    (tmp_path / "harmwatch.yaml").write_text(example, encoding="utf-8")
    assert load_config(tmp_path / "harmwatch.yaml").topics == WorkerConfig().topics


@pytest.mark.parametrize("name", FORMATS)
def test_the_example_of_a_format_is_of_that_format(name: str) -> None:
    section = text_of(ROOT / "docs" / "events.md").partition(f"\n## `{name}`\n")[2].partition("\n## ")[0]
    (example,) = blocks(section, "json")
    events = Decoder().decode(Record("inference.events", 0, 0, 1_790_000_000.0, None, example.encode(), ()))
    assert events
    assert {event.format for event in events} == {name}
    assert all(event.input is not None or event.output is not None for event in events)


def test_the_example_of_a_label_is_one() -> None:
    example = blocks(text_of(ROOT / "docs" / "events.md"), "json")[-1]
    assert read_label(example.encode()).label == "approved"


def test_all_reasons_of_dead_letters_are_documented() -> None:
    page = text_of(ROOT / "docs" / "events.md")
    assert {reason for reason in REASONS if f"`{reason}`" not in page} == set()


@pytest.mark.parametrize("page", [READMES[0], ROOT / "docs" / "verdicts.md"], ids=lambda path: path.name)
def test_example_verdicts_are_verdicts(page: Path) -> None:
    example = blocks(text_of(page), "json")[0]
    verdict = msgspec.json.decode(example, type=Verdict)
    assert verdict.id == verdict_id(verdict.source, verdict.inference_id, verdict.direction)
    assert set(json.loads(example)) <= set(Verdict.__struct_fields__)


def test_the_example_of_evidence_is_evidence() -> None:
    example = blocks(text_of(ROOT / "docs" / "verdicts.md"), "json")[1]
    evidence = msgspec.json.decode(example, type=Evidence)
    assert evidence.id == verdict_id(evidence.source, evidence.inference_id, evidence.direction)
    assert set(json.loads(example)) == set(Evidence.__struct_fields__)


def test_the_example_of_a_campaign_is_one() -> None:
    example = blocks(text_of(ROOT / "docs" / "campaigns.md"), "json")[0]
    campaign = msgspec.json.decode(example, type=CampaignEvidence)
    assert {campaign.kind, *campaign.signs} <= set(DETECTORS)
    assert set(json.loads(example)) == set(CampaignEvidence.__struct_fields__)


def test_the_kinds_of_campaigns_are_documented() -> None:
    assert set(_ROW_NAME.findall(text_of(ROOT / "docs" / "campaigns.md"))) == set(DETECTORS)


def test_pictures_are_small_and_call_nobody() -> None:
    for picture in (ROOT / "docs" / "images").iterdir():
        assert picture.stat().st_size < 300_000
        if picture.suffix == ".svg":
            assert "url(http" not in text_of(picture)
