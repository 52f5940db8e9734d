// Any text as each of the JSON files of a Hugging Face directory.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>
#include <variant>

#include "core/error.h"
#include "model/hf/hf_config.h"
#include "model/hf/hf_tokenizer.h"
#include "model/hf/json_file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::int64_t kVocab = 1000;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto json = assay::parse_json_object(text, "fuzz.json");
  if (!json) return 0;
  if (const auto config = assay::hf_config(*json, "config.json")) {
    ASSAY_ASSERT(config->model.n_heads % config->model.n_kv_heads == 0);
  }
  (void)assay::hf_generation(*json, "generation_config.json");
  (void)assay::hf_chat_template(*json, "tokenizer_config.json");
  auto tokenizer = assay::hf_tokenizer(*json, kVocab, "tokenizer.json");
  if (!tokenizer) return 0;
  if (auto* spec = std::get_if<assay::TokenizerSpec>(&*tokenizer)) {
    ASSAY_ASSERT(spec->tokens.size() == spec->kinds.size());
    ASSAY_ASSERT(spec->tokens.size() <= static_cast<std::size_t>(kVocab));
    (void)assay::apply_tokenizer_config(*json, "tokenizer_config.json", *spec);
  }
  return 0;
}
