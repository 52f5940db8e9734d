#include "model/gguf/gguf_tokenizer.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <optional>

#include "core/text.h"
#include "model/file_errors.h"
#include "model/gguf/gguf_metadata.h"

namespace assay {
namespace {

struct PreTokenizerRow {
  std::string_view name;
  PreTokenizer pre;
  // llama.cpp's defaults for the Llama 3 vocabulary; the keys of the file override add_bos.
  bool is_llama3;
};
constexpr std::array<PreTokenizerRow, 7> kPreTokenizers = {{
    {"gpt-2", PreTokenizer::gpt2, false},
    {"llama-bpe", PreTokenizer::llama_bpe, true},
    {"llama3", PreTokenizer::llama_bpe, true},
    {"llama-v3", PreTokenizer::llama_bpe, true},
    {"qwen2", PreTokenizer::qwen2, false},
    {"deepseek-r1-qwen", PreTokenizer::deepseek_r1_qwen, false},
    {"smollm", PreTokenizer::smollm, false},
}};

constexpr std::array<std::string_view, 7> kEndsOfTurn = {
    "<|im_end|>",    "<|eot_id|>",      "<|eom_id|>",   "<|end|>",
    "<|endoftext|>", "<|end_of_text|>", "<end_of_turn>"};

const PreTokenizerRow* find_pre(std::string_view name) {
  for (const PreTokenizerRow& row : kPreTokenizers) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

std::string known_pre_tokenizers() {
  std::string out;
  for (const PreTokenizerRow& row : kPreTokenizers) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", row.name);
  }
  return out;
}

/// By the numbers of gguf-py's TokenType, from 1 on.
constexpr std::array<TokenKind, 6> kTokenTypes = {TokenKind::normal,  TokenKind::unknown,
                                                  TokenKind::control, TokenKind::user_defined,
                                                  TokenKind::unused,  TokenKind::byte};

std::optional<TokenKind> token_kind(std::int64_t number) {
  if (number < 1 || number > std::ssize(kTokenTypes)) return std::nullopt;
  return kTokenTypes[static_cast<std::size_t>(number - 1)];
}

Result<std::vector<TokenKind>> read_kinds(GgufMetadata& meta, const GgufFile& gguf,
                                          std::size_t n_tokens) {
  const auto numbers = meta.integers("tokenizer.ggml.token_type");
  if (!meta.ok()) return tl::unexpected(meta.error());
  if (!numbers) return std::vector<TokenKind>(n_tokens, TokenKind::normal);
  if (numbers->size() != n_tokens) {
    return damaged(gguf.file, fmt::format("tokenizer.ggml.token_type has {} elements for {} tokens",
                                          numbers->size(), n_tokens));
  }
  std::vector<TokenKind> kinds;
  kinds.reserve(n_tokens);
  for (const std::int64_t number : *numbers) {
    const std::optional<TokenKind> kind = token_kind(number);
    if (!kind) {
      return damaged(gguf.file,
                     fmt::format("token {} has the unknown type {}", kinds.size(), number));
    }
    kinds.push_back(*kind);
  }
  return kinds;
}

/// -1 without the key. Some converters write 2^32 - 1 for "none".
TokenId read_id(GgufMetadata& meta, std::string_view name, std::size_t n_tokens) {
  constexpr std::int64_t kNone = 0xFFFFFFFF;
  const std::string key = fmt::format("tokenizer.ggml.{}_token_id", name);
  const auto any = meta.integer(key, -1, kNone);
  if (!any || *any == kNone || *any == -1) return -1;
  const auto id = meta.integer(key, 0, static_cast<std::int64_t>(n_tokens) - 1);
  return static_cast<TokenId>(id.value_or(-1));
}

void read_special_ids(GgufMetadata& meta, TokenizerSpec& spec) {
  const std::size_t n = spec.tokens.size();
  spec.bos = read_id(meta, "bos", n);
  spec.eos = read_id(meta, "eos", n);
  spec.pad = read_id(meta, "padding", n);
  add_end_token(spec, read_id(meta, "eot", n));
  add_end_token(spec, read_id(meta, "eom", n));
  for (std::size_t id = 0; id < n; ++id) {
    if (spec.kinds[id] != TokenKind::control) continue;
    if (std::find(kEndsOfTurn.begin(), kEndsOfTurn.end(), spec.tokens[id]) != kEndsOfTurn.end()) {
      add_end_token(spec, static_cast<TokenId>(id));
    }
  }
}

std::variant<const PreTokenizerRow*, UnknownTokenizer> choose_pre(GgufMetadata& meta) {
  const std::string model = meta.text("tokenizer.ggml.model").value_or("");
  if (model.empty()) return UnknownTokenizer{"the file has no tokenizer (tokenizer.ggml.model)"};
  if (model != "gpt2") {
    return UnknownTokenizer{
        fmt::format("its tokenizer is of type '{}', which assay does not compute; known: gpt2 "
                    "(byte-level BPE)",
                    name_for_message(model))};
  }
  const std::string pre = meta.text("tokenizer.ggml.pre").value_or("");
  if (const PreTokenizerRow* row = find_pre(pre)) return row;
  if (pre.empty() || pre == "default") {
    return UnknownTokenizer{
        fmt::format("it does not say how to cut text before BPE (tokenizer.ggml.pre is '{}'): "
                    "convert the model "
                    "again with a current converter; known: {}",
                    pre, known_pre_tokenizers())};
  }
  return UnknownTokenizer{
      fmt::format("its pre-tokenizer '{}' is one that assay does not compute; known: {}",
                  name_for_message(pre), known_pre_tokenizers())};
}

}  // namespace

std::string_view gguf_pre_tokenizer_name(PreTokenizer pre) {
  const auto* row =
      std::find_if(kPreTokenizers.begin(), kPreTokenizers.end(),
                   [pre](const PreTokenizerRow& candidate) { return candidate.pre == pre; });
  ASSAY_ASSERT(row != kPreTokenizers.end());
  return row->name;
}

std::int32_t gguf_token_type(TokenKind kind) {
  const auto* at = std::find(kTokenTypes.begin(), kTokenTypes.end(), kind);
  return static_cast<std::int32_t>(at - kTokenTypes.begin()) + 1;
}

Result<TokenizerResult> gguf_tokenizer(const GgufFile& gguf) {
  GgufMetadata meta(gguf);
  const auto chosen = choose_pre(meta);
  if (!meta.ok()) return tl::unexpected(meta.error());
  if (const auto* unknown = std::get_if<UnknownTokenizer>(&chosen)) return *unknown;
  const PreTokenizerRow& row = *std::get<const PreTokenizerRow*>(chosen);

  TokenizerSpec spec;
  spec.pre = row.pre;
  spec.ignore_merges = row.is_llama3;
  auto tokens = meta.texts("tokenizer.ggml.tokens");
  auto merges = meta.texts("tokenizer.ggml.merges");
  if (!meta.ok()) return tl::unexpected(meta.error());
  if (!tokens || tokens->empty() || !merges) {
    return damaged(gguf.file, "tokenizer.ggml.tokens or tokenizer.ggml.merges is missing or empty");
  }
  spec.tokens = std::move(*tokens);
  spec.merges = std::move(*merges);
  Result<std::vector<TokenKind>> kinds = read_kinds(meta, gguf, spec.tokens.size());
  if (!kinds) return tl::unexpected(kinds.error());
  spec.kinds = std::move(*kinds);
  read_special_ids(meta, spec);
  const std::optional<bool> add_bos = meta.boolean("tokenizer.ggml.add_bos_token");
  if (!meta.ok()) return tl::unexpected(meta.error());
  spec.add_bos = add_bos.value_or(row.is_llama3) && spec.bos >= 0;
  return spec;
}

}  // namespace assay
