"""Takes encoders of BERT's shape apart into their weights, so that our own forward pass can run them without padding.

Known: BERT (Devlin et al. 2019), RoBERTa (Liu et al. 2019), XLM-RoBERTa (Conneau et al. 2020), CamemBERT, DistilBERT
(Sanh et al. 2019) as Hugging Face's sequence classifiers. They differ in names, in where positions begin, in the head.
Whatever else there is runs as it comes (`agent.scoring.encoders.padded`).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from torch import Tensor, nn

from agent.scoring.encoders.quantize import Activation

__all__ = ["EncoderWeights", "HeadWeights", "LayerWeights", "take_apart"]


class LayerWeights(NamedTuple):
    """One layer: attention, then the feed-forward network, each added to its input and normalised afterwards."""

    query: nn.Linear
    key: nn.Linear
    value: nn.Linear
    attention_out: nn.Linear
    attention_norm: nn.LayerNorm
    up: nn.Linear
    down: nn.Linear
    output_norm: nn.LayerNorm


class HeadWeights(NamedTuple):
    """What makes logits of the first token: a layer, a nonlinearity, a layer."""

    dense: nn.Linear
    nonlinearity: str
    out: nn.Linear


class EncoderWeights(NamedTuple):
    """Everything that the forward pass needs.

    Attributes
    ----------
    words
        Shape (vocabulary, hidden).
    positions
        Shape (positions, hidden), from the position of the first token on; the embedding of token type 0 is added.
    activation
        Of the feed-forward network: ``gelu`` (exact) or ``relu``.
    heads
        Attention heads.
    """

    words: Tensor
    positions: Tensor
    embedding_norm: nn.LayerNorm
    layers: Sequence[LayerWeights]
    activation: Activation
    heads: int
    head: HeadWeights


def take_apart(model: Any) -> EncoderWeights | None:
    """The weights of a Hugging Face sequence classifier; None when it is not of a known shape.

    Whether the shape was understood is not taken on trust: the runner compares logits before it relies on it.
    """
    take = _KNOWN.get(type(model).__name__)
    if take is None:
        return None
    config = model.config
    if getattr(config, "position_embedding_type", "absolute") != "absolute" or getattr(config, "is_decoder", False):
        return None
    weights = take(model)
    return weights if weights.activation in ("gelu", "relu") else None


def _bert(model: Any) -> EncoderWeights:
    head = HeadWeights(model.bert.pooler.dense, "tanh", model.classifier)
    return _bert_shaped(model.bert, model.config, 0, head)


def _roberta(model: Any) -> EncoderWeights:
    head = HeadWeights(model.classifier.dense, "tanh", model.classifier.out_proj)
    # Positions are counted from behind the padding index.
    return _bert_shaped(model.roberta, model.config, int(model.config.pad_token_id) + 1, head)


def _distilbert(model: Any) -> EncoderWeights:
    body, config = model.distilbert, model.config
    embeddings = body.embeddings
    layers = [
        LayerWeights(
            layer.attention.q_lin, layer.attention.k_lin, layer.attention.v_lin, layer.attention.out_lin,
            layer.sa_layer_norm, layer.ffn.lin1, layer.ffn.lin2, layer.output_layer_norm,
        )
        for layer in body.transformer.layer
    ]  # fmt: skip
    return EncoderWeights(
        embeddings.word_embeddings.weight,
        embeddings.position_embeddings.weight,
        embeddings.LayerNorm,
        layers,
        config.activation,
        int(config.n_heads),
        HeadWeights(model.pre_classifier, "relu", model.classifier),
    )


def _bert_shaped(body: Any, config: Any, first_position: int, head: HeadWeights) -> EncoderWeights:
    embeddings = body.embeddings
    layers = [
        LayerWeights(
            layer.attention.self.query, layer.attention.self.key, layer.attention.self.value,
            layer.attention.output.dense, layer.attention.output.LayerNorm,
            layer.intermediate.dense, layer.output.dense, layer.output.LayerNorm,
        )
        for layer in body.encoder.layer
    ]  # fmt: skip
    return EncoderWeights(
        embeddings.word_embeddings.weight,
        embeddings.position_embeddings.weight[first_position:] + embeddings.token_type_embeddings.weight[0],
        embeddings.LayerNorm,
        layers,
        config.hidden_act,
        int(config.num_attention_heads),
        head,
    )


_KNOWN: dict[str, Callable[[Any], EncoderWeights]] = {
    "BertForSequenceClassification": _bert,
    "RobertaForSequenceClassification": _roberta,
    "XLMRobertaForSequenceClassification": _roberta,
    "CamembertForSequenceClassification": _roberta,
    "DistilBertForSequenceClassification": _distilbert,
}
