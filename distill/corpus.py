"""Chains as tensors: buckets of equal length, weights for every token, shuffled copies.

A record has family, question, answer, chain (the text between the think tags). Rows are prompt +
chain + answer + end token, padded with the end token.
"""

import random
from dataclasses import dataclass

import numpy as np
import torch

from distill.families import FAMILIES
from distill.problem import STEP_MARKER
from distill.tokenizer import EOS, prompt_text

LENGTHS = (129, 161, 193, 257)  # one more than the model reads: inputs and targets overlap
NONE, PLAIN, KEY = 0, 1, 2  # what a token is: no target, part of the completion, of a key step
FAMILY_NAMES = tuple(FAMILIES)


def steps_of(chain):
    return [part.strip() for part in chain.split(STEP_MARKER) if part.strip()]


def pieces(record, rng=None):
    """[(text, kind)] of one row. With `rng`, the steps before the closing one change places."""
    steps = steps_of(record["chain"])
    if rng is not None:
        inner = steps[:-1]
        rng.shuffle(inner)
        steps = inner + steps[-1:]
    out = [(prompt_text(record["question"]), NONE)]
    out += [(f"{STEP_MARKER} {step}\n", KEY if " = " in step else PLAIN) for step in steps]
    return out + [(f"</think>\n\nThe answer is \\boxed{{{record['answer']}}}.{EOS}", PLAIN)]


@dataclass
class Bucket:
    tokens: torch.Tensor   # [rows, length] int16
    kinds: torch.Tensor    # [rows, length] uint8: of the token itself
    family: torch.Tensor   # [rows] uint8


def encode(records, tokenizer, shuffle_seed=None):
    """{length: Bucket}; rows longer than the last length are left out."""
    rng = None if shuffle_seed is None else random.Random(shuffle_seed)
    rows = {length: [] for length in LENGTHS}
    end = tokenizer.token_to_id(EOS)
    for start in range(0, len(records), 10_000):
        part = records[start:start + 10_000]
        split = [pieces(record, rng) for record in part]
        texts = tokenizer.encode_batch([text for row in split for text, _ in row],
                                       add_special_tokens=False)
        at = 0
        for record, row in zip(part, split):
            ids, kinds = [], []
            for encoded, (_, kind) in zip(texts[at:at + len(row)], row):
                ids += encoded.ids
                kinds += [kind] * len(encoded.ids)
            at += len(row)
            length = next((n for n in LENGTHS if len(ids) <= n), None)
            if length is not None:
                pad = length - len(ids)
                rows[length].append((ids + [end] * pad, kinds + [NONE] * pad,
                                     FAMILY_NAMES.index(record["family"])))
    return {length: _bucket(entries) for length, entries in rows.items() if entries}


def _bucket(entries):
    ids, kinds, families = zip(*entries)
    return Bucket(torch.from_numpy(np.array(ids, dtype=np.int16)),
                  torch.from_numpy(np.array(kinds, dtype=np.uint8)),
                  torch.from_numpy(np.array(families, dtype=np.uint8)))


@dataclass
class Batch:
    inputs: torch.Tensor   # [rows, length - 1] int64
    targets: torch.Tensor  # likewise, shifted by one
    weights: torch.Tensor  # likewise, float32


class Sampler:
    """Batches of about `tokens` tokens from buckets that lie on the device; seeded by step."""

    def __init__(self, plain, shuffled, tokens, seed, device, key_weight, task_weights, shuffle):
        self.sets = [{n: self._to(b, device) for n, b in buckets.items()}
                     for buckets in (plain, shuffled) if buckets]
        self.tokens, self.seed, self.device, self.shuffle = tokens, seed, device, shuffle
        self.kind_weights = torch.tensor([0.0, 1.0, key_weight], device=device)
        self.task_weights = torch.tensor(task_weights, device=device)
        self.lengths = sorted(plain)
        mass = np.array([n * len(plain[n].tokens) for n in self.lengths], dtype=np.float64)
        self.shares = mass / mass.sum()

    @staticmethod
    def _to(bucket, device):
        return Bucket(*(t.to(device) for t in (bucket.tokens, bucket.kinds, bucket.family)))

    def batch(self, step):
        rng = np.random.default_rng([self.seed, step])
        length = self.lengths[rng.choice(len(self.lengths), p=self.shares)]
        use_shuffled = len(self.sets) > 1 and rng.random() < self.shuffle
        bucket = self.sets[1 if use_shuffled and length in self.sets[1] else 0][length]
        rows = torch.from_numpy(rng.integers(0, len(bucket.tokens), self.tokens // length))
        rows = rows.to(self.device)
        tokens = bucket.tokens[rows].long()
        weights = self.kind_weights[bucket.kinds[rows][:, 1:].int()]
        weights = weights * self.task_weights[bucket.family[rows].int()][:, None]
        return Batch(tokens[:, :-1], tokens[:, 1:], weights)
