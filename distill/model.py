"""Qwen2 in PyTorch, small: the parameters carry the names of Hugging Face's checkpoints."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


GRAPHS_MAX = 64  # torch.compile gives up after 8 lengths and kinds of one function otherwise


@dataclass(frozen=True)
class Config:
    """Every row that is quantised has 256 or 768 values, so K-quants (blocks of 256) apply."""

    layers: int
    hidden: int = 256
    ffn: int = 768
    heads: int = 4
    kv_heads: int = 2
    vocab: int = 1024
    context: int = 1024
    rope_theta: float = 10_000.0
    eps: float = 1e-6

    @property
    def head_dim(self):
        return self.hidden // self.heads


TEACHER = Config(layers=8)
STUDENT = Config(layers=3)


class RMSNorm(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(config.hidden))
        self.eps = config.eps

    def forward(self, x):
        return F.rms_norm(x.float(), (x.shape[-1],), self.weight.float(), self.eps).to(x.dtype)


def rope_tables(config, positions):
    """cos and sin [..., head_dim] of `positions`, the halves alike (Qwen2's layout)."""
    half = torch.arange(0, config.head_dim, 2, device=positions.device, dtype=torch.float32)
    angles = positions.float()[..., None] * config.rope_theta ** (-half / config.head_dim)
    angles = torch.cat([angles, angles], dim=-1)
    return angles.cos(), angles.sin()


def rotate(x, tables):
    """RoPE on x [batch, heads, length, head_dim]; tables broadcast to it."""
    cos, sin = tables
    first, second = x.chunk(2, dim=-1)
    return (x * cos + torch.cat([-second, first], dim=-1) * sin).to(x.dtype)


class Attention(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.config = config
        kv = config.kv_heads * config.head_dim
        self.q_proj = nn.Linear(config.hidden, config.hidden, bias=True)
        self.k_proj = nn.Linear(config.hidden, kv, bias=True)
        self.v_proj = nn.Linear(config.hidden, kv, bias=True)
        self.o_proj = nn.Linear(config.hidden, config.hidden, bias=False)

    def heads(self, x, count):
        return x.view(x.shape[0], x.shape[1], count, self.config.head_dim).transpose(1, 2)

    def forward(self, x, tables, cache=None):
        c = self.config
        q = rotate(self.heads(self.q_proj(x), c.heads), tables)
        k = rotate(self.heads(self.k_proj(x), c.kv_heads), tables)
        v = self.heads(self.v_proj(x), c.kv_heads)
        mask = None
        if cache is not None:
            k, v, mask = cache.append(self, k, v)
        repeats = c.heads // c.kv_heads
        k, v = k.repeat_interleave(repeats, 1), v.repeat_interleave(repeats, 1)
        out = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, is_causal=mask is None)
        return self.o_proj(out.transpose(1, 2).reshape(x.shape))


class MLP(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.gate_proj = nn.Linear(config.hidden, config.ffn, bias=False)
        self.up_proj = nn.Linear(config.hidden, config.ffn, bias=False)
        self.down_proj = nn.Linear(config.ffn, config.hidden, bias=False)

    def forward(self, x):
        return self.down_proj(F.silu(self.gate_proj(x)) * self.up_proj(x))


class Block(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.input_layernorm = RMSNorm(config)
        self.self_attn = Attention(config)
        self.post_attention_layernorm = RMSNorm(config)
        self.mlp = MLP(config)

    def forward(self, x, tables, cache=None):
        x = x + self.self_attn(self.input_layernorm(x), tables, cache)
        return x + self.mlp(self.post_attention_layernorm(x))


class Decoder(nn.Module):
    def __init__(self, config):
        super().__init__()
        self.embed_tokens = nn.Embedding(config.vocab, config.hidden)
        self.layers = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = RMSNorm(config)


class Qwen2(nn.Module):
    """Tied embeddings: the logits are products with the embedding's rows."""

    def __init__(self, config):
        super().__init__()
        self.config = config
        self.model = Decoder(config)
        self.apply(self._initialise)
        for block in self.model.layers:
            for out in (block.self_attn.o_proj, block.mlp.down_proj):
                nn.init.normal_(out.weight, std=0.02 / (2 * config.layers) ** 0.5)

    @staticmethod
    def _initialise(module):
        if isinstance(module, (nn.Linear, nn.Embedding)):
            nn.init.normal_(module.weight, std=0.02)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)

    def forward(self, tokens, positions=None, cache=None):
        """tokens [batch, length] -> logits [batch, length, vocab], last hidden states (normed)."""
        if positions is None:
            positions = torch.arange(tokens.shape[1], device=tokens.device)[None]
        tables = tuple(t[:, None] for t in rope_tables(self.config, positions))
        x = self.model.embed_tokens(tokens)
        for block in self.model.layers:
            x = block(x, tables, cache)
        hidden = self.model.norm(x)
        return F.linear(hidden, self.model.embed_tokens.weight), hidden

    def compile_blocks(self):
        """One compiled graph for all layers and each length: they have the same shapes."""
        torch._dynamo.config.recompile_limit = GRAPHS_MAX
        for block in self.model.layers:
            block.compile(dynamic=False)
