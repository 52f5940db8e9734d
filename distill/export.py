"""A trained model as a Hugging Face directory: BF16 safetensors, configuration, tokenizer."""

import json
import shutil
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from distill.model import Config, Qwen2
from distill.tokenizer import BOS, EOS


def config_json(config, tokenizer):
    return {
        "architectures": ["Qwen2ForCausalLM"], "model_type": "qwen2", "hidden_act": "silu",
        "hidden_size": config.hidden, "intermediate_size": config.ffn,
        "num_hidden_layers": config.layers, "num_attention_heads": config.heads,
        "num_key_value_heads": config.kv_heads, "vocab_size": config.vocab,
        "max_position_embeddings": config.context, "rms_norm_eps": config.eps,
        "rope_theta": config.rope_theta, "tie_word_embeddings": True,
        "use_sliding_window": False, "attention_dropout": 0.0, "initializer_range": 0.02,
        "torch_dtype": "bfloat16", "bos_token_id": tokenizer.token_to_id(BOS),
        "eos_token_id": tokenizer.token_to_id(EOS)}


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def export(model, tokenizer, tokenizer_folder, out):
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    config = config_json(model.config, tokenizer)
    write_json(out / "config.json", config)
    write_json(out / "generation_config.json",
               {"do_sample": False, "bos_token_id": config["bos_token_id"],
                "eos_token_id": config["eos_token_id"]})
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(Path(tokenizer_folder) / name, out / name)
    weights = {name: tensor.detach().to("cpu", torch.bfloat16).contiguous()
               for name, tensor in model.state_dict().items()}
    save_file(weights, out / "model.safetensors", metadata={"format": "pt"})


def load(folder, device, dtype=torch.float32):
    """The model of an exported folder."""
    folder = Path(folder)
    stated = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    model = Qwen2(Config(layers=stated["num_hidden_layers"]))
    model.load_state_dict(load_file(folder / "model.safetensors"))
    return model.to(device, dtype).eval()
