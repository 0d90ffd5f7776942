"""Scorers, and the machinery that runs them. SCORERS lists all of them; a scorer is one file plus one line here."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from importlib import import_module
from typing import Any, cast

from agent.errors import ConfigError
from agent.scoring.base import Scorer

__all__ = ["SCORERS", "load_scorer"]

SCORERS: Mapping[str, str] = {
    "pii": "agent.scoring.pii:PiiScorer",
    "toxicity": "agent.scoring.toxicity:ToxicityScorer",
    "adversarial": "agent.scoring.adversarial:AdversarialScorer",
    "detoxify": "agent.scoring.detoxify:DetoxifyScorer",
    "groundedness": "agent.scoring.grounding:GroundednessScorer",
}
"""Scorers by name. Strings, so that a scorer that is not used is never imported."""


def load_scorer(name: str, options: Mapping[str, Any]) -> Scorer:
    """Make a scorer. Loads no weights: call `Scorer.warm_up` for that.

    Parameters
    ----------
    name
        A row of `SCORERS`.
    options
        Keyword arguments of the scorer's class.

    Raises
    ------
    ConfigError
        When there is no such scorer, or it does not take these options. The message never quotes an option's value.
    """
    target = SCORERS.get(name)
    if target is None:
        raise ConfigError(f"no scorer is called {name!r}; there are {', '.join(sorted(SCORERS))}")
    module_name, _, class_name = target.partition(":")
    try:
        scorer_class = getattr(import_module(module_name), class_name)
    except (ImportError, AttributeError) as error:
        raise ConfigError(f"scorer {name}: {target} cannot be imported; reinstall harmwatch") from error
    known = [parameter for parameter in inspect.signature(scorer_class).parameters if parameter != "self"]
    for option in options:
        if option not in known:
            raise ConfigError(f"scorer {name}: no option {option!r}; it takes {', '.join(known) or 'none'}")
    try:
        return cast(Scorer, scorer_class(**options))
    except (TypeError, ValueError) as error:
        raise ConfigError(f"scorer {name}: an option is missing or has a wrong value") from error
