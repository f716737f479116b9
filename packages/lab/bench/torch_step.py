"""PyTorch's side of `hookline bench step --torch` and `bench memory --torch`: one command a line on stdin, one JSON object a line on stdout.

usage: python torch_step.py SETUP.json

SETUP.json: {"shape": {...}, "weights": path of a safetensors file, "batches": path of one, "mode": "eager" | "compile", "lean": bool,
"learningRate", "betas", "epsilon", "weightDecay", "clipNorm"}. The batches' tensors are "0.inputIds", "0.tokenTypeIds",
"0.rows" (masked positions in [0, B*S)), "0.labels", "1.inputIds" and so on.

The first line, unasked: {"torch": version, "threads", "optimizer": form of AdamW in use, "loaded": bytes resident before there is a model}.
A lean process keeps nothing that a step does not need, and can do "step" and "memory" only.

commands: {"do": "step", "batch": N}      one training step; answers {"loss": x}
          {"do": "products"}              every matrix product of a step once; answers {}
          {"do": "memory"}                answers {"peak": the most bytes that were resident}
          {"do": "reset", "dropout": p}   initial weights and a new optimizer
"""

import json
import math
import os
import resource
import struct
import sys
import time

import torch
import torch.nn as nn
import torch.nn.functional as F


def resident():
    """Bytes resident now, or where only that is known, at most so far."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return peak()


def peak():
    """The most bytes resident so far, by the kernel. Linux's VmHWM where it is: that of getrusage begins with the parent's."""
    try:
        with open("/proc/self/status", encoding="ascii") as file:
            for line in file:
                if line.startswith("VmHWM:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


def read_safetensors(path):
    with open(path, "rb") as file:
        raw = bytearray(file.read())
    (length,) = struct.unpack("<Q", raw[:8])
    header = json.loads(raw[8 : 8 + length])
    kinds = {"F32": torch.float32, "I32": torch.int32}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        kind = kinds[entry["dtype"]]
        flat = torch.frombuffer(raw, dtype=kind, count=(end - begin) // 4, offset=8 + length + begin)
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


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
    if left:
        raise ValueError("weights that the model has no place for: " + ", ".join(sorted(left)))
    with torch.no_grad():
        for parameter, parts in pairs:
            parameter.copy_(torch.cat(parts) if len(parts) > 1 else parts[0])


def new_optimizer(model, setup, form):
    decay = [p for name, p in model.named_parameters() if not name.endswith("bias") and "norm" not in name]
    plain = [p for name, p in model.named_parameters() if name.endswith("bias") or "norm" in name]
    groups = [{"params": decay, "weight_decay": setup["weightDecay"]}, {"params": plain, "weight_decay": 0.0}]
    return torch.optim.AdamW(groups, lr=setup["learningRate"], betas=tuple(setup["betas"]), eps=setup["epsilon"], **{form: True})


def quicker_form(model, setup):
    """Whichever of AdamW's two forms updates this model faster here, by the best of a few passes."""
    for parameter in model.parameters():
        parameter.grad = torch.ones_like(parameter)
    best = {}
    for form in ("fused", "foreach"):
        optimizer = new_optimizer(model, setup, form)
        for _ in range(6):
            start = time.perf_counter()
            optimizer.step()
            best[form] = min(best.get(form, math.inf), time.perf_counter() - start)
    return min(best, key=best.get)


def main():
    loaded = resident()
    with open(sys.argv[1], encoding="utf-8") as file:
        setup = json.load(file)
    shape = setup["shape"]
    weights = read_safetensors(setup["weights"])  # kept for a reset
    stored = {name: tensor.long() for name, tensor in read_safetensors(setup["batches"]).items()}
    batches = []
    while f"{len(batches)}.inputIds" in stored:
        batches.append([stored[f"{len(batches)}.{part}"] for part in ("inputIds", "tokenTypeIds", "rows", "labels")])
    model = Bert(shape)
    forward = torch.compile(model) if setup["mode"] == "compile" else model
    form = "fused" if setup["lean"] else quicker_form(model, setup)  # fused needs no memory of its own
    load(model, weights)
    if setup["lean"]:
        weights = None
    optimizer = new_optimizer(model, setup, form)
    rate = 0.0
    products = [
        (count, torch.randn(batch, m, k), torch.randn(batch, k, n)) if batch > 1 else (count, torch.randn(m, k), torch.randn(k, n))
        for count, batch, m, k, n in setup["products"]
    ]

    def answer(value):
        sys.stdout.write(json.dumps(value) + "\n")
        sys.stdout.flush()

    answer({"torch": torch.__version__, "threads": torch.get_num_threads(), "optimizer": form, "loaded": loaded})
    for line in sys.stdin:
        command = json.loads(line)
        if command["do"] == "step":
            optimizer.zero_grad(set_to_none=True)
            loss = forward(*batches[command["batch"]], rate)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), setup["clipNorm"], foreach=True)
            optimizer.step()
            value = loss.item()
            answer({"loss": value if math.isfinite(value) else str(value)})
        elif command["do"] == "products":
            with torch.no_grad():
                for count, a, b in products:
                    for _ in range(count):
                        torch.matmul(a, b)
            answer({})
        elif command["do"] == "memory":
            answer({"peak": peak()})
        elif command["do"] == "reset":
            load(model, weights)
            optimizer = new_optimizer(model, setup, form)
            rate = float(command["dropout"])
            answer({})
        else:
            raise ValueError(f"unknown command {command['do']}")


main()
