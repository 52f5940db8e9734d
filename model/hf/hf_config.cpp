#include "model/hf/hf_config.h"

#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/text.h"
#include "model/file_errors.h"
#include "model/hf/json_file.h"
#include "model/recommended_sampling.h"
#include "model/weights_check.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::string_view kFullAttention = "full_attention";

struct HfArch {
  std::string_view class_name;
  std::string_view model_type;
  Arch arch;
  bool qkv_bias;
  bool qk_norm;
};
constexpr std::array<HfArch, 3> kHfArchitectures = {{
    {"LlamaForCausalLM", "llama", Arch::llama, false, false},
    {"Qwen2ForCausalLM", "qwen2", Arch::qwen2, true, false},
    {"Qwen3ForCausalLM", "qwen3", Arch::qwen3, false, true},
}};

/// The class name that the file states, or its model_type where it states none.
std::string stated_architecture(JsonFields& fields) {
  const json* classes = fields.array("architectures");
  if (classes == nullptr || classes->empty()) return fields.text("model_type").value_or("");
  if (classes->size() == 1 && classes->front().is_string()) {
    return classes->front().get<std::string>();
  }
  fields.fail_damaged("'architectures' is not a list of one name");
  return {};
}

const HfArch* find_hf_arch(std::string_view name) {
  for (const HfArch& row : kHfArchitectures) {
    if (name == row.class_name || name == row.model_type) return &row;
  }
  return nullptr;
}

void read_shape(JsonFields& fields, ModelConfig& c) {
  const auto required = [&fields](std::string_view key, std::int64_t largest) {
    return fields.require(key, fields.integer(key, 1, largest));
  };
  c.n_layers = required("num_hidden_layers", kMaxLayers);
  c.hidden = required("hidden_size", kMaxWidth);
  c.n_heads = required("num_attention_heads", kMaxHeads);
  c.ffn = required("intermediate_size", kMaxWidth);
  c.vocab = required("vocab_size", kMaxVocab);
  c.max_context = required("max_position_embeddings", kMaxContext);
  c.n_kv_heads = fields.integer("num_key_value_heads", 1, kMaxHeads).value_or(c.n_heads);
  c.rms_eps = static_cast<float>(fields.real("rms_norm_eps").value_or(1e-6));
  const auto head_dim = fields.integer("head_dim", 1, kMaxHeadDim);
  if (!fields.ok()) return;
  c.head_dim = head_dim.value_or(c.hidden / c.n_heads);
  if (!head_dim && c.hidden % c.n_heads != 0) {
    fields.fail_damaged(
        fmt::format("{} heads do not divide the hidden size {}", c.n_heads, c.hidden));
  }
}

/// The name of an unsupported RoPE type, if any. `rope` is rope_scaling or rope_parameters.
std::optional<std::string> read_rope(JsonFields& rope, ModelConfig& c) {
  c.rope_theta = rope.real("rope_theta").value_or(c.rope_theta);
  const std::string old_key = rope.text("type").value_or("default");
  std::string type = rope.text("rope_type").value_or(old_key);
  if (rope.real("partial_rotary_factor").value_or(1) != 1) return "partial rotary";
  if (type == "default") return std::nullopt;
  if (type != "llama3") return type;
  c.rope_scaling.factor = rope.real("factor").value_or(0);
  c.rope_scaling.low_freq_factor = rope.real("low_freq_factor").value_or(0);
  c.rope_scaling.high_freq_factor = rope.real("high_freq_factor").value_or(0);
  const auto original = rope.integer("original_max_position_embeddings", 1, kMaxContext);
  c.rope_scaling.original_context = rope.require("original_max_position_embeddings", original);
  const RopeScaling& s = c.rope_scaling;
  const bool is_sound =
      s.factor > 0 && s.low_freq_factor > 0 && s.high_freq_factor > s.low_freq_factor;
  if (!is_sound) {
    rope.fail_damaged(fmt::format("llama3 RoPE scaling has factors {} (low {}, high {})", s.factor,
                                  s.low_freq_factor, s.high_freq_factor));
  }
  return std::nullopt;
}

/// What would change the computation in a way that assay does not do.
std::optional<std::string> unsupported_feature(JsonFields& fields, ModelConfig& c) {
  if (const json* quantised = fields.find("quantization_config")) {
    JsonFields inner(*quantised, fields.file());
    const std::string method =
        quantised->is_object() ? inner.text("quant_method").value_or("?") : "?";
    return fmt::format("is quantised with '{}' (use a GGUF, or the original weights)",
                       name_for_message(method));
  }
  const std::string activation = fields.text("hidden_act").value_or("silu");
  if (activation != "silu") {
    return fmt::format("uses the activation '{}' (known: silu)", name_for_message(activation));
  }
  for (const char* flag :
       {"attention_bias", "mlp_bias", "rope_interleaved", "use_mrope", "use_sliding_window"}) {
    if (fields.boolean(flag).value_or(false)) return fmt::format("sets '{}'", flag);
  }
  if (fields.real("partial_rotary_factor").value_or(1) != 1) return "rotates a part of each head";
  if (const json* layers = fields.array("layer_types")) {
    for (const json& layer : *layers) {
      const bool is_full =
          layer.is_string() && layer.get_ref<const std::string&>() == kFullAttention;
      if (!is_full) {
        return fmt::format("has a layer of type {} (known: {})",
                           name_for_message(layer.dump(-1, ' ', true)), kFullAttention);
      }
    }
  }
  c.rope_theta = fields.real("rope_theta").value_or(c.rope_theta);
  for (const char* key : {"rope_scaling", "rope_parameters"}) {
    const json* object = fields.object(key);
    if (object == nullptr) continue;
    for (const json& member : *object) {
      if (member.is_object()) return fmt::format("has RoPE by type of layer in '{}'", key);
    }
    JsonFields rope(*object, fields.file(), key);
    const auto type = read_rope(rope, c);
    if (!rope.ok()) fields.fail(rope.error());
    if (type) {
      return fmt::format("uses RoPE of type '{}' (known: default, llama3)",
                         name_for_message(*type));
    }
  }
  return std::nullopt;
}

std::vector<TokenId> token_ids(JsonFields& fields, std::string_view key) {
  std::vector<TokenId> out;
  // -1 is written for "none".
  for (const std::int64_t id : fields.integers(key, -1, kMaxVocab)) {
    if (id >= 0) out.push_back(static_cast<TokenId>(id));
  }
  return out;
}

}  // namespace

Result<HfConfig> hf_config(const json& config, const std::string& file) {
  JsonFields fields(config, file);
  const std::string name = stated_architecture(fields);
  if (!fields.ok()) return tl::unexpected(fields.error());
  const HfArch* arch = find_hf_arch(name);
  if (arch == nullptr) {
    return unsupported(file, fmt::format("unknown architecture '{}'", name_for_message(name)),
                       "known: LlamaForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM");
  }
  HfConfig out;
  out.model.arch = arch->arch;
  out.model.arch_name = name;
  out.model.rope_style = RopeStyle::half;
  out.model.qkv_bias = arch->qkv_bias;
  out.model.qk_norm = arch->qk_norm;
  const std::optional<std::string> feature = unsupported_feature(fields, out.model);
  if (!fields.ok()) return tl::unexpected(fields.error());
  if (feature) return unsupported(file, *feature, "which assay does not compute");
  read_shape(fields, out.model);
  out.tied = fields.boolean("tie_word_embeddings");
  const std::vector<TokenId> bos = token_ids(fields, "bos_token_id");
  out.bos = bos.empty() ? -1 : bos.front();
  out.eos = token_ids(fields, "eos_token_id");
  if (!fields.ok()) return tl::unexpected(fields.error());
  if (const Result<void> checked = check_config(out.model); !checked) {
    return damaged(file, checked.error().message());
  }
  return out;
}

namespace {

/// Members of generation_config.json that change which tokens come out, by the value that changes
/// nothing; those that only change speed or bookkeeping are left alone.
constexpr std::pair<const char*, double> kUnservedNumbers[] = {{"repetition_penalty", 1},
                                                               {"encoder_repetition_penalty", 1},
                                                               {"diversity_penalty", 0},
                                                               {"no_repeat_ngram_size", 0},
                                                               {"encoder_no_repeat_ngram_size", 0},
                                                               {"typical_p", 1},
                                                               {"epsilon_cutoff", 0},
                                                               {"eta_cutoff", 0},
                                                               {"penalty_alpha", 0},
                                                               {"num_beams", 1},
                                                               {"guidance_scale", 1},
                                                               {"min_length", 0},
                                                               {"min_new_tokens", 0},
                                                               {"top_h", 1}};
constexpr const char* kUnservedMembers[] = {
    "bad_words_ids",         "force_words_ids",
    "constraints",           "suppress_tokens",
    "begin_suppress_tokens", "forced_bos_token_id",
    "forced_eos_token_id",   "forced_decoder_ids",
    "sequence_bias",         "exponential_decay_length_penalty",
    "watermarking_config",   "dola_layers",
    "stop_strings"};

/// Looks and never fails: what is of a wrong type matters to nobody who does not ask for it.
std::string unserved_sampling(const JsonFields& fields) {
  UnservedSampling out;
  for (const auto& [name, neutral] : kUnservedNumbers) {
    const json* value = fields.find(name);
    if (value == nullptr) continue;
    if (value->is_number()) {
      out.number(name, value->get<double>(), neutral);
    } else {
      out.stated(name, value->dump());
    }
  }
  for (const char* name : kUnservedMembers) {
    const json* value = fields.find(name);
    if (value != nullptr && *value != json::array() && *value != json::object()) {
      out.stated(name, value->dump());
    }
  }
  return out.text();
}

}  // namespace

Result<HfGeneration> hf_generation(const json& config, const std::string& file) {
  JsonFields fields(config, file);
  HfGeneration out;
  out.eos = token_ids(fields, "eos_token_id");
  const auto do_sample = fields.boolean("do_sample");
  StatedSampling stated;
  stated.temperature = fields.real("temperature");
  stated.top_p = fields.real("top_p");
  stated.min_p = fields.real("min_p");
  stated.top_k = fields.integer("top_k", 0, kMaxVocab);
  out.unserved = unserved_sampling(fields);
  if (!fields.ok()) return tl::unexpected(fields.error());
  Result<std::optional<Sampling>> sampling = recommended_sampling(stated, file);
  if (!sampling) return tl::unexpected(sampling.error());
  out.sampling = *sampling;
  if (do_sample == false) out.sampling = Sampling{};
  if (do_sample == true && !out.sampling) {
    out.sampling = Sampling{};
    out.sampling->temperature = 1;
  }
  return out;
}

}  // namespace assay
