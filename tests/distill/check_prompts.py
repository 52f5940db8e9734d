"""The prompts of a run's journal are those that distill trains on, token by token."""

import hashlib
import json
import struct
import sys
from pathlib import Path

ABSENT = 77
ROOT = Path(__file__).parents[2]

try:
    from tokenizers import Tokenizer
except ImportError as error:
    print(f"this Python lacks tokenizers (ci/requirements.txt): {error}", file=sys.stderr)
    sys.exit(ABSENT)

from distill.tokenizer import prompt_text  # noqa: E402  (needs tokenizers, too)


def main():
    tokenizer = Tokenizer.from_file(str(ROOT / "distill/models/student/tokenizer.json"))
    with open(ROOT / "datasets/mini/mini-chain.jsonl", encoding="utf-8") as lines:
        questions = {record["id"]: record["question"] for record in map(json.loads, lines)}
    with open(sys.argv[1], encoding="utf-8") as lines:
        records = [json.loads(line)["record"] for line in lines]
    samples = [record for record in records if record["type"] == "sample"]
    assert len(samples) == len(questions) == 100
    for sample in samples:
        text = prompt_text(questions[sample["problem"]])
        ids = tokenizer.encode(text, add_special_tokens=False).ids
        assert sample["prompt_tokens"] == len(ids), sample["problem"]
        digest = hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()
        assert sample["prompt_sha256"] == digest, sample["problem"]


main()
