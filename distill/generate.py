"""Batched generation with a KV cache: greedy, or sampled at a temperature."""

import torch

from distill.tokenizer import EOS, prompt_text


class Cache:
    """Keys and values of every layer; prompts are padded on the left."""

    def __init__(self, model, padding, limit):
        c = model.config
        layers = [block.self_attn for block in model.model.layers]
        shape = (len(layers), len(padding), c.kv_heads, limit, c.head_dim)
        weight = model.model.embed_tokens.weight
        self.keys = torch.zeros(shape, device=weight.device, dtype=weight.dtype)
        self.values = torch.zeros_like(self.keys)
        self.index = {layer: i for i, layer in enumerate(layers)}
        self.visible = torch.arange(limit, device=weight.device)[None] >= padding[:, None]
        self.length = 0  # positions filled before this forward pass

    def append(self, layer, k, v):
        i, end = self.index[layer], self.length + k.shape[2]
        self.keys[i, :, :, self.length:end] = k
        self.values[i, :, :, self.length:end] = v
        order = torch.arange(end, device=k.device)
        causal = order[None] <= order[self.length:end, None]
        mask = causal[None] & self.visible[:, None, :end]
        # A padded query sees itself, so that no row of the softmax is empty.
        mask = mask | (order[None] == order[self.length:end, None])[None]
        return self.keys[i, :, :, :end], self.values[i, :, :, :end], mask[:, None]


@torch.inference_mode()
def complete(model, tokenizer, prompts, max_new_tokens=320, temperature=0.0, generator=None):
    """Texts that continue `prompts`, without the end token; unfinished ones are cut."""
    device = model.model.embed_tokens.weight.device
    end = tokenizer.token_to_id(EOS)
    ids = [e.ids for e in tokenizer.encode_batch(prompts, add_special_tokens=False)]
    longest = max(map(len, ids))
    padding = torch.tensor([longest - len(row) for row in ids], device=device)
    tokens = torch.tensor([[end] * (longest - len(row)) + row for row in ids], device=device)
    cache = Cache(model, padding, longest + max_new_tokens)
    positions = (torch.arange(longest, device=device)[None] - padding[:, None]).clamp(min=0)
    done = torch.zeros(len(ids), dtype=torch.bool, device=device)
    out = []
    for step in range(max_new_tokens):
        logits = model(tokens, positions, cache)[0][:, -1].float()
        cache.length += tokens.shape[1]
        if temperature > 0:
            chances = (logits / temperature).softmax(-1)
            chosen = torch.multinomial(chances, 1, generator=generator)[:, 0]
        else:
            chosen = logits.argmax(-1)
        chosen = torch.where(done, end, chosen)
        out.append(chosen)
        done |= chosen == end
        if step % 16 == 15 and bool(done.all()):
            break
        tokens, positions = chosen[:, None], positions[:, -1:] + 1
    rows = torch.stack(out, 1).tolist()
    cut = [row[:row.index(end)] if end in row else row for row in rows]
    return tokenizer.decode_batch(cut, skip_special_tokens=False)


def answer_of(text):
    """The content of the last box after the chain; None without one."""
    at = text.rfind("\\boxed{", max(text.find("</think>"), 0))
    end = text.rfind("}")
    return text[at + len("\\boxed{"):end] if 0 <= at < end and "</think>" in text else None


def solve(model, tokenizer, records, batch=1024, **options):
    """Completions of the records' questions, in order."""
    order = sorted(range(len(records)), key=lambda i: len(records[i]["question"]))
    texts = [None] * len(records)
    for start in range(0, len(order), batch):
        part = order[start:start + batch]
        prompts = [prompt_text(records[i]["question"]) for i in part]
        for i, text in zip(part, complete(model, tokenizer, prompts, **options)):
            texts[i] = text
    return texts


def accuracy(records, texts):
    """Share of right answers, in all and by family."""
    by_family = {}
    for record, text in zip(records, texts):
        by_family.setdefault(record["family"], []).append(answer_of(text) == record["answer"])
    right = [ok for oks in by_family.values() for ok in oks]
    return sum(right) / len(right), {f: sum(oks) / len(oks) for f, oks in by_family.items()}
