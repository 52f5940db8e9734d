#include "decode/grammar/json_rules.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "decode/grammar/characters.h"

namespace assay::grammar {
namespace {

constexpr std::int64_t kMaxIndent = 20;
// Longer numbers are rarely meant, and doubles cannot tell them apart.
constexpr std::int64_t kMaxDigits = 18;
constexpr std::int64_t kMaxFraction = 17;
constexpr std::int64_t kMaxExponent = 2;

}  // namespace

JsonRules::JsonRules(Grammar& grammar) : grammar_(&grammar) {
  Grammar& g = grammar;
  const Sequence line = joined({g.text("\n"), g.repeat(g.bytes(byte_set(" \t")), 0, kMaxIndent)});
  space_ = g.any_of({{}, g.text(" "), line});
  plain_character_ = plain_characters(g);
  const Sequence hex = g.bytes(byte_set("0123456789abcdefABCDEF"));
  const Sequence two = joined({hex, hex});
  const Sequence d = g.bytes(byte_set("dD"));
  const Sequence low = g.bytes(byte_set("01234567"));
  const Sequence not_d = g.bytes(byte_set("0123456789abcefABCEF"));
  // A surrogate only with its other half.
  const Sequence pair = joined({g.text("\\u"), d, g.bytes(byte_set("89abAB")), two, g.text("\\u"),
                                d, g.bytes(byte_set("cdefCDEF")), two});
  character_ = g.any_of({plain_character_, joined({g.text("\\"), g.bytes(byte_set("\"\\/bfnrt"))}),
                         joined({g.text("\\u"), not_d, hex, two}),
                         joined({g.text("\\u"), d, low, two}), pair});
}

Sequence JsonRules::quoted(const Sequence& characters) {
  return joined({grammar_->text("\""), characters, grammar_->text("\"")});
}

Sequence JsonRules::string(std::int64_t least, std::int64_t most) {
  return quoted(grammar_->repeat(character_, least, most));
}

Sequence JsonRules::literal(const nlohmann::ordered_json& value) {
  return grammar_->text(value.dump());
}

Sequence JsonRules::integer() {
  Grammar& g = *grammar_;
  const Sequence digit = g.bytes(byte_range('0', '9'));
  const Sequence natural =
      joined({g.bytes(byte_range('1', '9')), g.repeat(digit, 0, kMaxDigits - 1)});
  return joined({g.optional(g.text("-")), g.any_of({g.text("0"), natural})});
}

Sequence JsonRules::number() {
  Grammar& g = *grammar_;
  const Sequence digit = g.bytes(byte_range('0', '9'));
  const Sequence fraction = joined({g.text("."), g.repeat(digit, 1, kMaxFraction)});
  const Sequence exponent = joined({g.bytes(byte_set("eE")), g.optional(g.bytes(byte_set("+-"))),
                                    g.repeat(digit, 1, kMaxExponent)});
  return joined({integer(), g.optional(fraction), g.optional(exponent)});
}

Sequence JsonRules::boolean() {
  return grammar_->any_of({grammar_->text("true"), grammar_->text("false")});
}

Sequence JsonRules::null() {
  return grammar_->text("null");
}

Sequence JsonRules::value() {
  if (value_) return *value_;
  const std::int32_t rule = grammar_->declare();
  Sequence any = Grammar::of_rule(rule);
  value_ = any;
  grammar_->define(
      rule, {string(0, -1), number(), boolean(), null(), any_object(), array({}, any, 0, -1)});
  return any;
}

Sequence JsonRules::any_object() {
  return object({}, Member{string(0, -1), value(), false});
}

Sequence JsonRules::array(const std::vector<Sequence>& first,
                          const std::optional<Sequence>& element, std::int64_t least,
                          std::int64_t most) {
  Grammar& g = *grammar_;
  const Sequence comma = joined({g.text(","), space_});
  const std::int64_t n_first = std::ssize(first);
  // From the right: what may follow when i elements stand there.
  Sequence rest;
  if (element) {
    const std::int64_t more = most < 0 ? -1 : std::max<std::int64_t>(0, most - n_first - 1);
    const std::int64_t needed = std::max<std::int64_t>(0, least - n_first - 1);
    if (n_first > 0) {
      const std::int64_t behind = most < 0 ? -1 : std::max<std::int64_t>(0, most - n_first);
      rest =
          g.repeat(joined({comma, *element}), std::max<std::int64_t>(0, least - n_first), behind);
    } else if (most != 0) {
      rest = joined({*element, g.repeat(joined({comma, *element}), needed, more)});
      if (least == 0) rest = g.optional(rest);
    }
  }
  for (std::int64_t i = n_first; i-- > 0;) {
    if (most >= 0 && i >= most) continue;
    const Sequence& item = first[static_cast<std::size_t>(i)];
    rest = i == 0 ? joined({item, rest}) : joined({comma, item, rest});
    if (i >= least) rest = g.optional(rest);
  }
  return joined({g.text("["), space_, rest, space_, g.text("]")});
}

Sequence JsonRules::member(const Member& member) {
  Grammar& g = *grammar_;
  return joined({member.name, g.text(":"), g.optional(g.text(" ")), member.value});
}

Sequence JsonRules::object(const std::vector<Member>& members,
                           const std::optional<Member>& others) {
  Grammar& g = *grammar_;
  const Sequence comma = joined({g.text(","), space_});
  // From the right: what may follow when something stands there already, and when nothing does.
  Sequence after;
  Sequence first;
  if (others) {
    const Sequence other = member(*others);
    after = g.repeat(joined({comma, other}), 0, -1);
    first = g.optional(joined({other, after}));
  }
  for (std::size_t i = members.size(); i-- > 0;) {
    const Sequence one = member(members[i]);
    const Sequence next = joined({comma, one, after});
    const Sequence begin = joined({one, after});
    first = members[i].required ? begin : g.any_of({begin, first});
    // Written once: both sides refer to it.
    after = members[i].required ? g.as_rule({next}) : g.as_rule({next, after});
  }
  return joined({g.text("{"), space_, first, space_, g.text("}")});
}

/// Names that begin as those of `taken` do, `depth` bytes in, and go on in another way.
Sequence JsonRules::names_beside(const std::vector<std::string>& taken, std::size_t depth) {
  Grammar& g = *grammar_;
  std::map<unsigned char, std::vector<std::string>> by_byte;
  bool ends_here = false;
  for (const std::string& name : taken) {
    if (name.size() == depth) {
      ends_here = true;
    } else {
      by_byte[static_cast<unsigned char>(name[depth])].push_back(name);
    }
  }
  ByteSet other_ascii = byte_range(0x20, 0x7F) & ~byte_set("\"\\");
  std::vector<Sequence> ways;
  if (!ends_here) ways.emplace_back();
  for (const auto& [byte, names] : by_byte) {
    if (!other_ascii.test(byte))
      continue;  // ours hold no such byte; for those beyond ASCII see below
    other_ascii.reset(byte);
    ways.push_back(joined({g.bytes(ByteSet().set(byte)), names_beside(names, depth + 1)}));
  }
  const bool has_high = !by_byte.empty() && by_byte.rbegin()->first >= 0x80;
  const Sequence rest = g.repeat(plain_character_, 0, -1);
  ways.push_back(joined({g.bytes(other_ascii), rest}));
  // Where a taken name goes on beyond ASCII, ours does not: no need to follow its bytes.
  if (!has_high) ways.push_back(joined({wide_characters(g), rest}));
  return g.any_of(std::move(ways));
}

Sequence JsonRules::other_name(const std::vector<std::string>& taken) {
  return quoted(names_beside(taken, 0));
}

}  // namespace assay::grammar
