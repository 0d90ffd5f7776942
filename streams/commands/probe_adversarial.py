"""``harmwatch probe``: attacks on a served model, and how many of them succeed."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from rich.console import Console

from agent.errors import ConfigError
from agent.metrics.textfile import probe_textfile
from agent.probe.adversarial import attacks_of, feature_attacks_of
from agent.probe.adversarial.attack import Attack, Limits
from agent.probe.adversarial.defence import as_sent, sanitised
from agent.probe.adversarial.features import FeatureSpace
from agent.probe.adversarial.figures import SetTally
from agent.probe.adversarial.goal import GOALS, ComplyGoal, FlipGoal, Goal, GoalName
from agent.probe.adversarial.hunting import attack_items, group_for
from agent.probe.adversarial.items import Item, read_items
from agent.probe.adversarial.shown import Redactor
from agent.probe.asking import Asker
from agent.probe.journal import Journal
from agent.probe.question import COMPLIED, HARMLESS
from agent.probe.report import ADVERSARIAL_TEXTS, adversarial_sections, heading
from agent.probe.rows import read_rows, read_sets
from agent.probe.served import Features, GivesGradients, ServedModel
from agent.quality.measure import ScorerJudge
from agent.report import Words
from agent.scoring import SCORERS, load_scorer
from streams.commands.pages import show_report
from streams.commands.same_file import same_file
from streams.commands.terminal import progress_bar
from streams.commands.writable import check_writable, replace_file
from streams.served.callables import CallableModel

__all__ = ["BOUNDS", "OPTIONS", "add_arguments", "check_outputs", "prepared", "show"]

OPTIONS: Mapping[str, Any] = dict.fromkeys(
    (
        "attacks", "goal", "judge", "queries", "width", "depth", "similarity", "seed", "epsilon", "swaps", "reference",
        "metrics_out",
    )
) | {"sanitise": False}  # fmt: skip
"""Options of this task alone, with what they are when they are not given."""

BOUNDS = (
    ("queries", 1, 100_000),
    ("width", 1, 1_000),
    ("depth", 1, 20),
    ("similarity", 0.0, 1.0),
    ("seed", 0, 2**63),
    ("epsilon", 0.0, 1.0),
    ("swaps", 0, 1_000),
)
#: A request stays one in a template or in Base64; what is right about a text to be judged may change with them.
_DEFAULT_ATTACKS: Mapping[GoalName, Sequence[str]] = {
    "comply": ("all",),
    "flip": ("character", "word", "translation", "chinese"),
}
#: What a callable is asked before anything else, to find out how it is called and what it answers.
_HARMLESS = ("Good morning, how are you today?", "What is a good name for a cat?", "Thank you, that is all.")
_EXAMPLES, _QUERIES, _WIDTH, _DEPTH, _SIMILARITY, _EPSILON, _SWAPS = 5, 32, 4, 3, 0.5, 0.1, 1


def add_arguments(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--attacks", nargs="+", metavar="NAME",
                       help="perturbations, kinds of them (character, word, encoding, translation, chinese, template), "
                       "searches (greedy, beam, deepwordbug, pruthi, textbugger, ...), of features random, boundary, "
                       "spsa, fgsm, pgd; default all but searches, "
                       "for flip without encodings and templates")  # fmt: skip
    group.add_argument("--goal", choices=GOALS,
                       help="comply: an answer where there should be a refusal; flip: another decision (default "
                       "comply; flip for KServe, torch, features, and callables that give classes or "
                       "probabilities)")  # fmt: skip
    group.add_argument("--sanitise", action="store_true", help="send each text sanitised, as a defence would")
    group.add_argument("--judge", metavar="SCORER",
                       help="comply: an answer must also be harmful by this scorer, e.g. toxicity")  # fmt: skip
    group.add_argument("--queries", type=int, metavar="N", help=f"of a search on an item (default {_QUERIES})")
    group.add_argument("--width", type=int, metavar="N", help=f"of beam (default {_WIDTH})")
    group.add_argument("--depth", type=int, metavar="N",
                       help=f"perturbations on top of each other, of greedy and beam (default {_DEPTH})")  # fmt: skip
    group.add_argument("--similarity", type=float, metavar="X",
                       help=f"least similarity to the original, 0 to 1 (default {_SIMILARITY})")  # fmt: skip
    group.add_argument("--seed", type=int, metavar="N", help="of all chance (default 0)")
    group.add_argument("--epsilon", type=float, metavar="X",
                       help=f"features: change of a number, as a share of its range (default {_EPSILON})")  # fmt: skip
    group.add_argument("--swaps", type=int, metavar="N",
                       help=f"features: how many others may take another value (default {_SWAPS})")  # fmt: skip
    group.add_argument("--reference", type=Path, metavar="FILE",
                       help="features: rows that span the ranges (default: the set itself)")  # fmt: skip
    group.add_argument("--metrics-out", type=Path, metavar="FILE.prom",
                       help="write the rates as metrics, for node_exporter's textfile collector")  # fmt: skip


def check_outputs(args: argparse.Namespace, inputs: Iterable[tuple[Path, str]]) -> None:
    """See that the metrics may be written, and onto no input.

    Raises
    ------
    ConfigError
        When they may not.
    """
    path = args.metrics_out
    if path is None:
        return
    if path.suffix != ".prom":
        raise ConfigError(f"--metrics-out {path}: its name must end in .prom, or the collector leaves it alone")
    for other, role in inputs:
        if same_file(path, other):
            raise ConfigError(f"--metrics-out {path}: is {role}; name another file")
    check_writable(path, "--metrics-out")


@dataclass(frozen=True, slots=True)
class _Set:
    items: Sequence[Item]
    space: FeatureSpace | None


def prepared(args: argparse.Namespace) -> Callable[[ServedModel], dict[str, Any]]:
    """The probe, its data read and its options checked.

    Raises
    ------
    ConfigError, DataError
        When the data or an option are wrong.
    """
    sets = _sets(args)
    if args.goal == "flip" and args.judge is not None:
        raise ConfigError("--judge judges answers; it has no part in --goal flip")
    if args.judge is not None and args.judge not in SCORERS:
        raise ConfigError(f"--judge: no scorer is called {args.judge!r}; there are {', '.join(sorted(SCORERS))}")
    if args.sanitise and all(each.space for each in sets.values()):
        raise ConfigError("--sanitise is for texts; of features there is nothing to normalise")
    if not any(each.space for each in sets.values()):
        _text_attacks(args, "comply")  # names are checked before anybody is asked
    return partial(_attacked, args, sets)


def _sets(args: argparse.Namespace) -> dict[str, _Set]:
    found: dict[str, _Set] = {}
    reference = [] if args.reference is None else _features(read_items(read_rows(args.reference)), args.reference)
    for name, path, rows in read_sets(args.data):
        items = read_items(rows)
        space = None
        if items[0].features is not None:
            own = _features(items, path)
            spanning = reference or own
            if set(spanning[0]) != set(items[0].features):
                raise ConfigError(f"--reference {args.reference}: has other features than {path}")
            epsilon = _EPSILON if args.epsilon is None else args.epsilon
            space = FeatureSpace.of(spanning, epsilon=epsilon, swaps=_SWAPS if args.swaps is None else args.swaps)
            for row in own:
                space.check(row)
            if args.goal == "comply":
                raise ConfigError("--goal comply is for requests; features are judged: leave --goal out")
        found[name] = _Set(items if args.sample is None else items[: args.sample], space)
    return found


def _features(items: Sequence[Item], path: Path) -> list[Features]:
    rows = [item.features for item in items if item.features is not None]
    if not rows:
        raise ConfigError(f"--reference {path}: its rows have no features")
    return rows


def _limits(args: argparse.Namespace) -> Limits:
    return Limits(args.seed or 0, args.queries or _QUERIES, _SIMILARITY if args.similarity is None else args.similarity)


def _text_attacks(args: argparse.Namespace, goal: GoalName) -> list[Attack]:
    return attacks_of(
        args.attacks or _DEFAULT_ATTACKS[goal], _limits(args), width=args.width or _WIDTH, depth=args.depth or _DEPTH
    )


def _attacks(args: argparse.Namespace, each: _Set, goal: Goal, model: ServedModel) -> list[Attack]:
    if each.space is None:
        return _text_attacks(args, goal.name)
    gradients = model.input_gradients if isinstance(model, GivesGradients) else None
    return feature_attacks_of(args.attacks or ["all"], each.space, _limits(args), gradients)


def _gives_decisions(args: argparse.Namespace, sets: Mapping[str, _Set], model: ServedModel, journal: Journal) -> bool:
    """Find out how a callable is called; and whether, with no goal given, its answers to texts are decisions.

    What an earlier run has found them to be stands: a target that fails today, or a budget that is spent, must not
    turn what is remembered into something else.
    """
    if not isinstance(model, CallableModel):
        return False
    if all(each.space for each in sets.values()):
        first = next(iter(sets.values())).items[: len(_HARMLESS)]
        model.find_out([item.features for item in first if item.features is not None], answers=False)
        return False
    told = args.goal is None and not any(each.space for each in sets.values())  # rows have decisions of their own
    earlier = next(journal.decisions(), None) if told else None
    kind = model.find_out(_HARMLESS, answers=args.goal is None and earlier is None)
    if earlier is not None:
        kind = "texts" if earlier in (COMPLIED, HARMLESS) else "decisions"
    elif kind is None and args.goal is None:
        _note("what it answers could not be told, and is taken for texts; if it gives classes, give --goal flip")
    if args.goal is not None or kind in (None, "texts"):
        return False
    if kind == "decisions" and args.judge is not None:
        raise ConfigError("--judge judges answers, and this target gives classes or probabilities; leave it out")
    _note(
        "its answers are classes or probabilities, not texts: the goal is flip (--goal comply or flip decides)"
        if kind == "decisions"
        else "its answers are single words; if these are classes, give --goal flip"
    )
    return kind == "decisions"


def _note(line: str) -> None:
    Console(stderr=True).print(f"harmwatch probe: {line}", markup=False, highlight=False, soft_wrap=True)


def _goal(args: argparse.Namespace, each: _Set, model: ServedModel, decides: bool) -> Goal:
    flips = decides or each.space is not None or str(model.description["kind"]).startswith(("kserve", "torch"))
    if args.goal == "flip" or (args.goal is None and flips):
        return FlipGoal()
    if args.judge is None:
        return ComplyGoal()
    judge = ScorerJudge(load_scorer(args.judge, {}), {}, "output")

    def judged(text: str) -> tuple[float, bool]:
        (opinion,) = judge.judge([text])
        return opinion.score, opinion.flagged

    return ComplyGoal(judged, f"{judge.name}@{judge.version}")


def _attacked(args: argparse.Namespace, sets: Mapping[str, _Set], model: ServedModel) -> dict[str, Any]:
    with Journal(args.resume, dict(model.description)) as journal:
        return _found(args, sets, model, journal)


def _found(args: argparse.Namespace, sets: Mapping[str, _Set], model: ServedModel, journal: Journal) -> dict[str, Any]:
    decides = _gives_decisions(args, sets, model, journal)
    goals = {name: _goal(args, each, model, decides) for name, each in sets.items()}
    plans = {name: (each, _attacks(args, each, goals[name], model), goals[name]) for name, each in sets.items()}
    total = sum(
        sum(attack.suits(item) for attack in attacks) if goal.attacks(item) else 1
        for each, attacks, goal in plans.values()
        for item in each.items
    )
    examples = _EXAMPLES if args.examples is None else args.examples
    send, redact = sanitised if args.sanitise else as_sent, Redactor()
    limits = _limits(args)
    complete, remembered = True, 0
    found: dict[str, Any] = {}
    with progress_bar("attacking", total, quiet=args.quiet) as advance:
        for name, (each, attacks, goal) in plans.items():
            asker = Asker(model, journal)
            tally = SetTally(attacks, goal, examples)
            done = attack_items(
                each.items, attacks, goal, asker, send=send, advance=advance, least_left=limits.similarity,
                group_of=group_for(args.budget, attacks, limits),
            )  # fmt: skip
            for attacked in done:
                tally.add(attacked)
            asker.check_answered(len(each.items))
            complete, remembered = complete and not asker.spent, remembered + asker.remembered
            found[name] = tally.figures(len(each.items), asker.failures, redact)
            if decides and each.space is None:
                found[name]["counts"]["method_told_by"] = "answers"
    return {
        "task": args.task,
        "target": dict(model.description),
        "sanitised": args.sanitise,
        "limits": {"seed": limits.seed, "queries": limits.queries, "similarity": limits.similarity},
        "complete": complete,
        "run": {"requests": model.requests, "remembered": remembered},
        "sets": found,
    }


def show(args: argparse.Namespace, figures: Mapping[str, Any], now: float) -> None:
    """Page, table or JSON; and the metrics."""
    words = Words(ADVERSARIAL_TEXTS, args.lang)
    try:
        if args.metrics_out is not None:
            replace_file(args.metrics_out, probe_textfile(_samples(figures, now)), "--metrics-out")
    finally:
        show_report(args, figures, adversarial_sections(figures, words), heading(figures, words), words)


def _samples(figures: Mapping[str, Any], now: float) -> Iterator[tuple[str, Mapping[str, str], float]]:
    target = figures["target"]
    model = str(target.get("model", target["name"]))
    for name, found in figures["sets"].items():
        goal = str(found["counts"]["method"])
        for language, scores in (("all", found["scores"]), *found["by_category"].items()):
            for attack in ("original", "any", *found["attacks"]):
                score = scores.get(attack)
                if score is None or score["value"] is None:
                    continue
                labels = {"model": model, "set": name, "goal": goal, "attack": attack, "language": str(language)}
                low, high = score["interval"]
                for bound, value in (("value", score["value"]), ("lower", low), ("upper", high)):
                    yield "harmwatch_probe_success_ratio", {**labels, "bound": bound}, value
                yield "harmwatch_probe_items", labels, score["n"]
        for attack, facts in found["attacks"].items():
            labels = {"model": model, "set": name, "goal": goal, "attack": attack}
            yield "harmwatch_probe_queries", labels, facts["queries"]["all"]
    yield "harmwatch_probe_requests", {"model": model}, figures["run"]["requests"]
    yield "harmwatch_probe_complete", {"model": model}, float(figures["complete"])
    yield "harmwatch_probe_timestamp_seconds", {"model": model}, now
