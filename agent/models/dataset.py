"""Training rows: reading, own sentences, families of sources, folds, weights."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agent.errors import ModelError
from agent.models import attack_templates, attacks, insults, templates

__all__ = ["BENIGN_PARTS", "Row", "Task", "family_of", "folds_of", "read_rows", "row_weights"]

Task = Literal["toxicity", "adversarial"]

# Sets of one origin share authors, topics and wording: held aside together, or the measurement is not out of source.
_FAMILIES = (
    ("own", ("own_templates", "own_insults")),
    ("cold", ("tox_zh_cold", "bg_tox_zh_cold")),
    ("perturbed", ("gen_tox_perturbed", "adv_enzh_perturbed", "gen_adv_obfuscated")),
    ("mlma", ("tox_en_mlma", "tox_fr_mlma", "tox_ar_mlma", "bg_tox_fr_mlma")),
    ("xsafety", ("prompt_zhen_xsafety", "prompt_xx_xsafety")),
    ("indirect", ("gen_adv_indirect", "adv_en_bipia", "adv_en_injecagent")),
    ("itw", ("adv_en_itw", "adv_en_garak", "adv_en_giskard", "adv_en_selfreminder", "adv_en_gptfuzz")),
    ("benign_zh", ("prompt_zh_benign", "out_zh_benign", "prompt_zh_cvalues")),
    ("benign_en", ("prompt_en_benign", "out_en_benign", "adv_en_wildguard")),
    ("jade", ("prompt_zh_jade", "prompt_en_jade", "out_zh_jade")),
    ("catqa", ("prompt_en_catqa", "prompt_zh_catqa", "prompt_vi_catqa")),
)


BENIGN_PARTS = (
    ("adv_en_wildguard_benign", "prompt_zh_benign", "own_override", "own_story"),
    ("prompt_en_benign", "out_zh_benign_belle"),
    ("adv_en_deepset", "out_en_benign_refs", "prompt_zh_cvalues_sensitive", "own_persona", "own_indirect"),
)
"""Benign prompts, answers and own hard negatives of the adversarial task, in parts that are held aside together."""

_DECODED_ELSEWHERE = ("gen_adv_obfuscated",)
"""Harmful and harmless requests in base64, ROT13, look-alikes and the like. The scorer undoes disguises and has the
result judged again: a classifier that learned from these would learn the disguise, not the attack."""


@dataclass(frozen=True, slots=True)
class Row:
    """One training text. `label` 1 = positive of the task; `group` is the set it comes from."""

    text: str
    lang: str
    label: int
    group: str


def read_rows(folder: Path, task: Task, seed: int) -> list[Row]:
    """Read ``<task>.jsonl.gz`` and add the project's own sentences.

    For the adversarial task a plainly harmful request (label 2 in the file) is *not* an attack: the model answers
    "does this text try to get around the rules", and a harmful wish without a technique does not.

    Raises
    ------
    ModelError
        The file is missing, or a row lacks a field.
    """
    path = folder / f"{task}.jsonl.gz"
    rows: list[Row] = []
    try:
        with gzip.open(path, "rt", encoding="utf-8") as stream:
            for line in stream:
                item = json.loads(line)
                group = str(item["id"]).split(":", 1)[0]
                rows.append(Row(str(item["text"]), str(item["lang"]), int(item["label"] == 1), group))
    except OSError as error:
        raise ModelError(f"training data {path.name}: cannot be read in the folder given by --data") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError(f"training data {path.name}: a row has no valid id, text, lang or label") from error
    if task == "toxicity":
        # One group a language, so that the small ones are not drowned by the balancing of sources.
        rows.extend(
            Row(row.text, row.lang, row.label, f"{templates.SOURCE}_{row.lang}") for row in templates.generate(seed)
        )
        own, source = insults.generate(seed), insults.SOURCE
        # Ordinary chat, code and business text must not look toxic either.
        plain = [row for row in attack_templates.generate(seed) if row.label == 0]
        rows.extend(Row(row.text, row.lang, 0, attack_templates.SOURCE) for row in plain)
    else:
        rows = [row for row in rows if row.group not in _DECODED_ELSEWHERE]
        rows.extend(Row(row.text, row.lang, row.label, row.group) for row in attacks.generate(seed))
        own, source = attack_templates.generate(seed), attack_templates.SOURCE
    rows.extend(Row(row.text, row.lang, row.label, source) for row in own)
    return rows


def family_of(group: str) -> str:
    """The family that is held aside together with `group`."""
    for family, prefixes in _FAMILIES:
        if group.startswith(prefixes):
            return family
    return group


def folds_of(rows: list[Row], folds: int) -> NDArray[np.int64]:
    """Fold of each row: whole families, largest first into the emptiest fold."""
    families = [family_of(row.group) for row in rows]
    sizes: dict[str, int] = {}
    for family in families:
        sizes[family] = sizes.get(family, 0) + 1
    filled = [0] * folds
    fold: dict[str, int] = {}
    for family in sorted(sizes, key=lambda name: (-sizes[name], name)):
        fold[family] = min(range(folds), key=lambda index: (filled[index], index))
        filled[fold[family]] += sizes[family]
    return np.array([fold[family] for family in families], np.int64)


def row_weights(rows: list[Row], soft_cap: float, own_cap: float | None = None) -> NDArray[np.float64]:
    """Weight of each row.

    A source larger than `soft_cap` rows grows only with the square root of its size, and inside each source the
    classes are brought most of the way to balance, so that the model gains little from knowing the source. `own_cap`
    is the cap of own-written groups, which are many rows of few words; the same cap when None.
    """
    groups = np.array([row.group for row in rows])
    labels = np.array([row.label for row in rows], np.float64)
    weights = np.ones(len(rows))
    for group in np.unique(groups):
        inside = groups == group
        total = float(inside.sum())
        share = float(labels[inside].mean())
        if 0.0 < share < 1.0:
            weights[inside & (labels == 1)] = (0.5 / share) ** 0.7
            weights[inside & (labels == 0)] = (0.5 / (1.0 - share)) ** 0.7
        cap = own_cap if own_cap is not None and group.startswith("own_") else soft_cap
        target = total if total <= cap else float(np.sqrt(total * cap))
        weights[inside] *= target / weights[inside].sum()
    return weights
