"""What PyTorch's sides of the benchmarks share: one command a line on stdin, one JSON object a line on stdout.

SETUP.json, their one argument, has at least {"weights": path of a safetensors file, "mode": "eager" | "compile", "lean": bool, "learningRate", "betas",
"epsilon", "weightDecay", "clipNorm"}.

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


def copy_weights(model_pairs, left):
    """Copies tensors, several one below the other where a parameter takes several; none may be left over."""
    if left:
        raise ValueError("weights that the model has no place for: " + ", ".join(sorted(left)))
    with torch.no_grad():
        for parameter, parts in model_pairs:
            parameter.copy_(torch.cat(parts) if len(parts) > 1 else parts[0])


def serve(setup, loaded, model, load, batches, products=()):
    """Trains `model`, whose forward pass takes a batch's tensors and a dropout rate and answers with the loss, as it is told to."""
    weights = read_safetensors(setup["weights"])  # kept for a reset
    forward = torch.compile(model) if setup["mode"] == "compile" else model
    form = "fused" if setup["lean"] else quicker_form(model, setup)  # fused needs no memory of its own
    load(model, weights)
    if setup["lean"]:
        weights = None
    optimizer = new_optimizer(model, setup, form)
    rate = 0.0

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
