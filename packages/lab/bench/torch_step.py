"""PyTorch's side of `hookline bench step --torch` and `bench memory --torch`; commands and answers: torch_serve.py.

usage: python torch_step.py SETUP.json

SETUP.json: what torch_serve.py says, {"shape": {...}, "batches": path of a safetensors file, "products": [[count, batch, m, k, n], ...]}. The batches'
tensors are "0.inputIds", "0.tokenTypeIds", "0.rows" (masked positions in [0, B*S)), "0.labels", "1.inputIds" and so on.
"""

import json
import sys

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch_serve import copy_weights, read_safetensors, resident, serve


class Block(nn.Module):
    def __init__(self, shape):
        super().__init__()
        hidden, inner, epsilon = shape["hiddenSize"], shape["intermediateSize"], shape["layerNormEps"]
        self.heads = shape["numAttentionHeads"]
        self.batch, self.length = shape["batchSize"], shape["sequenceLength"]
        self.attention_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.output = nn.Linear(hidden, hidden)
        self.ffn_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.wide = nn.Linear(hidden, inner)
        self.narrow = nn.Linear(inner, hidden)

    def forward(self, x, rate: float):
        hidden = x.shape[-1]
        split = self.qkv(self.attention_norm(x)).view(self.batch, self.length, 3, self.heads, hidden // self.heads)
        query, key, value = split.permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value, dropout_p=rate)
        x = x + F.dropout(self.output(seen.transpose(1, 2).reshape(-1, hidden)), rate)
        return x + F.dropout(self.narrow(F.gelu(self.wide(self.ffn_norm(x)))), rate)


class Bert(nn.Module):
    """PreLN BERT with a tied decoder over the masked rows."""

    def __init__(self, shape):
        super().__init__()
        hidden, epsilon = shape["hiddenSize"], shape["layerNormEps"]
        self.length = shape["sequenceLength"]
        self.word = nn.Embedding(shape["vocabSize"], hidden)
        self.position = nn.Embedding(shape["sequenceLength"], hidden)
        self.token_type = nn.Embedding(2, hidden)
        self.embedding_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape["numHiddenLayers"]))
        self.final_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.transform = nn.Linear(hidden, hidden)
        self.transform_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.decoder_bias = nn.Parameter(torch.zeros(shape["vocabSize"]))

    def forward(self, ids, types, rows, labels, rate: float):
        embedded = self.word(ids) + self.token_type(types) + self.position.weight.repeat(ids.shape[0] // self.length, 1)
        x = F.dropout(self.embedding_norm(embedded), rate)
        for block in self.blocks:
            x = block(x, rate)
        x = self.final_norm(x)[rows]
        x = self.transform_norm(F.gelu(self.transform(x)))
        return F.cross_entropy(F.linear(x, self.word.weight, self.decoder_bias), labels)


def load(model, weights):
    """Copies Hugging Face's tensors by name; every one must be used, and every parameter set."""
    left = dict(weights)
    pairs = []

    def layer(module, prefix):
        pairs.append((module.weight, [left.pop(prefix + ".weight")]))
        pairs.append((module.bias, [left.pop(prefix + ".bias")]))

    for module, name in ((model.word, "word"), (model.position, "position"), (model.token_type, "token_type")):
        pairs.append((module.weight, [left.pop(f"bert.embeddings.{name}_embeddings.weight")]))
    layer(model.embedding_norm, "bert.embeddings.LayerNorm")
    for i, block in enumerate(model.blocks):
        prefix = f"bert.encoder.layer.{i}"
        layer(block.attention_norm, prefix + ".attention.output.LayerNorm")
        for part in ("weight", "bias"):
            names = [f"{prefix}.attention.self.{name}.{part}" for name in ("query", "key", "value")]
            pairs.append((getattr(block.qkv, part), [left.pop(name) for name in names]))
        layer(block.output, prefix + ".attention.output.dense")
        layer(block.ffn_norm, prefix + ".output.LayerNorm")
        layer(block.wide, prefix + ".intermediate.dense")
        layer(block.narrow, prefix + ".output.dense")
    layer(model.final_norm, "bert.encoder.final_layer_norm")
    layer(model.transform, "cls.predictions.transform.dense")
    layer(model.transform_norm, "cls.predictions.transform.LayerNorm")
    pairs.append((model.decoder_bias, [left.pop("cls.predictions.bias")]))
    copy_weights(pairs, left)


def main():
    loaded = resident()
    with open(sys.argv[1], encoding="utf-8") as file:
        setup = json.load(file)
    stored = {name: tensor.long() for name, tensor in read_safetensors(setup["batches"]).items()}
    batches = []
    while f"{len(batches)}.inputIds" in stored:
        batches.append([stored[f"{len(batches)}.{part}"] for part in ("inputIds", "tokenTypeIds", "rows", "labels")])
    products = [
        (count, torch.randn(batch, m, k), torch.randn(batch, k, n)) if batch > 1 else (count, torch.randn(m, k), torch.randn(k, n))
        for count, batch, m, k, n in setup["products"]
    ]
    serve(setup, loaded, Bert(setup["shape"]), load, batches, products)


main()
