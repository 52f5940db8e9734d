#include "model/gguf/gguf_model.h"

#include <fmt/core.h>

#include <cmath>
#include <filesystem>
#include <utility>

#include "core/text.h"
#include "model/byte_reader.h"
#include "model/file_errors.h"
#include "model/gguf/gguf_config.h"
#include "model/gguf/gguf_file.h"
#include "model/gguf/gguf_metadata.h"
#include "model/gguf/gguf_tokenizer.h"
#include "model/model_name.h"
#include "model/recommended_sampling.h"
#include "model/weights_check.h"

namespace assay {
namespace {

constexpr std::string_view kRopeFactors = "rope_freqs.weight";

Result<void> read_descriptions(const GgufFile& gguf, ModelFile& model) {
  GgufMetadata meta(gguf);
  model.format = fmt::format("gguf v{}", gguf.version);
  model.name = model_name(meta.text("general.name").value_or(""), model.path);
  model.chat_template = meta.text("tokenizer.chat_template").value_or("");
  StatedSampling stated;
  stated.temperature = meta.real("general.sampling.temp");
  stated.top_p = meta.real("general.sampling.top_p");
  stated.min_p = meta.real("general.sampling.min_p");
  stated.top_k = meta.integer("general.sampling.top_k", 0, kMaxVocab);
  UnservedSampling unserved;
  unserved.number("penalty_repeat", meta.real("general.sampling.penalty_repeat"), 1);
  unserved.number("xtc_probability", meta.real("general.sampling.xtc_probability"), 0);
  const auto mirostat = meta.integer("general.sampling.mirostat", 0, kMaxVocab);
  unserved.number("mirostat", mirostat, 0);
  const std::string order = meta.text("general.sampling.sequence").value_or("");
  if (!order.empty()) unserved.stated("sequence", order);
  if (!meta.ok()) return tl::unexpected(meta.error());
  Result<std::optional<Sampling>> sampling = recommended_sampling(stated, gguf.file);
  if (!sampling) return tl::unexpected(sampling.error());
  model.generation = *sampling;
  model.generation_unserved = unserved.text();
  return {};
}

Result<void> read_tokenizer(const GgufFile& gguf, ModelFile& model) {
  auto tokenizer = gguf_tokenizer(gguf);
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  if (auto* unknown = std::get_if<UnknownTokenizer>(&*tokenizer)) {
    model.tokenizer_problem = fmt::format("'{}': {}", model.name, unknown->problem);
  } else {
    model.tokenizer = std::get<TokenizerSpec>(std::move(*tokenizer));
  }
  return {};
}

/// Factors that divide the RoPE frequencies: head_dim / 2 positive F32 numbers.
Result<std::vector<float>> read_rope_factors(const WeightView& view, const ModelConfig& config,
                                             const std::string& file) {
  if (view.type != TensorType::F32 || view.rows != 1 || view.cols != config.head_dim / 2) {
    return damaged(
        file, fmt::format("tensor {} is {} x {} of {}, expected 1 x {} of F32", kRopeFactors,
                          view.rows, view.cols, tensor_type_name(view.type), config.head_dim / 2));
  }
  std::vector<float> factors;
  for (std::int64_t i = 0; i < view.cols; ++i) {
    const auto at = static_cast<std::size_t>(i) * sizeof(float);
    factors.push_back(load_number<float>(view.bytes.subspan(at)));
    if (!(std::isfinite(factors.back()) && factors.back() > 0)) {
      return damaged(file, fmt::format("tensor {} holds the factor {} at {}, expected above 0",
                                       kRopeFactors, factors.back(), i));
    }
  }
  return factors;
}

Result<void> read_weights(const GgufFile& gguf, ModelFile& model) {
  Result<std::vector<WeightView>> views = gguf_weight_views(gguf);
  if (!views) return tl::unexpected(views.error());
  for (const WeightView& view : *views) {
    if (view.name == kRopeFactors) {
      Result<std::vector<float>> factors = read_rope_factors(view, model.config, gguf.file);
      if (!factors) return tl::unexpected(factors.error());
      model.config.rope_freq_factors = std::move(*factors);
      continue;
    }
    const auto [entry, is_new] = model.tensors.emplace(view.name, view);
    entry->second.name = entry->first;
  }
  const auto embedding = model.tensors.find("token_embd.weight");
  if (embedding == model.tensors.end()) {
    return damaged(gguf.file, "tensor token_embd.weight is missing");
  }
  model.config.vocab = embedding->second.rows;
  if (model.config.vocab > kMaxVocab) {
    return damaged(gguf.file,
                   fmt::format("tensor token_embd.weight has {} rows", model.config.vocab));
  }
  model.config.tied_embeddings = !model.tensors.contains("output.weight");
  const auto same_name = [](std::string_view name) { return std::string(name); };
  if (Result<void> checked = check_tensors(model.config, model.tensors, gguf.file, same_name);
      !checked) {
    return checked;
  }
  model.parameters = count_parameters(model.tensors);
  model.weight_type = gguf_file_type_name(gguf);
  if (model.weight_type.empty()) model.weight_type = dominant_type(model.tensors);
  return {};
}

/// A file without tensors serves `tokenize`, whatever its architecture is.
Result<void> finish_vocabulary_only(const GgufFile& gguf, const Result<ModelConfig>& config,
                                    ModelFile& model) {
  if (!model.tokenizer) {
    return damaged(gguf.file, fmt::format("has no tensors, and {}", model.tokenizer_problem));
  }
  model.vocabulary_only = true;
  if (config) model.config = *config;
  GgufMetadata meta(gguf);
  model.config.arch_name = meta.text("general.architecture").value_or("");
  model.config.vocab = static_cast<std::int64_t>(model.tokenizer->tokens.size());
  return {};
}

}  // namespace

Result<ModelFile> gguf_model(std::span<const std::byte> bytes, const std::string& path) {
  const Result<GgufFile> gguf = parse_gguf(bytes, path);
  if (!gguf) return tl::unexpected(gguf.error());
  const Result<ModelConfig> config = gguf_config(*gguf);
  const bool has_weights = !gguf->tensors.empty();
  if (!config && has_weights) return tl::unexpected(config.error());

  ModelFile model;
  model.path = path;
  model.file_bytes = static_cast<std::int64_t>(bytes.size());
  Result<void> step = read_descriptions(*gguf, model);
  if (step) step = read_tokenizer(*gguf, model);
  if (step && has_weights) {
    model.config = *config;
    step = read_weights(*gguf, model);
  } else if (step) {
    step = finish_vocabulary_only(*gguf, config, model);
  }
  if (!step) return tl::unexpected(step.error());
  if (model.tokenizer) {
    step = fit_tokenizer(*model.tokenizer, model.config.vocab, path);
    if (!step) return tl::unexpected(step.error());
  }
  return model;
}

}  // namespace assay
