#include "model/hf/hf_model.h"

#include <fmt/core.h>

#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/text.h"
#include "model/file_errors.h"
#include "model/hf/hf_config.h"
#include "model/hf/hf_tokenizer.h"
#include "model/hf/hf_weights.h"
#include "model/hf/json_file.h"
#include "model/model_name.h"
#include "model/weights_check.h"

namespace assay {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

constexpr std::array<std::string_view, 6> kConfigFiles = {
    "chat_template.jinja",          "config.json",    "generation_config.json",
    "model.safetensors.index.json", "tokenizer.json", "tokenizer_config.json"};

/// A parsed file of the directory, if it is there.
struct OptionalJson {
  std::string path;
  std::optional<json> value;
};

Result<OptionalJson> read_optional(const std::string& directory, std::string_view name) {
  OptionalJson out;
  out.path = (fs::path(directory) / name).string();
  std::error_code ignored;
  if (!fs::exists(out.path, ignored)) return out;
  Result<json> parsed = read_json_object(out.path);
  if (!parsed) return tl::unexpected(parsed.error());
  out.value = std::move(*parsed);
  return out;
}

/// Ids that end a turn, by config.json and generation_config.json.
Result<void> add_end_tokens(const std::vector<TokenId>& ids, const std::string& file,
                            TokenizerSpec& spec) {
  for (const TokenId id : ids) {
    if (static_cast<std::size_t>(id) >= spec.tokens.size()) {
      return damaged(file, fmt::format("eos_token_id {} is out of range", id));
    }
    if (spec.eos < 0) spec.eos = id;
    add_end_token(spec, id);
  }
  return {};
}

Result<void> read_tokenizer(const OptionalJson& tokenizer, const OptionalJson& tokenizer_config,
                            const HfConfig& config, ModelFile& model) {
  if (!tokenizer.value) {
    model.tokenizer_problem = fmt::format(
        "'{}' has no tokenizer.json: copy it from where the checkpoint came from "
        "(transformers: AutoTokenizer.from_pretrained(...).save_pretrained(...))",
        model.name);
    return {};
  }
  Result<TokenizerResult> result =
      hf_tokenizer(*tokenizer.value, model.config.vocab, tokenizer.path);
  if (!result) return tl::unexpected(result.error());
  if (const auto* unknown = std::get_if<UnknownTokenizer>(&*result)) {
    model.tokenizer_problem = fmt::format("'{}': {}", model.name, unknown->problem);
    return {};
  }
  TokenizerSpec spec = std::get<TokenizerSpec>(std::move(*result));
  if (Result<void> fitted = fit_tokenizer(spec, model.config.vocab, tokenizer.path); !fitted) {
    return fitted;
  }
  if (tokenizer_config.value) {
    auto applied = apply_tokenizer_config(*tokenizer_config.value, tokenizer_config.path, spec);
    if (!applied) return applied;
  } else if (spec.bos < 0 && config.bos < model.config.vocab) {
    spec.bos = config.bos;
  }
  model.tokenizer = std::move(spec);
  return {};
}

Result<void> read_chat_template(const OptionalJson& tokenizer_config, ModelFile& model) {
  const std::string path = (fs::path(model.path) / "chat_template.jinja").string();
  std::error_code ignored;
  if (fs::exists(path, ignored)) {  // transformers prefers it to tokenizer_config.json too
    const auto mapped = MappedFile::open(path);
    if (!mapped) return tl::unexpected(mapped.error());
    const auto bytes = (*mapped)->bytes();
    model.chat_template.assign(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (!is_valid_utf8(model.chat_template)) return damaged(path, "is not valid UTF-8");
    return {};
  }
  if (!tokenizer_config.value) return {};
  Result<std::string> text = hf_chat_template(*tokenizer_config.value, tokenizer_config.path);
  if (!text) return tl::unexpected(text.error());
  model.chat_template = std::move(*text);
  return {};
}

Result<void> read_texts(const HfConfig& config, const std::string& config_path, ModelFile& model) {
  const auto tokenizer = read_optional(model.path, "tokenizer.json");
  if (!tokenizer) return tl::unexpected(tokenizer.error());
  const auto tokenizer_config = read_optional(model.path, "tokenizer_config.json");
  if (!tokenizer_config) return tl::unexpected(tokenizer_config.error());
  const auto generation_json = read_optional(model.path, "generation_config.json");
  if (!generation_json) return tl::unexpected(generation_json.error());

  Result<void> step = read_tokenizer(*tokenizer, *tokenizer_config, config, model);
  if (step) step = read_chat_template(*tokenizer_config, model);
  if (step && generation_json->value) {
    const auto generation = hf_generation(*generation_json->value, generation_json->path);
    if (!generation) return tl::unexpected(generation.error());
    model.generation = generation->sampling;
    model.generation_unserved = generation->unserved;
    if (model.tokenizer)
      step = add_end_tokens(generation->eos, generation_json->path, *model.tokenizer);
  }
  if (step && model.tokenizer) step = add_end_tokens(config.eos, config_path, *model.tokenizer);
  return step;
}

}  // namespace

std::vector<std::string> hf_config_files(const std::string& path) {
  std::vector<std::string> out;
  std::error_code ignored;
  for (const std::string_view name : kConfigFiles) {
    if (fs::exists(fs::path(path) / name, ignored)) out.emplace_back(name);
  }
  return out;
}

Result<ModelFile> load_hf_directory(const std::string& path) {
  const std::string config_path = (fs::path(path) / "config.json").string();
  std::error_code ignored;
  if (!fs::exists(config_path, ignored)) {
    return unsupported(path, "is a directory without config.json",
                       "give a GGUF file or a Hugging Face directory");
  }
  const Result<json> config_json = read_json_object(config_path);
  if (!config_json) return tl::unexpected(config_json.error());
  const Result<HfConfig> config = hf_config(*config_json, config_path);
  if (!config) return tl::unexpected(config.error());

  ModelFile model;
  model.path = path;
  model.name = model_name("", path);
  model.format = "safetensors";
  model.config = config->model;
  Result<void> step = load_hf_weights(*config, model);
  if (step) step = read_texts(*config, config_path, model);
  if (!step) return tl::unexpected(step.error());
  return model;
}

}  // namespace assay
