"""Our logits beside llama.cpp's, on the same file.

    python llamacpp_logits.py ASSAY MODEL [LLAMA_MODEL]

Needs PyPI's xllamacpp and numpy. llama.cpp continues five questions greedily and tells the log
probabilities of its best tokens; `assay logits` replays the same tokens. llama.cpp rounds
activations to 8 bits before it multiplies quantised weights. LLAMA_MODEL may name the same weights
dequantised to F32, where it does not: what is left then is not its rounding.
"""

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import xllamacpp

QUESTIONS = [
    "What is the capital of France?",
    "Write a Python function that reverses a string.",
    "A train travels 60 km in 45 minutes. What is its speed in km/h?",
    "Name three prime numbers larger than 20.",
    "Translate 'good morning' into German.",
]
BEST = 5  # tokens compared at each position


def tokenize(assay, model, text):
    command = [assay, "tokenize", "--model", model]
    done = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def log_probabilities(assay, model, tokens):
    with tempfile.TemporaryDirectory() as folder:
        out = str(Path(folder) / "logits.npy")
        ids = ",".join(map(str, tokens))
        subprocess.run(
            [assay, "logits", "--model", model, "--tokens", ids, "--out", out],
            capture_output=True,
            check=True,
        )
        logits = numpy.load(out).astype(numpy.float64)
    logits -= logits.max(axis=1, keepdims=True)
    return logits - numpy.log(numpy.exp(logits).sum(axis=1, keepdims=True))


def main():
    assay, model = sys.argv[1:3]
    settings = xllamacpp.CommonParams()
    settings.model.path = sys.argv[3] if len(sys.argv) > 3 else model
    settings.n_ctx = 1024
    settings.cpuparams.n_threads = 2
    server = xllamacpp.Server(settings)
    differences, agreed, positions = [], 0, 0
    for question in QUESTIONS:
        text = f"<|im_start|>user\n{question}<|im_end|>\n<|im_start|>assistant\n"
        prompt = tokenize(assay, model, text)
        answer = server.handle_completions(
            {"prompt": prompt, "n_predict": 32, "temperature": 0, "top_k": 1, "n_probs": 20,
             "cache_prompt": False}
        )  # fmt: skip
        steps = answer["choices"][0]["logprobs"]["content"]
        ours = log_probabilities(assay, model, prompt + [step["id"] for step in steps])
        for i, step in enumerate(steps):
            row = ours[len(prompt) - 1 + i]
            positions += 1
            agreed += int(row.argmax() == step["id"])
            for best in step["top_logprobs"][:BEST]:
                differences.append(abs(row[best["id"]] - best["logprob"]))
    print(
        f"top-1 equal at {agreed} of {positions} positions; |difference of log probability| of "
        f"llama.cpp's best {BEST}: median {numpy.median(differences):.4f}, "
        f"p90 {numpy.quantile(differences, 0.9):.4f}, max {max(differences):.4f}"
    )


main()
