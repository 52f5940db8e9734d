"""Byte-level BPE with Qwen2's pre-tokenizer (so that every digit is a token), and the prompt.

    python3 -m distill.tokenizer --out FOLDER     trains it on seeded training problems
"""

import argparse
import itertools
import json
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from tokenizers.trainers import BpeTrainer

from distill.problem import STEP_MARKER
from distill.split import problems

VOCAB = 1024
CONTEXT = 1024
BOS, EOS = "<｜begin▁of▁sentence｜>", "<｜end▁of▁sentence｜>"
USER, ASSISTANT = "<｜User｜>", "<｜Assistant｜>"
CONTROL = (BOS, EOS, USER, ASSISTANT)
VISIBLE = ("<think>", "</think>", STEP_MARKER)  # tokens that stand in the decoded text
# The instruction that evals/common/math_grade.cpp appends to a problem.
INSTRUCTION = "\nPlease reason step by step, and put your final answer within \\boxed{}."
QWEN2 = (r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*"
         r"|\s*[\r\n]+|\s+(?!\S)|\s+")
TRAINING_PROBLEMS = 40_000
SEED = 1


def prompt_text(question):
    """What the chat template renders for a problem; a test holds the two together."""
    return f"{BOS}{USER}{question}{INSTRUCTION}{ASSISTANT}<think>\n"


def train_tokenizer(texts):
    tokenizer = Tokenizer(BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(QWEN2), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    trainer = BpeTrainer(vocab_size=VOCAB - len(CONTROL) - len(VISIBLE), show_progress=False,
                         initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()))
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.add_special_tokens([AddedToken(t, special=True, normalized=False) for t in CONTROL])
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in VISIBLE])
    return tokenizer


def tokenizer_config():
    template = (Path(__file__).parent / "chat_template.jinja").read_text(encoding="utf-8")
    return {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": BOS, "eos_token": EOS,
            "pad_token": EOS, "add_bos_token": False, "add_eos_token": False,
            "clean_up_tokenization_spaces": False, "model_max_length": CONTEXT,
            "chat_template": template.rstrip("\n")}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    out = parser.parse_args().out
    out.mkdir(parents=True, exist_ok=True)
    stream = itertools.islice(problems("train", SEED), TRAINING_PROBLEMS)
    texts = (p.question + INSTRUCTION + "\n" + part for p in stream
             for part in [p.completion().replace(STEP_MARKER, "").replace("</think>", "")])
    tokenizer = train_tokenizer(texts)
    assert tokenizer.get_vocab_size() <= VOCAB, tokenizer.get_vocab_size()
    tokenizer.save(str(out / "tokenizer.json"))
    (out / "tokenizer_config.json").write_text(
        json.dumps(tokenizer_config(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
