#include "tests/support/tiny_model.h"

#include <fmt/core.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <numbers>

#include "core/error.h"
#include "tests/support/random_weights.h"
#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

using nlohmann::json;

constexpr std::int64_t kVocabSize = 288;  // a few padding rows after the tokens
constexpr std::uint32_t kNormal = 1;
constexpr std::uint32_t kControl = 3;
constexpr std::uint32_t kUserDefined = 4;
constexpr std::uint32_t kUnused = 5;

/// llama3 scaling of the tiny models: with a head of 16 the 8 frequencies fall in all three parts.
constexpr double kRopeFactor = 8;
constexpr double kLowFreqFactor = 1;
constexpr double kHighFreqFactor = 4;
constexpr double kOriginalContext = 64;
constexpr double kRopeTheta = 10000;

/// One tensor of the model under both of its names, rows in Hugging Face's order.
struct TinyTensor {
  std::string gguf_name;
  std::string hf_name;
  std::int64_t rows = 1;
  std::int64_t cols = 1;
  double mean = 0;
  double deviation = 1;
  std::int64_t permuted_heads = 0;  ///< Llama's Q and K: how many heads' rows GGUF permutes
};

double fan_in(std::int64_t cols) {
  return 1.25 / std::sqrt(static_cast<double>(cols));
}

std::vector<TinyTensor> layer_tensors(const TinyModel& m, std::int64_t layer) {
  const std::int64_t q = m.n_heads * m.head_dim;
  const std::int64_t kv = m.n_kv_heads * m.head_dim;
  const bool permutes = m.arch == Arch::llama;
  std::vector<TinyTensor> out;
  const auto add = [&](const char* gguf, const char* hf, std::int64_t rows, std::int64_t cols,
                       std::int64_t permuted_heads = 0) {
    out.push_back({fmt::format("blk.{}.{}.weight", layer, gguf),
                   fmt::format("model.layers.{}.{}.weight", layer, hf), rows, cols, 0, fan_in(cols),
                   permutes ? permuted_heads : 0});
  };
  const auto add_vector = [&](const char* gguf, const char* hf, const char* kind, std::int64_t n) {
    const bool is_bias = std::string_view(kind) == "bias";
    out.push_back({fmt::format("blk.{}.{}.{}", layer, gguf, kind),
                   fmt::format("model.layers.{}.{}.{}", layer, hf, kind), 1, n, is_bias ? 0.0 : 1.0,
                   0.2, 0});
  };
  add_vector("attn_norm", "input_layernorm", "weight", m.hidden);
  add("attn_q", "self_attn.q_proj", q, m.hidden, m.n_heads);
  add("attn_k", "self_attn.k_proj", kv, m.hidden, m.n_kv_heads);
  add("attn_v", "self_attn.v_proj", kv, m.hidden);
  add("attn_output", "self_attn.o_proj", m.hidden, q);
  add_vector("ffn_norm", "post_attention_layernorm", "weight", m.hidden);
  add("ffn_gate", "mlp.gate_proj", m.ffn, m.hidden);
  add("ffn_up", "mlp.up_proj", m.ffn, m.hidden);
  add("ffn_down", "mlp.down_proj", m.hidden, m.ffn);
  if (m.arch == Arch::qwen2) {
    add_vector("attn_q", "self_attn.q_proj", "bias", q);
    add_vector("attn_k", "self_attn.k_proj", "bias", kv);
    add_vector("attn_v", "self_attn.v_proj", "bias", kv);
  }
  if (m.arch == Arch::qwen3) {
    add_vector("attn_q_norm", "self_attn.q_norm", "weight", m.head_dim);
    add_vector("attn_k_norm", "self_attn.k_norm", "weight", m.head_dim);
  }
  return out;
}

std::vector<TinyTensor> all_tensors(const TinyModel& m) {
  std::vector<TinyTensor> out = {{"token_embd.weight", "model.embed_tokens.weight", kVocabSize,
                                  m.hidden, 0, fan_in(m.hidden), 0}};
  for (std::int64_t layer = 0; layer < m.n_layers; ++layer) {
    for (TinyTensor& tensor : layer_tensors(m, layer)) out.push_back(std::move(tensor));
  }
  out.push_back({"output_norm.weight", "model.norm.weight", 1, m.hidden, 1, 0.2, 0});
  if (!m.tied) {
    out.push_back(
        {"output.weight", "lm_head.weight", kVocabSize, m.hidden, 0, fan_in(m.hidden), 0});
  }
  return out;
}

std::string tensor_bytes(const TinyModel& m, const TinyTensor& t, TensorType vector_type) {
  if (t.rows == 1) {
    return random_vector(vector_type, t.cols, t.mean, t.deviation, m.seed, t.gguf_name);
  }
  return random_matrix(m.type, t.rows, t.cols, t.deviation, m.seed, t.gguf_name);
}

/// Rows i and i + d/2 of each head become neighbours.
std::string permute_rows(const std::string& rows, std::int64_t n_heads, std::int64_t head_dim) {
  const std::size_t size = rows.size() / static_cast<std::size_t>(n_heads * head_dim);
  std::string out;
  for (std::int64_t head = 0; head < n_heads; ++head) {
    for (std::int64_t i = 0; i < head_dim; ++i) {
      const std::int64_t source = head * head_dim + i / 2 + (i % 2) * (head_dim / 2);
      out += rows.substr(static_cast<std::size_t>(source) * size, size);
    }
  }
  return out;
}

/// UTF-8 of a code point below 2048.
std::string utf8(std::uint32_t code) {
  if (code < 0x80) return std::string(1, static_cast<char>(code));
  return {static_cast<char>(0xC0U | (code >> 6U)), static_cast<char>(0x80U | (code & 0x3FU))};
}

/// GPT-2's alphabet: printable Latin-1 stands for itself, other bytes follow from 256 on.
std::vector<std::string> byte_alphabet() {
  std::vector<std::string> out;
  std::uint32_t next = 256;
  for (std::uint32_t byte = 0; byte < 256; ++byte) {
    const bool is_printable = (byte >= 33 && byte <= 126) || (byte >= 161 && byte != 173);
    out.push_back(utf8(is_printable ? byte : next++));
  }
  return out;
}

/// What llama3 scaling divides each frequency by (Llama 3.1's published formula).
std::string llama3_rope_factors(std::int64_t head_dim) {
  std::string out;
  for (std::int64_t i = 0; i < head_dim / 2; ++i) {
    const double frequency =
        std::pow(kRopeTheta, -2.0 * static_cast<double>(i) / static_cast<double>(head_dim));
    const double turns = kOriginalContext * frequency / (2 * std::numbers::pi);
    double scaled = frequency;
    if (turns < kLowFreqFactor) {
      scaled = frequency / kRopeFactor;
    } else if (turns < kHighFreqFactor) {
      const double smooth = (turns - kLowFreqFactor) / (kHighFreqFactor - kLowFreqFactor);
      scaled = (1 - smooth) * frequency / kRopeFactor + smooth * frequency;
    }
    append_number(out, static_cast<float>(frequency / scaled));
  }
  return out;
}

std::string_view arch_name(Arch arch) {
  return arch == Arch::llama ? "llama" : arch == Arch::qwen2 ? "qwen2" : "qwen3";
}

void set_vocabulary(GgufWriter& out) {
  const TinyVocabulary vocabulary = tiny_vocabulary();
  out.set_string("tokenizer.ggml.model", "gpt2");
  out.set_string("tokenizer.ggml.pre", "qwen2");
  out.set_strings("tokenizer.ggml.tokens", vocabulary.tokens);
  out.set_u32s("tokenizer.ggml.token_type", vocabulary.kinds);
  out.set_strings("tokenizer.ggml.merges", vocabulary.merges);
  out.set_u32("tokenizer.ggml.bos_token_id", static_cast<std::uint32_t>(vocabulary.bos));
  out.set_u32("tokenizer.ggml.eos_token_id", static_cast<std::uint32_t>(vocabulary.eos));
  out.set_bool("tokenizer.ggml.add_bos_token", false);
  out.set_string("tokenizer.chat_template", tiny_chat_template());
}

void set_config(GgufWriter& out, const TinyModel& m) {
  const std::string arch(arch_name(m.arch));
  const auto set = [&](const char* key, std::int64_t value) {
    out.set_u32(arch + key, static_cast<std::uint32_t>(value));
  };
  out.set_string("general.architecture", arch);
  out.set_string("general.name", "tiny " + arch);
  set(".block_count", m.n_layers);
  set(".context_length", m.max_context);
  set(".embedding_length", m.hidden);
  set(".feed_forward_length", m.ffn);
  set(".attention.head_count", m.n_heads);
  set(".attention.head_count_kv", m.n_kv_heads);
  set(".attention.key_length", m.head_dim);
  set(".attention.value_length", m.head_dim);
  set(".rope.dimension_count", m.head_dim);
  out.set_f32(arch + ".rope.freq_base", static_cast<float>(kRopeTheta));
  out.set_f32(arch + ".attention.layer_norm_rms_epsilon", 1e-5F);
}

json hf_config_json(const TinyModel& m) {
  const TinyVocabulary vocabulary = tiny_vocabulary();
  const char* architecture = m.arch == Arch::llama   ? "LlamaForCausalLM"
                             : m.arch == Arch::qwen2 ? "Qwen2ForCausalLM"
                                                     : "Qwen3ForCausalLM";
  json scaling = nullptr;
  if (m.llama3_rope) {
    scaling = {{"rope_type", "llama3"},
               {"factor", kRopeFactor},
               {"low_freq_factor", kLowFreqFactor},
               {"high_freq_factor", kHighFreqFactor},
               {"original_max_position_embeddings", static_cast<int>(kOriginalContext)}};
  }
  return {{"architectures", {architecture}},
          {"model_type", arch_name(m.arch)},
          {"hidden_act", "silu"},
          {"hidden_size", m.hidden},
          {"intermediate_size", m.ffn},
          {"num_hidden_layers", m.n_layers},
          {"num_attention_heads", m.n_heads},
          {"num_key_value_heads", m.n_kv_heads},
          {"head_dim", m.head_dim},
          {"vocab_size", kVocabSize},
          {"max_position_embeddings", m.max_context},
          {"rope_theta", kRopeTheta},
          {"rope_scaling", scaling},
          {"rms_norm_eps", 1e-5},
          {"tie_word_embeddings", m.tied},
          {"bos_token_id", vocabulary.bos},
          {"eos_token_id", vocabulary.eos}};
}

json hf_tokenizer_json() {
  const TinyVocabulary vocabulary = tiny_vocabulary();
  json vocab = json::object();
  json added = json::array();
  for (std::size_t id = 0; id < vocabulary.tokens.size(); ++id) {
    const std::uint32_t kind = vocabulary.kinds[id];
    if (kind == kNormal) vocab[vocabulary.tokens[id]] = id;
    if (kind != kControl && kind != kUserDefined) continue;
    added.push_back({{"id", id},
                     {"content", vocabulary.tokens[id]},
                     {"single_word", false},
                     {"lstrip", false},
                     {"rstrip", false},
                     {"normalized", false},
                     {"special", kind == kControl}});
  }
  constexpr const char* kQwen2 =
      R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
  const json split = {{"type", "Split"},
                      {"pattern", {{"Regex", kQwen2}}},
                      {"behavior", "Isolated"},
                      {"invert", false}};
  const json byte_level = {
      {"type", "ByteLevel"}, {"add_prefix_space", false}, {"use_regex", false}};
  return {{"version", "1.0"},
          {"added_tokens", added},
          {"normalizer", nullptr},
          {"pre_tokenizer", {{"type", "Sequence"}, {"pretokenizers", {split, byte_level}}}},
          {"post_processor", nullptr},
          {"decoder", {{"type", "ByteLevel"}}},
          {"model",
           {{"type", "BPE"},
            {"byte_fallback", false},
            {"ignore_merges", false},
            {"vocab", vocab},
            {"merges", vocabulary.merges}}}};
}

}  // namespace

TinyModel tiny_model(Arch arch, TensorType type) {
  TinyModel out;
  out.arch = arch;
  out.type = type;
  if (block_layout(type).elements > 32) {
    out.hidden = 256;
    out.ffn = 256;
    out.n_heads = 8;
    out.head_dim = 32;
  }
  return out;
}

std::int64_t tiny_vocab_size() {
  return kVocabSize;
}

std::string tiny_chat_template() {
  return "{% for message in messages %}<|im_start|>{{ message['role'] }}\n"
         "{{ message['content'] }}<|im_end|>\n"
         "{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";
}

TinyVocabulary tiny_vocabulary() {
  TinyVocabulary out;
  out.tokens = byte_alphabet();
  const std::string space = out.tokens[' '];
  for (const auto& [left, right] : std::vector<std::pair<std::string, std::string>>{
           {"t", "h"}, {"th", "e"}, {space, "the"}, {"i", "n"}, {space, "a"}, {"e", "r"}}) {
    out.merges.push_back(left + " " + right);
    out.tokens.push_back(left + right);
  }
  out.kinds.assign(out.tokens.size(), kNormal);
  const auto add = [&out](const char* text, std::uint32_t kind) {
    out.tokens.emplace_back(text);
    out.kinds.push_back(kind);
    return static_cast<TokenId>(out.tokens.size()) - 1;
  };
  out.bos = add("<|endoftext|>", kControl);
  add("<|im_start|>", kControl);
  out.eos = add("<|im_end|>", kControl);
  add("<think>", kUserDefined);
  add("</think>", kUserDefined);
  while (static_cast<std::int64_t>(out.tokens.size()) < kVocabSize) {
    add(fmt::format("[PAD{}]", out.tokens.size()).c_str(), kUnused);
  }
  return out;
}

GgufWriter tiny_gguf(const TinyModel& model) {
  GgufWriter out;
  set_config(out, model);
  set_vocabulary(out);
  for (const TinyTensor& tensor : all_tensors(model)) {
    std::string bytes = tensor_bytes(model, tensor, TensorType::F32);
    if (tensor.permuted_heads > 0) {
      bytes = permute_rows(bytes, tensor.permuted_heads, model.head_dim);
    }
    std::vector<std::uint64_t> dims = {static_cast<std::uint64_t>(tensor.cols)};
    if (tensor.rows > 1) dims.push_back(static_cast<std::uint64_t>(tensor.rows));
    const TensorType type = tensor.rows > 1 ? model.type : TensorType::F32;
    out.add_tensor(
        {tensor.gguf_name, static_cast<std::uint32_t>(type), dims, std::move(bytes), {}});
  }
  if (model.llama3_rope) {
    out.add_tensor({"rope_freqs.weight",
                    static_cast<std::uint32_t>(TensorType::F32),
                    {static_cast<std::uint64_t>(model.head_dim / 2)},
                    llama3_rope_factors(model.head_dim),
                    {}});
  }
  return out;
}

GgufWriter tiny_vocabulary_gguf() {
  GgufWriter out;
  set_config(out, TinyModel{});
  set_vocabulary(out);
  return out;
}

void write_tiny_hf(const std::filesystem::path& folder, const TinyModel& model) {
  ASSAY_ASSERT(is_float_type(model.type));
  const TinyVocabulary vocabulary = tiny_vocabulary();
  std::vector<SafetensorsEntry> entries;
  for (const TinyTensor& tensor : all_tensors(model)) {
    std::vector<std::int64_t> shape = {tensor.cols};
    if (tensor.rows > 1) shape.insert(shape.begin(), tensor.rows);
    entries.push_back({tensor.hf_name, std::string(tensor_type_name(model.type)), shape,
                       tensor_bytes(model, tensor, model.type)});
  }
  write_text(folder / "model.safetensors", safetensors_bytes(entries));
  write_text(folder / "config.json", hf_config_json(model).dump(2));
  write_text(folder / "tokenizer.json", hf_tokenizer_json().dump());
  write_text(folder / "tokenizer_config.json", json{{"bos_token", nullptr},
                                                    {"eos_token", "<|im_end|>"},
                                                    {"pad_token", {{"content", "<|endoftext|>"}}},
                                                    {"add_bos_token", false},
                                                    {"chat_template", tiny_chat_template()}}
                                                   .dump(2));
  write_text(folder / "generation_config.json",
             json{{"eos_token_id", {vocabulary.eos, vocabulary.bos}},
                  {"do_sample", true},
                  {"temperature", 0.6},
                  {"top_p", 0.95}}
                 .dump(2));
}

std::string safetensors_bytes(const std::vector<SafetensorsEntry>& entries) {
  json header = {{"__metadata__", {{"format", "pt"}}}};
  std::string data;
  for (const SafetensorsEntry& entry : entries) {
    header[entry.name] = {{"dtype", entry.dtype},
                          {"shape", entry.shape},
                          {"data_offsets", {data.size(), data.size() + entry.bytes.size()}}};
    data += entry.bytes;
  }
  std::string text = header.dump();
  text.append((8 - text.size() % 8) % 8, ' ');
  return raw_safetensors(text, data);
}

std::string raw_safetensors(std::string_view header, std::string_view data) {
  std::string out;
  append_number<std::uint64_t>(out, header.size());
  return out.append(header).append(data);
}

}  // namespace assay::testing
