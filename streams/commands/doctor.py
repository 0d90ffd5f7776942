"""``harmwatch doctor``: checks everything a worker needs, and says how to mend what is wrong."""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, cast

from rich.console import Console

from agent.clock import SystemClock
from agent.errors import ConfigError, HarmwatchError, TransportError
from agent.pipeline import build_embedding, build_scorers, build_sentiment
from agent.pipeline.build import watched_features
from agent.policy import Policy
from agent.scores import DIMENSIONS
from agent.scoring.base import Batch, ScoringItem, limits_of
from agent.scoring.embedding import EmbeddingMeasure
from agent.scoring.sentiment import SentimentMeasure
from streams.access.rights import missing_rights
from streams.commands.doctor_access import acls_text, look_at_access, look_at_rights
from streams.commands.doctor_beginning import look_at_beginning
from streams.commands.doctor_cascade import look_at_cascades, without_shared_lots
from streams.commands.doctor_drift import untold_of_drift
from streams.commands.doctor_edges import EDGES, look_at_edge
from streams.commands.doctor_processes import look_at_processes
from streams.commands.doctor_web import look_at_web
from streams.config import WorkerConfig, load_config
from streams.formats import FORMATS
from streams.state_owner import refuse_foreign_state
from streams.topics import STATE_ROOM, admin_client, describe_topics, largest_message, topic_specs

__all__ = ["Check", "add_arguments", "check_all", "run"]

Outcome = Literal["ok", "warning", "failed"]
_MARK: dict[Outcome, str] = {"ok": "[green]✓[/]", "warning": "[yellow]![/]", "failed": "[red]✗[/]"}


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``mend`` says what to do; empty when all is well."""

    name: str
    outcome: Outcome
    found: str
    mend: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="harmwatch.yaml")
    parser.add_argument(
        "--for",
        dest="process",
        choices=("run", *EDGES),
        default="run",
        help="which command is to run with it: a worker (run, the default), ingest or proxy",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument(
        "--acls", action="store_true", help="check nothing: print the ACLs that the worker needs in Kafka"
    )
    parser.add_argument(
        "--principal",
        metavar="USER",
        help="with --acls: whom to grant them, as User:name; default from the configuration",
    )


def run(args: argparse.Namespace) -> int:
    """Exit code 0 when a worker can run, 1 when something must be mended first."""
    config = load_config(args.config)  # a wrong file is wrong usage: exit code 2, with its one line
    if args.acls and args.process != "run":
        raise ConfigError("--acls prints a worker's rights; ingest and proxy need DESCRIBE and WRITE on their topic")
    if args.acls:
        sys.stdout.write(acls_text(config, args.principal, as_json=args.json) + "\n")
        return 0
    if args.principal is not None:
        raise ConfigError("--principal goes with --acls")
    checks = [Check("configuration", "ok", str(args.config))]
    console = Console(stderr=args.json)
    with _quiet(args.json, console):
        if args.process == "run":
            checks += check_all(config)
        else:
            checks += [Check(*found) for found in look_at_edge(config, args.process)]
    healthy = all(check.outcome != "failed" for check in checks)
    if args.json:
        sys.stdout.write(json.dumps({"ok": healthy, "checks": [asdict(check) for check in checks]}) + "\n")
    else:
        for check in checks:
            # A terminal folds by itself; in a log a line stays one.
            console.print(f"{_MARK[check.outcome]} {check.name}: ", end="", soft_wrap=True)
            console.print(check.found, markup=False, highlight=False, soft_wrap=True)
            if check.mend:
                console.print(f"    → {check.mend}", markup=False, highlight=False, soft_wrap=True)
    return 0 if healthy else 1


@contextmanager
def _quiet(quiet: bool, console: Console) -> Iterator[None]:
    if quiet or not console.is_terminal:
        yield
        return
    with console.status("checking"):
        yield


def check_all(config: WorkerConfig) -> list[Check]:
    """Every check that the configuration allows; one that fails does not stop the next."""
    checks: list[Check] = []
    for part in (_formats, _parts, _scorers, _cascades, _drift, _kafka, _web, _folders, _evidence, _policy, _canaries):
        checks += part(config)
    return _said_once(checks)


def _said_once(checks: list[Check]) -> list[Check]:
    """Without the worker's failure where another check says the same, and what it belongs to."""
    elsewhere = {check.found for check in checks if check.outcome == "failed" and check.name != "worker"}
    return [check for check in checks if check.name != "worker" or check.found not in elsewhere]


def _formats(config: WorkerConfig) -> list[Check]:
    unknown = sorted(set(config.topics.formats.values()) - set(FORMATS))
    stray = sorted(set(config.topics.formats) - set(config.topics.events))
    if unknown:
        names = ", ".join(sorted(FORMATS))
        return [Check("formats", "failed", f"unknown: {', '.join(unknown)}", f"topics.formats takes {names}")]
    if stray:
        return [Check("formats", "warning", f"pinned for topics that are not read: {', '.join(stray)}",
                      "add them to topics.events, or remove them from topics.formats")]  # fmt: skip
    return [Check("formats", "ok", "pinned" if config.topics.formats else "detected by headers and content")]


def _parts(config: WorkerConfig) -> list[Check]:
    """What only shows when the worker is put together: thresholds of unknown categories, panes longer than windows."""
    from streams.worker import Worker

    try:
        Worker.build(config)
    except HarmwatchError as error:
        return [Check("worker", "failed", str(error), "correct the configuration")]
    return [Check("worker", "ok", "can be put together")]


def _folders(_: WorkerConfig) -> list[Check]:
    try:
        with tempfile.TemporaryDirectory():
            return [Check("temporary folder", "ok", tempfile.gettempdir())]
    except OSError:
        mend = "mount a writable folder and set TMPDIR; delayed labels need it"
        return [Check("temporary folder", "failed", "none can be written", mend)]


def _scorers(config: WorkerConfig) -> list[Check]:
    checks: list[Check] = []
    clock = SystemClock()
    for name, section in config.scorers.items():
        if not section.enabled:
            checks.append(Check(f"scorer {name}", "ok", "disabled"))
            continue
        try:
            scorer = build_scorers({name: section})[0]
            scorer.warm_up()
        except HarmwatchError as error:
            checks.append(Check(f"scorer {name}", "failed", str(error), f"or set scorers.{name}.enabled: false"))
            continue
        item = _sample_item()
        started = clock.monotonic()
        scorer.score(Batch([item]))
        milliseconds = (clock.monotonic() - started) * 1000
        found = f"{scorer.version}, {scorer.lane}, {milliseconds:.1f} ms for one text"
        checks.append(Check(f"scorer {name}", "ok", "; ".join([found, *limits_of(scorer)])))
    checks += _measure("identity.sentiment", lambda: build_sentiment(config.identity))
    checks += _measure("drift.embeddings", lambda: build_embedding(config.drift) if config.drift.enabled else None)
    if not any(section.enabled for section in config.scorers.values()):
        checks.append(Check("scorers", "failed", "none is enabled", "enable one under scorers:"))
        return checks
    return [*checks, *_unjudged(config)]


def _unjudged(config: WorkerConfig) -> list[Check]:
    """Dimensions that texts are scored for, and that nothing enabled scores. Bias comes of decisions."""
    try:
        judged = {dimension for scorer in build_scorers(config.scorers) for dimension in scorer.categories.values()}
    except HarmwatchError:
        return []  # which scorer it is has been said
    missing = [dimension for dimension in DIMENSIONS if dimension not in (*judged, "bias")]
    if not missing:
        return []
    found = f"none judges {', '.join(missing)}: its share of harm is unknown, and the harm index is not shown"
    return [Check("dimensions", "warning", found, "enable a scorer of it under scorers:, if it is to be watched")]


def _measure(title: str, build: Callable[[], SentimentMeasure | EmbeddingMeasure | None]) -> list[Check]:
    try:
        measure = build()
        if measure is None:
            return []
        measure.warm_up()
    except HarmwatchError as error:
        return [Check(title, "failed", str(error), f"correct it, or leave out {title}")]
    return [Check(title, "ok", f"{measure.version}, {measure.lane}")]


def _cascades(config: WorkerConfig) -> list[Check]:
    return [Check(title, cast(Outcome, outcome), *said) for title, outcome, *said in look_at_cascades(config)]


def _drift(config: WorkerConfig) -> list[Check]:
    try:
        features = watched_features(config, build_scorers(config.scorers))
    except HarmwatchError:
        return []  # which scorer it is has been said
    return [Check("drift", "warning", found, mend) for found, mend in untold_of_drift(config, features)]


def _sample_item() -> ScoringItem:
    from agent.events import TextPart
    from agent.normalize import normalize

    return ScoringItem(TextPart("The quick brown fox jumps over the lazy dog. 你好，世界。"), "input", normalize)


def _kafka(config: WorkerConfig) -> list[Check]:
    servers = config.kafka.bootstrap_servers
    access = [Check(*found) for found in look_at_access(config.kafka, SystemClock())]
    try:
        admin = admin_client(config.kafka)
    except (HarmwatchError, ValueError) as error:
        mend = "check kafka.bootstrap_servers, the network, and security settings"
        return [*access, Check("broker", "failed", str(error), mend)]
    try:
        missing = missing_rights(config, admin)
        existing = describe_topics(admin)
        room = [*_room(config, admin, existing), Check("processes", *look_at_processes(config, existing))]
        beginning = look_at_beginning(config, admin, existing)
    except Exception as error:  # kafka-python raises many kinds; each means that metadata cannot be read
        mend = "check the user's rights: harmwatch doctor --acls"
        return [*access, Check("broker", "failed", f"{servers}: {type(error).__name__}", mend)]
    finally:
        admin.close()
    rights = [Check(*found) for found in look_at_rights(config, missing)]
    # A topic that we may not see is none that is missing.
    unseen = {f"topic {right.name}" for right in missing if right.name not in existing and right.need != "creation"}
    topics = [check for check in _topics(config, existing) if check.name not in unseen]
    owner = [] if any(right.name == config.topics.panes for right in missing) else _owner(config, existing)
    if beginning is not None:
        room.append(Check(f"group {config.kafka.group_id}", "warning", *beginning))
    return [*access, Check("broker", "ok", servers), *rights, *topics, *room, *owner]


def _topics(config: WorkerConfig, existing: dict[str, int]) -> list[Check]:
    checks: list[Check] = []
    for topic in config.topics.events:
        if topic in existing:
            checks.append(Check(f"topic {topic}", "ok", f"{existing[topic]} partitions"))
        else:
            checks.append(
                Check(
                    f"topic {topic}",
                    "failed",
                    "does not exist",
                    "create it, or correct topics.events in the configuration",
                )
            )
    widest = max((existing.get(topic, 0) for topic in config.topics.events), default=0)
    for spec in topic_specs(config, max(widest, 1)):
        held = existing.get(spec.name)
        if held is None and config.topics.create_missing:
            checks.append(Check(f"topic {spec.name}", "ok", "missing; the worker will create it"))
        elif held is None:
            outcome: Outcome = "warning" if spec.optional else "failed"
            checks.append(
                Check(f"topic {spec.name}", outcome, "missing", "create it, or set topics.create_missing: true")
            )
        elif spec.by_source and held < widest and config.topics.create_missing:
            checks.append(Check(f"topic {spec.name}", "ok", f"{held} partitions; the worker will make {widest}"))
        elif spec.by_source and held < widest:
            mend = f"it needs {widest} partitions: kafka-topics --alter --partitions {widest}"
            checks.append(Check(f"topic {spec.name}", "failed", f"{held} partitions", mend))
        else:
            checks.append(Check(f"topic {spec.name}", "ok", f"{held} partitions"))
    return checks


def _room(config: WorkerConfig, admin: Any, existing: dict[str, int]) -> list[Check]:
    """A topic that somebody else made takes 1 MB, where state may be more. Not everybody may ask."""
    topic = config.topics.panes
    room = largest_message(admin, topic) if topic in existing else None
    if room is None or room >= STATE_ROOM:
        return []
    return [Check(f"topic {topic}", "warning", f"max.message.bytes is {room}: large window state is cut to fit",
                  f"kafka-configs --alter --topic {topic} --add-config max.message.bytes={STATE_ROOM}")]  # fmt: skip


def _owner(config: WorkerConfig, existing: dict[str, int]) -> list[Check]:
    topic = config.topics.panes
    if topic not in existing:
        return []
    try:
        asyncio.run(refuse_foreign_state(config))
    except ConfigError as error:
        mend = f"set topics.panes and topics.decisions, or kafka.group_id as those who write to {topic} have it"
        return [Check(f"topic {topic}", "failed", str(error), mend)]
    except TransportError as error:
        return [Check(f"topic {topic}", "warning", str(error), "grant READ on it")]
    return []


def _web(config: WorkerConfig) -> list[Check]:
    return [Check("web port", *look_at_web(config.web))]


def _evidence(config: WorkerConfig) -> list[Check]:
    costs = [
        cost
        for cost, is_paid in (
            ("hashes differ after every restart", config.evidence.enabled),
            ("every worker and every restart raises a campaign anew", config.campaigns.enabled),
            *((cost, True) for cost in without_shared_lots(config)),
        )
        if is_paid
    ]
    if costs and config.evidence.hash_key is None:
        return [Check("evidence", "warning", f"no hash key: {'; '.join(costs)}",
                      "set evidence.hash_key: ${HARMWATCH_HASH_KEY}")]  # fmt: skip
    return [Check("evidence", "ok", "enabled" if config.evidence.enabled else "disabled")]


def _policy(config: WorkerConfig) -> list[Check]:
    rules = len(config.policy.rules)
    found = f"{rules} rule{'' if rules == 1 else 's'}, otherwise {config.policy.default}"
    if config.topics.filtered is not None:
        return [Check("policy", "ok", f"{found}; filtered texts go to {config.topics.filtered}")]
    return [Check("policy", "ok", f"{found}; no filtered texts are published")]


def _canaries(config: WorkerConfig) -> list[Check]:
    """Whether the file and its key fit shows when the scorer is warmed up; this is about what findings lead to."""
    section = config.scorers.get("canary")
    if section is None or not section.enabled:
        return []
    if config.topics.filtered is not None:
        action = Policy(config.policy).action("pii.canary", "privacy", "output", "", 1.0)
        if action not in ("mask", "block"):
            return [Check("canaries", "warning", f"filtered texts let them out: the policy says {action}",
                          "add to policy.rules: {category: pii.canary, action: block}")]  # fmt: skip
    return [Check("canaries", "ok", "a leak is a critical finding of category pii.canary")]
