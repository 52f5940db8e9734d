#!/usr/bin/env python3
"""Writes a Hugging Face folder with random BF16 weights, for measurements of speed alone.

    random_model.py DIR [--layers 28] [--hidden 1536] [--ffn 8960] [--heads 12] [--kv-heads 2]
                        [--vocab 151936] [--untied]

The default is the shape of Qwen2.5-1.5B (tied embeddings). Needs numpy. There is no tokenizer.
"""
import argparse
import json
import os

import numpy as np


def bf16(rng, shape):
    """Sign and significand at random, magnitudes from 2^-9 to 2^-5."""
    r = np.frombuffer(rng.bytes(2 * int(np.prod(shape))), dtype=np.uint16)
    exponent = np.uint16(118) + (r >> np.uint16(8) & np.uint16(3))
    return (r & np.uint16(0x807F)) | (exponent << np.uint16(7))


def tensors(a):
    """(name, shape) in file order; vectors have one dimension."""
    head = a.hidden // a.heads
    kv = a.kv_heads * head
    yield "model.embed_tokens.weight", (a.vocab, a.hidden)
    for i in range(a.layers):
        p = f"model.layers.{i}."
        yield p + "input_layernorm.weight", (a.hidden,)
        for name, rows in (("q", a.hidden), ("k", kv), ("v", kv)):
            yield p + f"self_attn.{name}_proj.weight", (rows, a.hidden)
            yield p + f"self_attn.{name}_proj.bias", (rows,)
        yield p + "self_attn.o_proj.weight", (a.hidden, a.hidden)
        yield p + "post_attention_layernorm.weight", (a.hidden,)
        yield p + "mlp.gate_proj.weight", (a.ffn, a.hidden)
        yield p + "mlp.up_proj.weight", (a.ffn, a.hidden)
        yield p + "mlp.down_proj.weight", (a.hidden, a.ffn)
    yield "model.norm.weight", (a.hidden,)
    if a.untied:
        yield "lm_head.weight", (a.vocab, a.hidden)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("dir")
    for name, value in (("layers", 28), ("hidden", 1536), ("ffn", 8960), ("heads", 12),
                        ("kv-heads", 2), ("vocab", 151936)):
        parser.add_argument("--" + name, type=int, default=value)
    parser.add_argument("--untied", action="store_true")
    a = parser.parse_args()
    os.makedirs(a.dir, exist_ok=True)
    config = {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
        "hidden_size": a.hidden, "intermediate_size": a.ffn, "num_attention_heads": a.heads,
        "num_hidden_layers": a.layers, "num_key_value_heads": a.kv_heads, "rms_norm_eps": 1e-6,
        "rope_theta": 1000000.0, "max_position_embeddings": 32768, "vocab_size": a.vocab,
        "tie_word_embeddings": not a.untied, "torch_dtype": "bfloat16", "bos_token_id": 0,
        "eos_token_id": 1,
    }
    with open(os.path.join(a.dir, "config.json"), "w") as f:
        json.dump(config, f, indent=1)
    header, at = {}, 0
    for name, shape in tensors(a):
        size = 2 * int(np.prod(shape))
        header[name] = {"dtype": "BF16", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    rng = np.random.default_rng(1)
    with open(os.path.join(a.dir, "model.safetensors"), "wb") as f:
        f.write(len(text).to_bytes(8, "little"))
        f.write(text)
        for name, shape in tensors(a):
            is_norm = name.endswith("norm.weight")
            values = bf16(rng, shape)
            if is_norm:
                values = np.full(shape, 0x3F80, dtype=np.uint16)  # 1
            f.write(values.tobytes())


if __name__ == "__main__":
    main()
