"""A running `assay serve` for each model a test asks for."""

import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
STUDENT = ROOT / "distill/models/student"
ABSENT = 77
INSTRUCTION = "\nPlease reason step by step, and put your final answer within \\boxed{}."

# Qwen2.5's way of offering tools, in our own words: what it must hold to be known is <tool_call>.
TOOLS_TEMPLATE = """{{ bos_token }}{% if tools %}Tools:
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}Call one as <tool_call>{"name": ..., "arguments": ...}</tool_call>.
{% endif %}{% for message in messages %}{% if message.role == 'tool' %}Result: {{ message.content }}
{% elif message.tool_calls %}{% for call in message.tool_calls %}<tool_call>
{{ call.function | tojson }}
</tool_call>{% endfor %}{% else %}{{ message.role }}: {{ message.content }}
{% endif %}{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"""


class Server:
    """`assay serve` as a child; its address is the one line it prints."""

    def __init__(self, model, *options, env=None):
        command = [os.environ["ASSAY_BINARY"], "serve", "--model", str(model), "--port", "0",
                   "--threads", "2", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                        text=True, env={**os.environ, **(env or {})})
        self.url = self.process.stdout.readline().strip()
        if not self.url:
            raise RuntimeError(f"no address: {self.process.stderr.read()}")
        self.port = int(self.url.split(":")[2].split("/")[0])
        self.root = self.url.removesuffix("/v1")

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, err


def with_template(folder, template):
    """The student with another chat template."""
    folder.mkdir()
    for file in STUDENT.iterdir():
        shutil.copy(file, folder / file.name)
    config = json.loads((folder / "tokenizer_config.json").read_text(encoding="utf-8"))
    config["chat_template"] = template
    (folder / "tokenizer_config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def server():
    running = Server(STUDENT)
    yield running
    code, err = running.stop()
    assert code == 0, err


@pytest.fixture(scope="module")
def plain_server(tmp_path_factory):
    """The student with a template of tools and no thinking part."""
    folder = with_template(tmp_path_factory.mktemp("models") / "with-tools", TOOLS_TEMPLATE)
    running = Server(folder, "--chain-profile", "plain")
    yield running
    code, err = running.stop()
    assert code == 0, err


def questions(n):
    """As mini-chain asks them (evals/common/math_grade.cpp)."""
    path = ROOT / "datasets/mini/mini-chain.jsonl"
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line)["question"] + INSTRUCTION for line in lines][:n]
