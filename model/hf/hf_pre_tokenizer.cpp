#include "model/hf/hf_pre_tokenizer.h"

#include <fmt/core.h>

#include <array>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "core/json_access.h"
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

/// The regular expression of a Split that keeps the matches and what lies between them.
std::string split_regex(const json& split) {
  const bool is_plain = json_text(split, "type") == "Split" &&
                        json_text(split, "behavior") == "Isolated" &&
                        !json_flag(split, "invert").value_or(false);
  return is_plain ? json_text(json_member(split, "pattern"), "Regex") : std::string();
}

bool is_byte_level(const json& value, bool use_regex) {
  // Absent, add_prefix_space and use_regex are true.
  return json_text(value, "type") == "ByteLevel" &&
         !json_flag(value, "add_prefix_space").value_or(true) &&
         json_flag(value, "use_regex").value_or(true) == use_regex;
}

std::string describe(const std::vector<const json*>& parts) {
  std::string out;
  for (const json* part : parts) {
    out += fmt::format("{}{}", out.empty() ? "" : ", ", json_text(*part, "type"));
  }
  return name_for_message(out.empty() ? "none" : out);
}

}  // namespace

tl::expected<PreTokenizer, std::string> recognise_pre_tokenizer(const json& value) {
  std::vector<const json*> parts;
  if (json_text(value, "type") == "Sequence") {
    for (const json& part : json_list(value, "pretokenizers")) parts.push_back(&part);
  } else if (!value.is_null()) {
    parts.push_back(&value);
  }
  if (parts.size() == 1 && is_byte_level(*parts[0], true)) return PreTokenizer::gpt2;
  if (parts.size() != 2) return unknown(fmt::format("the pre-tokenizer {}", describe(parts)));
  const bool splits_digits = json_text(*parts[0], "type") == "Digits" &&
                             json_flag(*parts[0], "individual_digits").value_or(false);
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
