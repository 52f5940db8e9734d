// JSON's own rules (RFC 8259) as parts of a grammar. White space is what people write: nothing, one
// space, or a new line with its indentation; so no completion can go on with blanks for ever.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <vector>

#include "decode/grammar/grammar.h"

namespace assay::grammar {

class JsonRules {
 public:
  explicit JsonRules(Grammar& grammar);

  Grammar& grammar() { return *grammar_; }
  /// White space between tokens.
  const Sequence& space() const { return space_; }
  /// `"` and `least` to `most` characters (most < 0: any number) and `"`; an escape is a character.
  Sequence string(std::int64_t least, std::int64_t most);
  /// A string's characters between quotes.
  Sequence quoted(const Sequence& characters);
  const Sequence& character() const { return character_; }
  /// The string in its usual form.
  Sequence literal(const nlohmann::ordered_json& value);
  Sequence integer();
  Sequence number();
  Sequence boolean();
  Sequence null();
  /// Any value.
  Sequence value();
  Sequence any_object();
  /// `least` to `most` elements behind `first` ones.
  Sequence array(const std::vector<Sequence>& first, const std::optional<Sequence>& element,
                 std::int64_t least, std::int64_t most);

  struct Member {
    Sequence name;  ///< with its quotes
    Sequence value;
    bool required = false;
  };
  /// The members in this order; others, if there may be, behind them.
  Sequence object(const std::vector<Member>& members, const std::optional<Member>& others);
  /// A member's name without escapes that is none of these.
  Sequence other_name(const std::vector<std::string>& taken);

 private:
  Sequence member(const Member& member);
  Sequence names_beside(const std::vector<std::string>& taken, std::size_t depth);

  Grammar* grammar_;
  Sequence space_;
  Sequence character_;
  Sequence plain_character_;  ///< that needs no escape
  std::optional<Sequence> value_;
};

}  // namespace assay::grammar
