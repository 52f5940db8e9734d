"""Through the server come the very tokens of a native run under `exact`, sampled ones too."""

import hashlib
import json
import os
import struct
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ABSENT, STUDENT, questions

try:
    import openai
except ImportError as error:
    print(f"this Python lacks a module of ci/requirements.txt: {error}", file=sys.stderr)
    pytest.exit(str(error), returncode=ABSENT)

N = 12


def request_seed(run_seed, problem, sample):
    """numerics.md's, as any client may compute it."""
    text = f"assay request seed 1\n{run_seed}\n{sample}\n{problem}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:16], 16) >> 11


def native(tmp_path, *options):
    out = tmp_path / "run"
    subprocess.run([os.environ["ASSAY_BINARY"], "run", "--model", str(STUDENT), "--task",
                    f"mini-chain:first={N}", "--max-new-tokens", "160", "--threads", "2",
                    "--out", str(out), *options], check=True, capture_output=True)
    with open(out / "journal.jsonl", encoding="utf-8") as lines:
        records = [json.loads(line)["record"] for line in lines]
    return [record for record in records if record["type"] == "sample"]


@pytest.mark.parametrize("sampling", [
    {"temperature": 0}, {"temperature": 0.8, "top_p": 0.9, "min_p": 0.02, "top_k": 40}])
def test_the_same_tokens(server, tmp_path, sampling):
    options = []
    if sampling["temperature"]:
        options = ["--sampling", "custom", "--seed", "77", "--samples", "2"]
        for name, value in sampling.items():
            options += ["--" + name.replace("_", "-"), str(value)]
    samples = native(tmp_path, *options)
    assert len(samples) == N * (2 if options else 1)
    texts = questions(N)
    extra = {name: sampling[name] for name in ("min_p", "top_k") if name in sampling}
    client = openai.OpenAI(base_url=server.url, api_key="none", max_retries=0)

    def through_the_server(sample):
        return client.chat.completions.create(
            model="student", messages=[{"role": "user", "content": texts[sample["index"]]}],
            temperature=sampling["temperature"], top_p=sampling.get("top_p", 1), max_tokens=160,
            seed=request_seed(77, sample["problem"], sample["sample"]),
            extra_body={"return_token_ids": True, **extra})

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(through_the_server, samples))
    for sample, answer in zip(samples, answers):
        ids = answer.prompt_token_ids
        digest = hashlib.sha256(struct.pack(f"<{len(ids)}i", *ids)).hexdigest()
        assert digest == sample["prompt_sha256"]
        assert answer.choices[0].token_ids == sample["tokens"]
        message = answer.choices[0].message
        joined = message.reasoning_content or ""
        if message.content is not None:
            joined += "</think>" + message.content
        assert joined == sample["text"]
