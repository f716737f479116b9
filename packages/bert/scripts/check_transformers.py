"""Loads the folders that export-models.mjs wrote with Hugging Face's transformers, and compares.

Each folder is loaded by the class that its config.json names and by the matching AutoModel class. No tensor may be missing,
unexpected or of another shape; AutoTokenizer must give the same ids; the logits must be those of hookline within 1e-5.

usage: python check_transformers.py DIRECTORY      needs torch and transformers; exit code 1 if anything differs
"""
import json
import pathlib
import sys

import torch
import transformers

AUTO = {
    "Model": transformers.AutoModel,
    "ForMaskedLM": transformers.AutoModelForMaskedLM,
    "ForPreTraining": transformers.AutoModelForPreTraining,
    "ForSequenceClassification": transformers.AutoModelForSequenceClassification,
}


def check(folder: pathlib.Path) -> bool:
    expected = json.loads((folder / "hookline.json").read_text())
    config = transformers.AutoConfig.from_pretrained(folder)
    architecture = config.architectures[0]
    auto = next(auto for end, auto in AUTO.items() if architecture.endswith(end))
    faults = []
    for cls in (getattr(transformers, architecture), auto):
        model, info = cls.from_pretrained(folder, output_loading_info=True)
        if type(model).__name__ != architecture:
            faults.append(f"{cls.__name__} loads {type(model).__name__}")
        faults += [f"{kind}: {', '.join(map(str, info[kind]))}" for kind in ("missing_keys", "unexpected_keys", "mismatched_keys") if info[kind]]

    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    rows = [tokenizer(a, b, padding="max_length", max_length=expected["maxLength"]) for a, b in expected["texts"]]
    if [row["input_ids"] for row in rows] != expected["ids"]:
        faults.append("the tokenizer gives other ids")

    batch = {key: torch.tensor([row[key] for row in rows]) for key in ("input_ids", "token_type_ids", "attention_mask")}
    with torch.no_grad():
        outputs = model.eval()(**batch)
    differences = []
    for name, values in expected["outputs"].items():
        theirs, ours = outputs[name], torch.tensor(values)
        if ours.dim() == 3:  # what padding computes is nobody's business
            kept = batch["attention_mask"].bool()
            theirs, ours = theirs[kept], ours[kept]
        difference = (theirs - ours).abs().max().item()
        differences.append(f"{name} {tuple(theirs.shape)} within {difference:.1e}")
        if not difference < 1e-5:
            faults.append(f"{name} differs by {difference}")
    labels = f"; labels {list(config.id2label.values())}" if architecture.endswith("Classification") else ""
    print(f"{folder.name}: {architecture}, {'; '.join(differences)}{labels}")
    for fault in faults:
        print(f"  FAULT {fault}")
    return not faults


def main() -> int:
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    results = [check(folder.parent) for folder in sorted(pathlib.Path(sys.argv[1]).glob("*/hookline.json"))]
    print(f"{sum(results)} of {len(results)} folders load without a missing or unexpected key and agree")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())
