#include "model/hf/hf_tokenizer.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"
#include "core/text.h"
#include "model/file_errors.h"
#include "model/hf/hf_pre_tokenizer.h"
#include "model/hf/json_file.h"
#include "model/weights_check.h"

namespace assay {
namespace {

using nlohmann::json;

/// Tokens by id while they are collected; a hole is a token without text.
class TokenTable {
 public:
  TokenTable(std::int64_t vocab, TokenizerSpec& spec) : vocab_(vocab), spec_(&spec) {}

  /// A message if the id is out of range or taken by another text.
  std::optional<std::string> put(std::string text, std::int64_t id, TokenKind kind) {
    if (id < 0 || id >= vocab_) {
      return fmt::format("token '{}' has the id {}, the embedding has {} rows",
                         name_for_message(text), id, vocab_);
    }
    const auto index = static_cast<std::size_t>(id);
    while (spec_->tokens.size() <= index) {
      spec_->tokens.emplace_back();
      spec_->kinds.push_back(TokenKind::unused);
    }
    const bool is_free = spec_->kinds[index] == TokenKind::unused;
    if (!is_free && spec_->tokens[index] != text) {
      return fmt::format("tokens '{}' and '{}' share the id {}",
                         name_for_message(spec_->tokens[index]), name_for_message(text), id);
    }
    spec_->tokens[index] = std::move(text);
    spec_->kinds[index] = kind;
    return std::nullopt;
  }

 private:
  std::int64_t vocab_;
  TokenizerSpec* spec_;
};

void read_vocab(JsonFields& model, TokenTable& table) {
  const json* vocab = model.object("vocab");
  if (vocab == nullptr || vocab->empty()) {
    model.fail_damaged("'vocab' is missing or empty");
    return;
  }
  for (const auto& [text, id] : vocab->items()) {
    std::optional<std::string> problem =
        id.is_number_integer() ? table.put(text, id.get<std::int64_t>(), TokenKind::normal)
                               : fmt::format("token '{}' has no id", name_for_message(text));
    if (problem) {
      model.fail_damaged(*problem);
      return;
    }
  }
}

/// "left right" from either spelling, or nothing. The byte-level alphabet has no space.
std::optional<std::string> merge_text(const json& merge) {
  std::string left;
  std::string right;
  if (merge.is_string()) {
    const auto& text = merge.get_ref<const std::string&>();
    const std::size_t space = text.find(' ');
    if (space == std::string::npos) return std::nullopt;
    left = text.substr(0, space);
    right = text.substr(space + 1);
  } else if (merge.is_array() && merge.size() == 2 && merge[0].is_string() &&
             merge[1].is_string()) {
    left = merge[0].get<std::string>();
    right = merge[1].get<std::string>();
  }
  const auto is_part = [](const std::string& s) {
    return !s.empty() && s.find(' ') == std::string::npos;
  };
  if (!is_part(left) || !is_part(right)) return std::nullopt;
  return left + " " + right;
}

void read_merges(JsonFields& model, TokenizerSpec& spec) {
  const json* merges = model.array("merges");
  if (merges == nullptr) {
    model.fail_damaged("'merges' is missing");
    return;
  }
  spec.merges.reserve(merges->size());
  for (const json& merge : *merges) {
    std::optional<std::string> text = merge_text(merge);
    if (!text) {
      model.fail_damaged(fmt::format("merge {} is not a pair of tokens", spec.merges.size()));
      return;
    }
    spec.merges.push_back(std::move(*text));
  }
}

/// What the model part asks for that assay does not do.
std::optional<std::string> unknown_model(JsonFields& model) {
  const std::string type = model.text("type").value_or("BPE");
  if (type != "BPE") return fmt::format("the model type '{}' (known: BPE)", name_for_message(type));
  if (model.boolean("byte_fallback").value_or(false)) return "byte fallback (SentencePiece)";
  for (const char* affix : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    if (!model.text(affix).value_or("").empty()) return fmt::format("'{}'", affix);
  }
  if (model.real("dropout").value_or(0) != 0) return "dropout";
  return std::nullopt;
}

/// Returns the name of an unsupported property, if any.
std::optional<std::string> read_added_token(JsonFields& token, TokenTable& table) {
  const auto id = token.integer("id", 0, kMaxVocab);
  const auto content = token.text("content");
  if (token.ok() && (!id || !content || content->empty())) {
    token.fail_damaged("an added token has no 'id' or 'content'");
  }
  for (const char* flag : {"single_word", "lstrip", "rstrip"}) {
    if (token.boolean(flag).value_or(false)) {
      return fmt::format("the added token '{}' with '{}'", name_for_message(content.value_or("")),
                         flag);
    }
  }
  const bool is_special = token.boolean("special").value_or(false);
  if (!token.ok()) return std::nullopt;
  const auto problem =
      table.put(*content, *id, is_special ? TokenKind::control : TokenKind::user_defined);
  if (problem) token.fail_damaged(*problem);
  return std::nullopt;
}

std::optional<std::string> read_added_tokens(JsonFields& root, TokenTable& table) {
  const json* tokens = root.array("added_tokens");
  if (tokens == nullptr) return std::nullopt;
  for (const json& entry : *tokens) {
    JsonFields token(entry, root.file(), "added_tokens");
    auto unknown = read_added_token(token, table);
    if (!token.ok()) root.fail(token.error());
    if (unknown || !root.ok()) return unknown;
  }
  return std::nullopt;
}

/// null, NFC, or a sequence of these. Returns what is unknown.
std::optional<std::string> read_normalizer(const json& normalizer, bool& nfc) {
  if (normalizer.is_null()) return std::nullopt;
  const std::string type = json_text(normalizer, "type");
  if (type == "Sequence") {
    for (const json& part : json_list(normalizer, "normalizers")) {
      if (auto unknown = read_normalizer(part, nfc)) return unknown;
    }
    return std::nullopt;
  }
  if (type != "NFC") {
    return fmt::format("the normalizer '{}' (known: NFC)", name_for_message(type));
  }
  nfc = true;
  return std::nullopt;
}

TokenId find_token(const TokenizerSpec& spec, std::string_view text) {
  for (std::size_t id = 0; id < spec.tokens.size(); ++id) {
    if (spec.kinds[id] != TokenKind::unused && spec.tokens[id] == text) {
      return static_cast<TokenId>(id);
    }
  }
  return -1;
}

/// The special token that a TemplateProcessing puts before a single text; empty if none.
std::string leading_special(const json& processor) {
  const std::string type = json_text(processor, "type");
  if (type == "TemplateProcessing") {
    const json& single = json_list(processor, "single");
    return single.empty() ? std::string()
                          : json_text(json_member(single.front(), "SpecialToken"), "id");
  }
  if (type != "Sequence") return {};
  for (const json& part : json_list(processor, "processors")) {
    if (std::string found = leading_special(part); !found.empty()) return found;
  }
  return {};
}

Result<TokenizerResult> unknown(const std::string& what) {
  return UnknownTokenizer{
      fmt::format("tokenizer.json uses {}, which assay does not compute", what)};
}

/// Name of a special token: a string, or an object with "content".
std::optional<std::string> special_text(JsonFields& fields, std::string_view key) {
  const json* value = fields.find(key);
  if (value == nullptr) return std::nullopt;
  if (!value->is_object()) return fields.text(key);
  JsonFields inner(*value, fields.file(), std::string(key));
  auto content = inner.text("content");
  if (!inner.ok()) fields.fail(inner.error());
  return content;
}

TokenId special_id(JsonFields& fields, std::string_view key, const TokenizerSpec& spec) {
  const auto text = special_text(fields, key);
  if (!text) return -1;
  const TokenId id = find_token(spec, *text);
  if (id < 0) {
    fields.fail_damaged(fmt::format("'{}' is '{}', which tokenizer.json does not have", key,
                                    name_for_message(*text)));
  }
  return id;
}

}  // namespace

Result<TokenizerResult> hf_tokenizer(const json& tokenizer, std::int64_t vocab,
                                     const std::string& file) {
  JsonFields root(tokenizer, file);
  const json* model_json = root.object("model");
  if (model_json == nullptr) return damaged(file, "'model' is missing or not an object");
  JsonFields model(*model_json, file, "model");
  TokenizerSpec spec;

  if (const auto what = unknown_model(model)) return unknown(*what);
  if (const auto what = read_normalizer(json_member(tokenizer, "normalizer"), spec.nfc))
    return unknown(*what);
  const auto pre = recognise_pre_tokenizer(json_member(tokenizer, "pre_tokenizer"));
  if (!pre) return unknown(pre.error());
  spec.pre = *pre;
  spec.ignore_merges = model.boolean("ignore_merges").value_or(false);

  TokenTable table(vocab, spec);
  read_vocab(model, table);
  read_merges(model, spec);
  if (!model.ok()) return tl::unexpected(model.error());
  const auto unknown_token = read_added_tokens(root, table);
  if (!root.ok()) return tl::unexpected(root.error());
  if (unknown_token) return unknown(*unknown_token);
  const std::string start = leading_special(json_member(tokenizer, "post_processor"));
  if (!start.empty()) spec.bos = find_token(spec, start);
  spec.add_bos = spec.bos >= 0;
  return spec;
}

Result<void> apply_tokenizer_config(const json& config, const std::string& file,
                                    TokenizerSpec& spec) {
  JsonFields fields(config, file);
  spec.bos = special_id(fields, "bos_token", spec);
  spec.eos = special_id(fields, "eos_token", spec);
  spec.pad = special_id(fields, "pad_token", spec);
  const bool add_bos = fields.boolean("add_bos_token").value_or(spec.add_bos);
  if (!fields.ok()) return tl::unexpected(fields.error());
  spec.add_bos = add_bos && spec.bos >= 0;
  return {};
}

Result<std::string> hf_chat_template(const json& config, const std::string& file) {
  JsonFields fields(config, file);
  const json* value = fields.find("chat_template");
  if (value == nullptr || !value->is_array()) {
    std::string text = fields.text("chat_template").value_or("");
    if (!fields.ok()) return tl::unexpected(fields.error());
    return text;
  }
  for (const json& entry : *value) {
    JsonFields named(entry, file, "chat_template");
    const auto name = named.text("name");
    const auto text = named.text("template");
    if (!named.ok()) return tl::unexpected(named.error());
    if (text && (name == "default" || value->size() == 1)) return *text;
  }
  return std::string();
}

}  // namespace assay
