#include "harness/quantize/metadata.h"

#include <fmt/core.h>

#include <vector>

#include "harness/names.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_tokenizer.h"

namespace assay {
namespace {

constexpr std::string_view kFileType = "general.file_type";
constexpr std::string_view kQuantizationVersion = "general.quantization_version";
constexpr std::uint32_t kCurrentQuantization = 2;  // ggml's GGML_QNT_VERSION

std::uint32_t number(std::int64_t value) {
  return static_cast<std::uint32_t>(value);
}

void add_config(const ModelFile& model, GgufMetadataWriter& out) {
  const ModelConfig& c = model.config;
  const std::string arch(gguf_arch_name(c.arch));
  const auto key = [&arch](std::string_view rest) { return fmt::format("{}.{}", arch, rest); };
  out.add_text("general.architecture", arch);
  out.add_text("general.name", model.name);
  out.add_u32(key("block_count"), number(c.n_layers));
  out.add_u32(key("context_length"), number(c.max_context));
  out.add_u32(key("embedding_length"), number(c.hidden));
  out.add_u32(key("feed_forward_length"), number(c.ffn));
  out.add_u32(key("attention.head_count"), number(c.n_heads));
  out.add_u32(key("attention.head_count_kv"), number(c.n_kv_heads));
  out.add_u32(key("attention.key_length"), number(c.head_dim));
  out.add_u32(key("attention.value_length"), number(c.head_dim));
  out.add_f32(key("attention.layer_norm_rms_epsilon"), c.rms_eps);
  out.add_f32(key("rope.freq_base"), static_cast<float>(c.rope_theta));
  out.add_u32(key("rope.dimension_count"), number(c.head_dim));
  out.add_u32(key("vocab_size"), number(c.vocab));
}

void add_tokenizer(const TokenizerSpec& spec, GgufMetadataWriter& out) {
  out.add_text("tokenizer.ggml.model", "gpt2");
  out.add_text("tokenizer.ggml.pre", gguf_pre_tokenizer_name(spec.pre));
  out.add_texts("tokenizer.ggml.tokens", spec.tokens);
  std::vector<std::int32_t> types;
  types.reserve(spec.kinds.size());
  for (const TokenKind kind : spec.kinds) types.push_back(gguf_token_type(kind));
  out.add_i32s("tokenizer.ggml.token_type", types);
  out.add_texts("tokenizer.ggml.merges", spec.merges);
  const auto add_id = [&](std::string_view name, TokenId id) {
    if (id >= 0) out.add_u32(fmt::format("tokenizer.ggml.{}_token_id", name), number(id));
  };
  add_id("bos", spec.bos);
  add_id("eos", spec.eos);
  add_id("padding", spec.pad);
  for (const TokenId id : spec.eos_extra) {
    if (id == spec.eos) continue;
    add_id("eot", id);  // the format names one beside eos
    break;
  }
  out.add_bool("tokenizer.ggml.add_bos_token", spec.add_bos);
}

void copy_metadata(const ModelFile& model, GgufMetadataWriter& out) {
  ASSAY_ASSERT(model.mappings.size() == 1);
  const GgufFile gguf = value_or_throw(parse_gguf(model.mappings[0]->bytes(), model.path));
  for (const auto& [key, value] : gguf.metadata) {
    // Written anew, or true of the source's layout alone.
    if (key == kFileType || key == kQuantizationVersion || key == "general.alignment") continue;
    out.add_copy(key, value);
  }
}

}  // namespace

GgufMetadataWriter quantized_metadata(const ModelFile& model, const std::string& file_type) {
  GgufMetadataWriter out;
  if (model.format.starts_with("gguf")) {
    copy_metadata(model, out);
  } else {
    add_config(model, out);
    if (model.tokenizer) add_tokenizer(*model.tokenizer, out);
    if (!model.chat_template.empty()) {
      out.add_text("tokenizer.chat_template", model.chat_template);
    }
  }
  if (const auto type = gguf_file_type_number(file_type)) out.add_u32(kFileType, *type);
  out.add_u32(kQuantizationVersion, kCurrentQuantization);
  return out;
}

}  // namespace assay
