"""distill/losses.py against the golden fixture: values and gradients in float64."""

import json
import sys
from pathlib import Path

ABSENT = 77
TOLERANCE = 1e-12

try:
    import numpy as np
    import torch
except ImportError as error:
    print(f"this Python lacks PyTorch (distill/requirements.txt): {error}", file=sys.stderr)
    sys.exit(ABSENT)

from distill.losses import distillation_loss, kl_per_token  # noqa: E402  (needs torch, too)


def check(folder, golden, convention, weights):
    def tensor(name):
        return torch.from_numpy(np.load(folder / f"{name}.npy").astype(np.float64))

    logits = tensor("student_logits").requires_grad_()
    hidden = tensor("student_hidden").requires_grad_()
    loss, kl, mse = distillation_loss((logits, hidden),
                                      (tensor("teacher_logits"), tensor("teacher_hidden")),
                                      weights, golden["T"], golden["alpha"], golden["beta"])
    loss.backward()
    want = golden["conventions"][convention]
    for name, value in (("loss", loss), ("kl_times_T2", kl), ("mse", mse)):
        difference = abs(value.item() - want[name]) / want[name]
        assert difference < TOLERANCE, f"{convention} {name}: {value.item()}, not {want[name]}"
    for name, value in (("logits", logits.grad), ("hidden", hidden.grad)):
        error = (value - tensor(f"grad_{name}_{convention}")).abs().max().item()
        assert error < TOLERANCE, f"{convention}, gradient of {name}: off by {error}"
    per_token = kl_per_token(logits, tensor("teacher_logits"), golden["T"])
    assert (per_token - torch.tensor(golden["per_token_kl"])).abs().max().item() < 1e-6


def main():
    folder = Path(sys.argv[1])
    golden = json.loads((folder / "golden.json").read_text(encoding="utf-8"))
    mask = torch.from_numpy(np.load(folder / "mask.npy").astype(np.float64))
    check(folder, golden, "masked_token_mean", mask)
    check(folder, golden, "batchmean_flattened", torch.ones_like(mask))


main()
