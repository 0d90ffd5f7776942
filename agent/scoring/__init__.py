"""Scorers, and the machinery that runs them. SCORERS lists all of them; a scorer is one file plus one line here.

A slot is a scorer's name in the configuration, in metrics and verdicts; a kind is what fills it. ``pii``, ``toxicity``,
``adversarial`` and ``groundedness`` are slots with a scorer of ours (kind ``builtin``). A row whose class takes
``slot`` is a kind that fills any slot but ``pii`` and ``canary``, under its name; in the slot of its own name it need
not be mentioned. A slot of ours takes only what judges its own dimension.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any, Final, cast

from agent.errors import ConfigError
from agent.scores import Dimension
from agent.scoring.base import Scorer

__all__ = ["SCORERS", "load_scorer"]

SCORERS: Mapping[str, str] = {
    "pii": "agent.scoring.pii:PiiScorer",
    "toxicity": "agent.scoring.encoder_classifier:EncoderClassifier",
    "adversarial": "agent.scoring.adversarial:AdversarialScorer",
    "detoxify": "agent.scoring.detoxify:DetoxifyScorer",
    "transformers": "agent.scoring.transformers_classifier:TransformersScorer",
    "encoder": "agent.scoring.encoder_classifier:EncoderClassifier",
    "ngrams": "agent.scoring.ngram_classifier:NgramClassifier",
    "groundedness": "agent.scoring.grounding:GroundednessScorer",
    "canary": "agent.scoring.canary:CanaryScorer",
}
"""Scorers by name. Strings, so that a scorer that is not used is never imported."""

_SLOT = "slot"
#: The dimension of harm that a slot of ours stands for. What fills it and judges another leaves this one unmeasured.
_DIMENSION_OF_SLOT: Final[Mapping[str, Dimension]] = {
    "toxicity": "output",
    "adversarial": "adversarial",
    "groundedness": "output",
}
#: Kinds of one thing alone: harm in what is said. In another slot of ours they would pass for its scorer.
_HARM_KINDS: Final = frozenset({"encoder", "ngrams", "detoxify"})
#: Evidence is redacted by the spans of these slots: a kind that gives none would publish texts as they are.
_OWN_KIND_ONLY = frozenset({"pii", "canary"})


def load_scorer(name: str, options: Mapping[str, Any], kind: str | None = None) -> Scorer:
    """Make a scorer. Loads no weights: call `Scorer.warm_up` for that.

    Parameters
    ----------
    name
        The slot; a row of `SCORERS` unless a kind is given.
    options
        Keyword arguments of the scorer's class.
    kind
        A row of `SCORERS` whose class takes ``slot``; None or ``builtin``: the slot's own.

    Raises
    ------
    ConfigError
        When there is no such scorer or kind, it does not take these options, or what it judges does not belong to the
        slot (toxicity in the slot ``adversarial``). The message never quotes an option's value.
    """
    row = name if kind in (None, "builtin") else str(kind)
    target = SCORERS.get(row)
    if target is None:
        known = ", ".join(sorted(SCORERS))
        if row == name:
            raise ConfigError(f"no scorer is called {name!r}; there are {known}, or any name with a kind")
        raise ConfigError(f"scorer {name}: no kind is called {row!r}; there are builtin and the scorers {known}")
    try:
        scorer_class = resolve_name(target)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"scorer {name}: {target} cannot be imported; reinstall harmwatch") from error
    parameters = inspect.signature(scorer_class).parameters
    known_options = [each for each in parameters if each not in ("self", _SLOT)]
    slotted = _SLOT in parameters
    if row != name and (not slotted or name in _OWN_KIND_ONLY):
        raise ConfigError(f"scorer {name}: the kind {row} cannot fill it")
    for option in options:
        if option not in known_options:
            raise ConfigError(f"scorer {name}: no option {option!r}; it takes {', '.join(known_options) or 'none'}")
    for option in known_options:
        found = parameters[option]
        needed = found.default is found.empty and found.kind not in (found.VAR_POSITIONAL, found.VAR_KEYWORD)
        if needed and option not in options:
            raise ConfigError(f"scorer {name}: the option {option} is missing")
    try:
        scorer = cast(Scorer, scorer_class(**options, **({_SLOT: name} if slotted else {})))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"scorer {name}: an option has a wrong value") from error
    _check_belongs(scorer, name, row)
    return scorer


def _check_belongs(scorer: Scorer, slot: str, row: str) -> None:
    dimension = _DIMENSION_OF_SLOT.get(slot)
    if dimension is None or row == slot:
        return
    if dimension not in scorer.categories.values():
        judged = ", ".join(sorted(set(scorer.categories.values())))
        raise ConfigError(
            f"scorer {slot}: the kind {row} judges the dimension {judged}, and {dimension} would not be measured; "
            f"give it a name of its own, beside {slot}"
        )
    if slot != "toxicity" and row in _HARM_KINDS:
        raise ConfigError(f"scorer {slot}: the kind {row} judges toxicity, not {slot}; give it a name of its own")
