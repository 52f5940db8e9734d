#include "model/hf/hf_pre_tokenizer.h"

#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/text.h"

namespace assay {
namespace {

using nlohmann::json;

struct RegexRow {
  std::string_view regex;
  PreTokenizer pre;
};
// As the tokenizers' own files write them. DeepSeek's Qwen distillations carry Qwen2's expression.
constexpr std::array<RegexRow, 4> kRegexes = {{
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     PreTokenizer::qwen2},
    {R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)",
     PreTokenizer::llama_bpe},
    {R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     PreTokenizer::gpt2},
    {R"('(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)",
     PreTokenizer::gpt2},
}};

tl::unexpected<std::string> unknown(std::string what) {
  return tl::unexpected<std::string>(std::move(what));
}

bool flag(const json& object, const char* key, bool otherwise) {
  const auto it = object.find(key);
  return it != object.end() && it->is_boolean() ? it->get<bool>() : otherwise;
}

/// The regular expression of a Split that keeps the matches and what lies between them.
std::string split_regex(const json& split) {
  const auto pattern = split.find("pattern");
  if (json_type(split) != "Split" || pattern == split.end() || !pattern->is_object()) return {};
  const auto regex = pattern->find("Regex");
  const auto behavior = split.find("behavior");
  const bool isolated = behavior != split.end() && behavior->is_string() &&
                        behavior->get_ref<const std::string&>() == "Isolated";
  if (regex == pattern->end() || !regex->is_string() || !isolated || flag(split, "invert", false)) {
    return {};
  }
  return regex->get<std::string>();
}

bool is_byte_level(const json& value, bool use_regex) {
  // Absent, add_prefix_space and use_regex are true.
  return json_type(value) == "ByteLevel" && !flag(value, "add_prefix_space", true) &&
         flag(value, "use_regex", true) == use_regex;
}

std::string describe(const std::vector<const json*>& parts) {
  std::string out;
  for (const json* part : parts) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", json_type(*part));
  }
  return name_for_message(out.empty() ? "none" : out);
}

}  // namespace

std::string json_type(const json& value) {
  if (!value.is_object()) return {};
  const auto type = value.find("type");
  return type != value.end() && type->is_string() ? type->get<std::string>() : std::string();
}

tl::expected<PreTokenizer, std::string> recognise_pre_tokenizer(const json& value) {
  std::vector<const json*> parts;
  const auto sequence = value.find("pretokenizers");
  if (json_type(value) == "Sequence" && sequence != value.end() && sequence->is_array()) {
    for (const json& part : *sequence) parts.push_back(&part);
  } else if (!value.is_null()) {
    parts.push_back(&value);
  }
  if (parts.size() == 1 && is_byte_level(*parts[0], true)) return PreTokenizer::gpt2;
  if (parts.size() != 2) return unknown(fmt::format("the pre-tokenizer {}", describe(parts)));
  const bool splits_digits =
      json_type(*parts[0]) == "Digits" && flag(*parts[0], "individual_digits", false);
  if (splits_digits && is_byte_level(*parts[1], true)) return PreTokenizer::smollm;
  const std::string regex = split_regex(*parts[0]);
  if (regex.empty() || !is_byte_level(*parts[1], false)) {
    return unknown(fmt::format("the pre-tokenizer {} with unusual options", describe(parts)));
  }
  for (const RegexRow& row : kRegexes) {
    if (row.regex == regex) return row.pre;
  }
  return unknown(
      fmt::format("the pre-tokenizer's regular expression '{}'", name_for_message(regex, 300)));
}

}  // namespace assay
