#include "model/tokenizer/vocabulary.h"

#include <fmt/core.h>

#include <algorithm>
#include <iterator>
#include <limits>
#include <optional>
#include <span>
#include <tuple>
#include <utility>

#include "core/text.h"
#include "model/tokenizer/byte_alphabet.h"

namespace assay {

namespace {

constexpr const char* kHint = "the model file is damaged, or not of a byte-level BPE model";

tl::unexpected<Error> bad_spec(const std::string& what) {
  return env_failure("tokenizer: " + what, kHint);
}

std::string quoted_text(std::string_view text) {
  return fmt::format("'{}'", name_for_message(text, 60));
}

Result<void> check_ids(const TokenizerSpec& spec) {
  if (spec.tokens.empty()) return bad_spec("the vocabulary is empty");
  if (spec.tokens.size() > static_cast<std::size_t>(std::numeric_limits<TokenId>::max())) {
    return bad_spec(fmt::format("{} tokens are more than ids can number", spec.tokens.size()));
  }
  if (spec.kinds.size() != spec.tokens.size()) {
    return bad_spec(fmt::format("{} kinds for {} tokens", spec.kinds.size(), spec.tokens.size()));
  }
  const auto n = static_cast<TokenId>(spec.tokens.size());
  const auto out_of_range = [n](const char* name, TokenId id) {
    return bad_spec(fmt::format("the {} id {} is outside the {} tokens", name, id, n));
  };
  for (const auto& [name, id] :
       {std::pair("bos", spec.bos), std::pair("eos", spec.eos), std::pair("pad", spec.pad)}) {
    if (id < -1 || id >= n) return out_of_range(name, id);
  }
  for (const TokenId id : spec.eos_extra) {
    if (id < 0 || id >= n) return out_of_range("further eos", id);
  }
  return {};
}

/// Ids by the tokens' text in the file. Merges may make a token that the file calls user-defined,
/// but a normal one with that text goes first.
class IdsByFileText {
 public:
  explicit IdsByFileText(const TokenizerSpec& spec) {
    ids_.reserve(spec.tokens.size());
    const auto add = [&](bool specials) {
      for (std::size_t i = 0; i < spec.tokens.size(); ++i) {
        const bool wanted =
            specials ? is_special(spec.kinds[i]) : spec.kinds[i] == TokenKind::normal;
        if (wanted) ids_.emplace(spec.tokens[i], static_cast<TokenId>(i));
      }
    };
    add(false);
    add(true);
  }
  TokenId find(std::string_view text) const {
    const auto it = ids_.find(text);
    return it == ids_.end() ? -1 : it->second;
  }

 private:
  std::unordered_map<std::string_view, TokenId> ids_;
};

/// The number of a merge whose pair an earlier one has.
std::optional<std::size_t> repeated_merge(std::span<const BpeMerge> merges) {
  std::vector<std::tuple<TokenId, TokenId, std::size_t>> pairs;
  pairs.reserve(merges.size());
  for (std::size_t i = 0; i < merges.size(); ++i) {
    pairs.emplace_back(merges[i].left, merges[i].right, i);
  }
  std::sort(pairs.begin(), pairs.end());
  const auto same = [](const auto& a, const auto& b) {
    return std::get<0>(a) == std::get<0>(b) && std::get<1>(a) == std::get<1>(b);
  };
  const auto it = std::adjacent_find(pairs.begin(), pairs.end(), same);
  if (it == pairs.end()) return std::nullopt;
  return std::get<2>(*std::next(it));
}

/// Bytes that no text can do without: printable ASCII, the newline, and the bytes that continue a
/// UTF-8 character. SmolLM2 shows that others may be absent.
bool is_indispensable(int byte) {
  return byte == '\n' || (byte >= ' ' && byte <= '~') || (byte >= 0x80 && byte <= 0xBF);
}

}  // namespace

bool is_special(TokenKind kind) {
  return kind == TokenKind::control || kind == TokenKind::unknown ||
         kind == TokenKind::user_defined;
}

Result<Vocabulary> Vocabulary::create(const TokenizerSpec& spec) {
  Vocabulary out;
  return check_ids(spec)
      .and_then([&] { return out.add_tokens(spec); })
      .and_then([&] { return out.find_byte_tokens(); })
      .map([&] { return std::move(out); });
}

Result<void> Vocabulary::add_tokens(const TokenizerSpec& spec) {
  bytes_.reserve(spec.tokens.size());
  normal_.reserve(spec.tokens.size());
  for (std::size_t i = 0; i < spec.tokens.size(); ++i) {
    const std::string& text = spec.tokens[i];
    const TokenKind kind = spec.kinds[i];
    if (kind == TokenKind::byte) {
      return bad_spec(
          fmt::format("token {} {} is of SentencePiece's byte kind", i, quoted_text(text)));
    }
    std::optional<std::string> bytes;
    if (kind == TokenKind::normal) bytes = bytes_from_alphabet(text);
    // A normal token outside the alphabet stands for its own text; BPE never makes it.
    const bool reachable = is_special(kind) || bytes.has_value();
    bytes_.push_back(std::move(bytes).value_or(text));
    if (!reachable) continue;
    IdsByText& ids = is_special(kind) ? special_ : normal_;
    const auto [known, added] = ids.emplace(bytes_.back(), static_cast<TokenId>(i));
    if (!added) {
      return bad_spec(fmt::format("tokens {} and {} have the same text {}", known->second, i,
                                  quoted_text(text)));
    }
  }
  return {};
}

Result<void> Vocabulary::find_byte_tokens() {
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    const TokenId id = find_normal({&c, 1});
    if (id < 0 && is_indispensable(byte)) {
      return bad_spec(fmt::format("no token for the byte 0x{:02X} ('{}')", byte,
                                  byte_to_alphabet(static_cast<std::uint8_t>(byte))));
    }
    byte_tokens_[static_cast<std::size_t>(byte)] = id;
  }
  return {};
}

TokenId Vocabulary::find_normal(std::string_view bytes) const {
  const auto it = normal_.find(bytes);
  return it == normal_.end() ? -1 : it->second;
}

TokenId Vocabulary::find_special(std::string_view text) const {
  const auto it = special_.find(text);
  return it == special_.end() ? -1 : it->second;
}

Result<std::vector<BpeMerge>> resolve_merges(const TokenizerSpec& spec) {
  const IdsByFileText ids(spec);
  std::vector<BpeMerge> merges;
  merges.reserve(spec.merges.size());
  for (std::size_t i = 0; i < spec.merges.size(); ++i) {
    const std::string_view merge = spec.merges[i];
    const std::size_t space = merge.find(' ');
    if (space == 0 || space == std::string_view::npos || space + 1 == merge.size() ||
        merge.find(' ', space + 1) != std::string_view::npos) {
      return bad_spec(
          fmt::format("merge {} {} is not two tokens and a space between", i, quoted_text(merge)));
    }
    const std::string_view left = merge.substr(0, space);
    const std::string_view right = merge.substr(space + 1);
    const std::string joined = std::string(left).append(right);
    std::array<TokenId, 3> found{};
    const std::array<std::string_view, 3> texts = {left, right, joined};
    for (std::size_t k = 0; k < texts.size(); ++k) {
      found[k] = ids.find(texts[k]);
      if (found[k] < 0) {
        return bad_spec(fmt::format("merge {} {} needs {}, which is not in the vocabulary", i,
                                    quoted_text(merge), quoted_text(texts[k])));
      }
    }
    merges.push_back({found[0], found[1], found[2]});
  }
  if (const auto twice = repeated_merge(merges)) {
    return bad_spec(
        fmt::format("merge {} {} occurs twice", *twice, quoted_text(spec.merges[*twice])));
  }
  return merges;
}

}  // namespace assay
