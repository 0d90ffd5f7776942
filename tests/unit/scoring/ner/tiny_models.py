"""Models of named entities made on the spot: what they answer is known by construction; nothing is downloaded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from agent.scoring.ner.base import Entity, EntityKind
from agent.scoring.ner.gate import Script

__all__ = ["LABELS", "KnownNames", "write_ruler", "write_tagger", "write_trained"]

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")

_TAGS = {
    "anna": "B-PER", "lee": "I-PER", "olga": "B-PER", "王": "B-PER", "小": "I-PER", "明": "I-PER", "é": "B-PER",
    "北": "B-LOC", "京": "I-LOC", "paris": "B-LOC",
}  # fmt: skip
_WORDS = ("please", "ask", "about", "it", "now", "请", "联", "系", "他", "of", ".", ",", "'", "s", "##bel", "##a")


class KnownNames:
    """Implements `EntityModel`: finds the words that it was told of, wherever they stand."""

    version = "known@1"

    def __init__(self, known: Mapping[str, EntityKind], script: Script = "any") -> None:
        self.script: Script = script
        self.asked: list[str] = []
        self.warm = False
        self._known = known

    def warm_up(self) -> None:
        self.warm = True

    def entities(self, texts: Sequence[str]) -> list[list[Entity]]:
        self.asked += texts
        return [
            sorted(
                Entity(at, at + len(word), kind, 0.9)
                for word, kind in self._known.items()
                for at in range(len(text))
                if text.startswith(word, at)
            )
            for text in texts
        ]


def write_ruler(folder: Path, language: str, patterns: Mapping[str, str]) -> Path:
    """A blank spaCy pipeline whose entity ruler knows some words: label by words."""
    import spacy

    nlp = spacy.blank(language)
    nlp.meta["name"], nlp.meta["version"] = "ruled", "1.2.3"
    nlp.add_pipe("entity_ruler").add_patterns([{"label": label, "pattern": word} for word, label in patterns.items()])
    nlp.to_disk(folder)
    return folder


def write_trained(folder: Path) -> Path:
    """A spaCy pipeline with a trained ``ner`` that knows two names, and components that names do not need."""
    import random

    import spacy
    from spacy.training import Example

    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("ner")
    rows = [("Ask Anna now", 4, 8), ("Tell Olga please", 5, 9), ("Write to Anna", 9, 13), ("Olga left", 0, 4)]
    examples = [
        Example.from_dict(nlp.make_doc(text), {"entities": [(start, end, "PERSON")]}) for text, start, end in rows
    ] + [Example.from_dict(nlp.make_doc("Nothing to see here"), {"entities": []})]
    random.seed(3)
    optimizer = nlp.initialize(lambda: examples)
    for _ in range(30):
        nlp.update(examples, sgd=optimizer)
    nlp.to_disk(folder)
    return folder


def write_tagger(
    folder: Path, *, labels: Sequence[str] = LABELS, safe: bool = True, layers: int = 0, drop: str = ""
) -> Path:
    """A token classifier of BERT's kind. Without layers its answer is known: a token's label is that of its word.

    Parameters
    ----------
    layers
        With some, weights are random.
    drop
        A parameter to leave out of the weights.
    """
    import torch
    import transformers

    folder.mkdir(parents=True, exist_ok=True)
    words = [*_TAGS, *_WORDS, *"abcdefghijklmnopqrstuvwxyz"]
    words += [f"##{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]
    vocabulary = list(dict.fromkeys(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *words]))
    (folder / "vocab.txt").write_text("\n".join(vocabulary) + "\n", encoding="utf-8")
    transformers.BertTokenizerFast(str(folder / "vocab.txt"), strip_accents=False).save_pretrained(folder)
    config = transformers.BertConfig(
        vocab_size=len(vocabulary), hidden_size=16, num_hidden_layers=layers, num_attention_heads=2,
        intermediate_size=16, max_position_embeddings=34, initializer_range=0.5,
        id2label=dict(enumerate(labels)), label2id={label: place for place, label in enumerate(labels)},
    )  # fmt: skip
    with torch.random.fork_rng():
        torch.manual_seed(5)
        model = transformers.BertForTokenClassification(config)
    if not layers:
        embeddings = model.bert.embeddings
        for part in (embeddings.word_embeddings, embeddings.position_embeddings, embeddings.token_type_embeddings):
            part.weight.data.zero_()
        for place, word in enumerate(vocabulary):
            tag = _TAGS.get(word, "O")
            embeddings.word_embeddings.weight.data[place, LABELS.index(tag)] = 1.0
        model.classifier.weight.data.zero_()
        model.classifier.bias.data.zero_()
        model.classifier.weight.data[:, : len(labels)] = 4.0 * torch.eye(len(labels))
    state = {name: value for name, value in model.state_dict().items() if name != drop}
    if safe:
        model.save_pretrained(folder, state_dict=state)
    else:  # which transformers 5 does no more
        model.config.save_pretrained(folder)
        torch.save(state, folder / "pytorch_model.bin")
    return folder
