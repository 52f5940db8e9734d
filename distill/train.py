"""Trains the teacher, or a student with or without a teacher; resumable.

    python3 -m distill.train --role teacher --corpus train.jsonl.gz --tokenizer T --out teacher \
        --seconds 300
    python3 -m distill.train --role student --teacher teacher --corpus chains.jsonl.gz \
        --tokenizer T --out student --first 4000 --steps 8000 --batch-tokens 16384

Without --teacher a student learns from the chains alone (cross entropy, the same weights). Steps
are seeded one by one, so a run that continues from its checkpoint sees the batches that an
unbroken one would have seen.
"""

import argparse
import json
import math
import time
from pathlib import Path

import torch
from tokenizers import Tokenizer

from distill.corpus import FAMILY_NAMES, Sampler, encode
from distill.export import export, load
from distill.generate import accuracy, solve
from distill.losses import cross_entropy, distillation_loss
from distill.model import STUDENT, TEACHER, Qwen2
from distill.records import read_records, write_records

WARMUP_STEPS = 200
LOG_EVERY = 100
TIMING_STEPS = (60, 160)  # after compilation, before the number of steps is settled
# Families where the teacher errs most weigh more (--task-weights): see README.md.
TASK_WEIGHTS = {"fractions": 1.5, "algebra": 1.5, "percent": 1.25, "units": 1.25}


def parse_arguments(argv=None):
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--role", choices=("teacher", "student"), required=True)
    parser.add_argument("--teacher", type=Path, help="exported folder; none: cross entropy")
    parser.add_argument("--corpus", type=Path, required=True)
    parser.add_argument("--first", type=int, help="only the corpus's first N chains")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder")
    parser.add_argument("--test", type=Path, help="problems to solve at the end")
    parser.add_argument("--out", type=Path, required=True)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=int)
    length.add_argument("--seconds", type=float, help="as many steps as fit, settled at the start")
    parser.add_argument("--batch-tokens", type=int, default=65_536)
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--decay", type=float, default=0.05, help="weight decay")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("--alpha", type=float, default=0.7)
    parser.add_argument("--beta", type=float, default=0.3)
    parser.add_argument("--shuffle", type=float, default=0.0, help="share of shuffled chains")
    parser.add_argument("--key-weight", type=float, default=1.0)
    parser.add_argument("--task-weights", action="store_true")
    parser.add_argument("--save-every", type=int, default=2000)
    parser.add_argument("--stop-after", type=int, help="leave after N steps, as if interrupted")
    parser.add_argument("--resume", action="store_true")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    return parser.parse_args(argv)


class Training:
    """A model, its optimiser, its data, and how far it got."""

    def __init__(self, args):
        self.args = args
        self.started = time.monotonic()
        torch.manual_seed(args.seed)
        torch.set_float32_matmul_precision("high")
        self.tokenizer = Tokenizer.from_file(str(args.tokenizer / "tokenizer.json"))
        self.model = Qwen2(TEACHER if args.role == "teacher" else STUDENT).to(args.device)
        self.teacher = load(args.teacher, args.device, torch.bfloat16) if args.teacher else None
        self.sampler = self._sampler()
        matrices = [p for p in self.model.parameters() if p.dim() > 1]
        others = [p for p in self.model.parameters() if p.dim() <= 1]
        self.optimiser = torch.optim.AdamW(
            [{"params": matrices, "weight_decay": args.decay},
             {"params": others, "weight_decay": 0.0}],
            lr=args.rate, betas=(0.9, 0.95), fused=args.device == "cuda")
        self.step = 0
        self.steps = args.steps
        self.log = []
        if args.device == "cuda":
            for model in filter(None, (self.model, self.teacher)):
                model.compile_blocks()

    def _sampler(self):
        args = self.args
        records = read_records(args.corpus)[:args.first]
        plain = encode(records, self.tokenizer)
        shuffled = encode(records, self.tokenizer, args.seed) if args.shuffle else None
        weights = [TASK_WEIGHTS.get(f, 1.0) if args.task_weights else 1.0 for f in FAMILY_NAMES]
        self.chains = len(records)
        return Sampler(plain, shuffled, args.batch_tokens, args.seed, args.device,
                       args.key_weight, weights, args.shuffle)

    @property
    def checkpoint(self):
        return self.args.out / "checkpoint.pt"

    def save(self):
        self.args.out.mkdir(parents=True, exist_ok=True)
        partial = self.checkpoint.with_suffix(".partial")
        torch.save({"model": self.model.state_dict(), "optimiser": self.optimiser.state_dict(),
                    "step": self.step, "steps": self.steps, "log": self.log}, partial)
        partial.rename(self.checkpoint)

    def restore(self):
        state = torch.load(self.checkpoint, map_location=self.args.device)
        self.model.load_state_dict(state["model"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.step, self.steps, self.log = state["step"], state["steps"], state["log"]

    def rate(self):
        """Linear warm-up, then half a cosine down to 0."""
        if self.step < WARMUP_STEPS:
            return self.args.rate * (self.step + 1) / WARMUP_STEPS
        # Before --seconds has settled the number of steps, the rate stays where it is.
        total = self.steps or 10 * self.step
        progress = min(1.0, (self.step - WARMUP_STEPS) / max(1, total - WARMUP_STEPS))
        return self.args.rate * 0.5 * (1 + math.cos(math.pi * progress))

    def loss(self, batch):
        args = self.args
        with torch.autocast(args.device, torch.bfloat16, enabled=args.device == "cuda"):
            logits, hidden = self.model(batch.inputs)
        if self.teacher is None:
            return cross_entropy(logits.float(), batch.targets, batch.weights)
        with torch.no_grad():
            teacher_logits, teacher_hidden = self.teacher(batch.inputs)
        return distillation_loss((logits.float(), hidden.float()),
                                 (teacher_logits.float(), teacher_hidden.float()), batch.weights,
                                 args.temperature, args.alpha, args.beta)[0]

    def advance(self):
        rate = self.rate()
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        loss = self.loss(self.sampler.batch(self.step))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimiser.step()
        self.step += 1
        if self.step % LOG_EVERY == 0 or self.step == self.steps:
            self.log.append({"step": self.step, "loss": round(loss.item(), 5),
                             "seconds": round(time.monotonic() - self.started, 1)})
            if self.step % (5 * LOG_EVERY) == 0:
                print(json.dumps(self.log[-1]), flush=True)

    def settle_steps(self):
        """With --seconds: the number of steps that fits, once the speed is known."""
        first, last = TIMING_STEPS
        if self.steps is not None or self.step not in TIMING_STEPS:
            return
        if self.args.device == "cuda":
            torch.cuda.synchronize()
        now = time.monotonic()
        if self.step == first:
            self.timed_from = now
            return
        per_step = (now - self.timed_from) / (last - first)
        left = self.args.seconds - (now - self.started)
        self.steps = self.step + max(0, int(left / per_step))
        print(f"{per_step * 1000:.1f} ms a step: {self.steps} steps", flush=True)

    def run(self):
        """Until the last step; True if it was reached."""
        while self.steps is None or self.step < self.steps:
            self.advance()
            self.settle_steps()
            if self.step % self.args.save_every == 0:
                self.save()
            if self.step == self.args.stop_after:
                self.save()
                return False
        return True

    def finish(self):
        """Exports, measures what was exported, and leaves a summary."""
        args = self.args
        export(self.model, self.tokenizer, args.tokenizer, args.out)
        trained = time.monotonic() - self.started
        summary = {"arguments": {k: str(v) if isinstance(v, Path) else v
                                 for k, v in vars(args).items()},
                   "chains": self.chains, "steps": self.steps,
                   "parameters": sum(p.numel() for p in self.model.parameters()),
                   "seconds": round(trained, 1), "log": self.log}
        if args.test:
            records = read_records(args.test)
            dtype = torch.bfloat16 if args.device == "cuda" else torch.float32
            texts = solve(load(args.out, args.device, dtype), self.tokenizer, records)
            summary["accuracy"], summary["by_family"] = accuracy(records, texts)
            write_records(args.out / "test.jsonl",
                          [{**record, "completion": "<think>\n" + text}
                           for record, text in zip(records, texts)])
        (args.out / "summary.json").write_text(json.dumps(summary) + "\n", encoding="utf-8")
        print(args.out.name, json.dumps({k: summary.get(k) for k in (
            "accuracy", "by_family", "seconds", "steps", "chains")}), self.log[-1], flush=True)


def main(argv=None):
    training = Training(parse_arguments(argv))
    if training.args.resume and training.checkpoint.exists():
        training.restore()
    if training.run():
        training.finish()


if __name__ == "__main__":
    main()
