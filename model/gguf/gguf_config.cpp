#include "model/gguf/gguf_config.h"

#include <fmt/core.h>

#include <array>
#include <optional>

#include "core/text.h"
#include "model/file_errors.h"
#include "model/gguf/gguf_metadata.h"
#include "model/weights_check.h"

namespace assay {
namespace {

constexpr std::string_view kKnownArchitectures = "known: llama, qwen2, qwen3";

struct GgufArch {
  std::string_view name;
  Arch arch;
  RopeStyle rope_style;
  bool qkv_bias;
  bool qk_norm;
};
constexpr std::array<GgufArch, 3> kGgufArchitectures = {{
    {"llama", Arch::llama, RopeStyle::interleaved, false, false},
    {"qwen2", Arch::qwen2, RopeStyle::half, true, false},
    {"qwen3", Arch::qwen3, RopeStyle::half, false, true},
}};

const GgufArch* find_gguf_arch(std::string_view name) {
  for (const GgufArch& row : kGgufArchitectures) {
    if (row.name == name) return &row;
  }
  return nullptr;
}

// llama.h's llama_ftype, where it names types that assay computes.
struct FileTypeRow {
  std::int64_t number;
  std::string_view name;
};
constexpr std::array<FileTypeRow, 18> kFileTypes = {{
    {0, "F32"},
    {1, "F16"},
    {2, "Q4_0"},
    {3, "Q4_1"},
    {7, "Q8_0"},
    {8, "Q5_0"},
    {9, "Q5_1"},
    {10, "Q2_K"},
    {11, "Q3_K_S"},
    {12, "Q3_K_M"},
    {13, "Q3_K_L"},
    {14, "Q4_K_S"},
    {15, "Q4_K_M"},
    {16, "Q5_K_S"},
    {17, "Q5_K_M"},
    {18, "Q6_K"},
    {21, "Q2_K_S"},
    {32, "BF16"},
}};

void read_shape(GgufMetadata& meta, const std::string& arch, ModelConfig& c) {
  const auto key = [&arch](std::string_view rest) { return fmt::format("{}.{}", arch, rest); };
  const auto required = [&](std::string_view rest, std::int64_t largest) {
    const std::string name = key(rest);
    return meta.require(name, meta.uniform_integer(name, 1, largest));
  };
  c.n_layers = required("block_count", kMaxLayers);
  c.max_context = required("context_length", kMaxContext);
  c.hidden = required("embedding_length", kMaxWidth);
  c.ffn = required("feed_forward_length", kMaxWidth);
  c.n_heads = required("attention.head_count", kMaxHeads);
  c.n_kv_heads =
      meta.uniform_integer(key("attention.head_count_kv"), 1, kMaxHeads).value_or(c.n_heads);
  const auto key_length = meta.uniform_integer(key("attention.key_length"), 1, kMaxHeadDim);
  const auto value_length = meta.uniform_integer(key("attention.value_length"), 1, kMaxHeadDim);
  if (!meta.ok()) return;
  c.head_dim = key_length.value_or(c.hidden / c.n_heads);
  if (!key_length && c.hidden % c.n_heads != 0) {
    meta.fail_damaged(
        fmt::format("{} heads do not divide the embedding length {}", c.n_heads, c.hidden));
  }
  if (value_length.value_or(c.head_dim) != c.head_dim) {
    meta.fail_damaged(
        fmt::format("heads of values have {} elements, of keys {}", *value_length, c.head_dim));
  }
}

void read_numbers(GgufMetadata& meta, const std::string& arch, ModelConfig& c) {
  const std::string epsilon_key = arch + ".attention.layer_norm_rms_epsilon";
  const auto epsilon = meta.real(epsilon_key);
  if (!epsilon) {
    meta.fail_damaged(fmt::format("metadata key {} is missing", epsilon_key));
  }
  c.rms_eps = static_cast<float>(epsilon.value_or(0));
  c.rope_theta = meta.real(arch + ".rope.freq_base").value_or(c.rope_theta);
}

/// What would change the computation in a way that assay does not do.
std::optional<std::string> unsupported_feature(GgufMetadata& meta, const std::string& arch,
                                               const ModelConfig& c) {
  const auto key = [&arch](std::string_view rest) { return fmt::format("{}.{}", arch, rest); };
  const auto whole = [&](const std::string& name) { return meta.integer(name, 0, kMaxContext); };
  if (const auto parts = whole("split.count"); parts.value_or(1) > 1) {
    return fmt::format("is one of {} parts of a split model (merge them into one file)", *parts);
  }
  if (const auto experts = whole(key("expert_count")); experts.value_or(0) > 0) {
    return fmt::format("is a mixture of {} experts", *experts);
  }
  for (const char* scale :
       {"attention.scale", "attention.clamp_kqv", "attn_logit_softcapping", "embedding_scale",
        "final_logit_softcapping", "logit_scale", "residual_scale"}) {
    if (meta.has(key(scale))) return fmt::format("sets {}", key(scale));
  }
  const auto window = whole(key("attention.sliding_window"));
  if (window.value_or(0) > 0 && *window < c.max_context) {
    return fmt::format("uses a sliding attention window of {} tokens", *window);
  }
  const auto rotated = whole(key("rope.dimension_count"));
  if (rotated.value_or(c.head_dim) != c.head_dim) {
    return fmt::format("rotates {} of {} elements of a head (partial RoPE)", *rotated, c.head_dim);
  }
  const std::string scaling = meta.text(key("rope.scaling.type")).value_or("none");
  const double factor = meta.real(key("rope.scaling.factor")).value_or(1);
  const double linear = meta.real(key("rope.scale_linear")).value_or(1);
  const bool is_identity = scaling == "none" || (scaling == "linear" && factor == 1);
  if (!is_identity) {
    return fmt::format(
        "uses RoPE scaling '{}' with factor {} (known in GGUF: none, and llama3's as "
        "rope_freqs.weight)",
        name_for_message(scaling), factor);
  }
  if (linear != 1) return fmt::format("uses linear RoPE scaling with factor {}", linear);
  return std::nullopt;
}

}  // namespace

Result<ModelConfig> gguf_config(const GgufFile& gguf) {
  GgufMetadata meta(gguf);
  const std::optional<std::string> name = meta.text("general.architecture");
  if (!meta.ok()) return tl::unexpected(meta.error());
  if (!name) return damaged(gguf.file, "metadata key general.architecture is missing");
  const GgufArch* arch = find_gguf_arch(*name);
  if (arch == nullptr) {
    return unsupported(gguf.file, fmt::format("unknown architecture '{}'", name_for_message(*name)),
                       std::string(kKnownArchitectures));
  }
  ModelConfig config;
  config.arch = arch->arch;
  config.arch_name = *name;
  config.rope_style = arch->rope_style;
  config.qkv_bias = arch->qkv_bias;
  config.qk_norm = arch->qk_norm;
  read_shape(meta, *name, config);
  read_numbers(meta, *name, config);
  if (!meta.ok()) return tl::unexpected(meta.error());
  const std::optional<std::string> feature = unsupported_feature(meta, *name, config);
  if (!meta.ok()) return tl::unexpected(meta.error());
  if (feature) return unsupported(gguf.file, *feature, "which assay does not compute");
  if (const Result<void> checked = check_config(config); !checked) {
    return damaged(gguf.file, checked.error().message());
  }
  return config;
}

std::string_view gguf_arch_name(Arch arch) {
  for (const GgufArch& row : kGgufArchitectures) {
    if (row.arch == arch) return row.name;
  }
  return {};
}

std::optional<std::uint32_t> gguf_file_type_number(std::string_view name) {
  for (const FileTypeRow& row : kFileTypes) {
    if (row.name == name) return static_cast<std::uint32_t>(row.number);
  }
  return std::nullopt;
}

std::string gguf_file_type_name(const GgufFile& gguf) {
  GgufMetadata meta(gguf);
  const auto number = meta.integer("general.file_type", 0, 1 << 20);
  for (const FileTypeRow& row : kFileTypes) {
    if (number == row.number) return std::string(row.name);
  }
  return {};
}

}  // namespace assay
