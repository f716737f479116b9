"""PyTorch's side of `hookline bench finetune --torch`; commands and answers: torch_serve.py.

usage: python torch_finetune.py SETUP.json

SETUP.json: what torch_serve.py says, {"shape": {...}, "outputs": C, "kind": "classes" | "number", "batches": path of a safetensors file}. The batches'
tensors are "0.inputIds", "0.tokenTypeIds", "0.attentionMask" [B, S] and "0.targets" ([B, C] shares of the classes, or [B, 1]), "1.inputIds" and so on.
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
        self.qkv = nn.Linear(hidden, 3 * hidden)
        self.output = nn.Linear(hidden, hidden)
        self.attention_norm = nn.LayerNorm(hidden, eps=epsilon)
        self.wide = nn.Linear(hidden, inner)
        self.narrow = nn.Linear(inner, hidden)
        self.output_norm = nn.LayerNorm(hidden, eps=epsilon)

    def forward(self, x, mask, rate: float):
        batch, length, hidden = x.shape
        query, key, value = self.qkv(x).view(batch, length, 3, self.heads, hidden // self.heads).permute(2, 0, 3, 1, 4)
        seen = F.scaled_dot_product_attention(query, key, value, attn_mask=mask, dropout_p=rate)
        x = self.attention_norm(x + F.dropout(self.output(seen.transpose(1, 2).reshape(batch, length, hidden)), rate))
        return self.output_norm(x + F.dropout(self.narrow(F.gelu(self.wide(x))), rate))


class Classifier(nn.Module):
    """PostLN BERT with a classifier, or one output for a number, over the pooled first token."""

    def __init__(self, shape, outputs, kind):
        super().__init__()
        hidden = shape["hiddenSize"]
        self.kind = kind
        self.word = nn.Embedding(shape["vocabSize"], hidden)
        self.position = nn.Embedding(shape["maxPositionEmbeddings"], hidden)
        self.token_type = nn.Embedding(shape["typeVocabSize"], hidden)
        self.embedding_norm = nn.LayerNorm(hidden, eps=shape["layerNormEps"])
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape["numHiddenLayers"]))
        self.pooler = nn.Linear(hidden, hidden)
        self.classifier = nn.Linear(hidden, outputs)

    def forward(self, ids, types, mask, targets, rate: float):
        x = self.word(ids) + self.token_type(types) + self.position.weight[: ids.shape[1]]
        x = F.dropout(self.embedding_norm(x), rate)
        for block in self.blocks:
            x = block(x, mask, rate)
        logits = self.classifier(F.dropout(torch.tanh(self.pooler(x[:, 0])), rate))
        return F.cross_entropy(logits, targets) if self.kind == "classes" else F.mse_loss(logits, targets)


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
        for part in ("weight", "bias"):
            names = [f"{prefix}.attention.self.{name}.{part}" for name in ("query", "key", "value")]
            pairs.append((getattr(block.qkv, part), [left.pop(name) for name in names]))
        layer(block.output, prefix + ".attention.output.dense")
        layer(block.attention_norm, prefix + ".attention.output.LayerNorm")
        layer(block.wide, prefix + ".intermediate.dense")
        layer(block.narrow, prefix + ".output.dense")
        layer(block.output_norm, prefix + ".output.LayerNorm")
    layer(model.pooler, "bert.pooler.dense")
    layer(model.classifier, "classifier")
    copy_weights(pairs, left)


def main():
    loaded = resident()
    with open(sys.argv[1], encoding="utf-8") as file:
        setup = json.load(file)
    stored = read_safetensors(setup["batches"])
    batches = []
    while f"{len(batches)}.inputIds" in stored:
        ids, types, mask, targets = (stored[f"{len(batches)}.{part}"] for part in ("inputIds", "tokenTypeIds", "attentionMask", "targets"))
        seen = mask.bool()
        batches.append([ids.long(), types.long(), None if seen.all() else seen[:, None, None, :], targets])
    serve(setup, loaded, Classifier(setup["shape"], setup["outputs"], setup["kind"]), load, batches)


main()
