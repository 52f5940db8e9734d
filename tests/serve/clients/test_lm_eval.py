"""lm-eval's local-completions: likelihoods and generations over a local dataset."""

import json
import math
import os
import sys

import pytest
from conftest import ABSENT

os.environ.update(HF_HUB_OFFLINE="1", HF_DATASETS_OFFLINE="1", TOKENIZERS_PARALLELISM="false")
try:
    import lm_eval
    from lm_eval.tasks import TaskManager
except ImportError as error:
    print(f"this Python lacks a module of ci/requirements.txt: {error}", file=sys.stderr)
    pytest.exit(str(error), returncode=ABSENT)

CHOICE = """task: local_choice
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: ["left", "right", "the third way"]
doc_to_target: "{{{{answer}}}}"
metric_list: [{{metric: acc}}]
"""
GENERATE = """task: local_generate
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: generate_until
doc_to_text: "{{{{question}}}}"
doc_to_target: "{{{{answer}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 24, do_sample: false}}
metric_list: [{{metric: exact_match}}]
"""


@pytest.fixture()
def tasks(tmp_path, monkeypatch):
    monkeypatch.setenv("HF_HOME", str(tmp_path / "cache"))
    data = tmp_path / "data.jsonl"
    with open(data, "w", encoding="utf-8") as out:
        for i in range(6):
            record = {"question": f"Which way goes number {i}? It goes", "answer": i % 3}
            out.write(json.dumps(record) + "\n")
    for name, text in [("choice", CHOICE), ("generate", GENERATE)]:
        (tmp_path / f"{name}.yaml").write_text(text.format(data=data), encoding="utf-8")
    return TaskManager(include_path=str(tmp_path), include_defaults=False)


def evaluate(server, tasks, name, **arguments):
    settings = {"base_url": server.url + "/completions", "model": "student",
                "tokenizer_backend": "remote", "num_concurrent": 4, "max_retries": 1,
                "max_length": 1024, **arguments}
    return lm_eval.simple_evaluate(
        model="local-completions", model_args=settings, tasks=[name], task_manager=tasks,
        log_samples=True, bootstrap_iters=0)


def test_likelihoods(server, tasks):
    results = evaluate(server, tasks, "local_choice")
    assert 0 <= results["results"]["local_choice"]["acc,none"] <= 1
    samples = results["samples"]["local_choice"]
    assert len(samples) == 6
    for sample in samples:
        for value, _ in sample["filtered_resps"]:
            assert math.isfinite(float(value)) and float(value) < 0
    batched = evaluate(server, tasks, "local_choice", batch_size=4, num_concurrent=1)
    for a, b in zip(samples, batched["samples"]["local_choice"]):
        assert a["filtered_resps"] == b["filtered_resps"]


def test_generations(server, tasks):
    results = evaluate(server, tasks, "local_generate")
    for sample in results["samples"]["local_generate"]:
        text = sample["resps"][0][0]
        assert isinstance(text, str) and "\n" not in text
