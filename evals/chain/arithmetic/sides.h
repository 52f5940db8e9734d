// The two sides of a relation, found among the tokens around its sign.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "evals/chain/arithmetic/expression.h"
#include "evals/chain/arithmetic/tokens.h"

namespace assay::chain {

/// One side of a relation.
struct Side {
  Expression expression;
  std::size_t begin = 0;  ///< tokens [begin, expression.end)
};

/// What may stand on the left of a relation.
enum class LeftKind {
  plain,   ///< of a sign: a bare number only where the statement begins with it
  spoken,  ///< of a word, "is": "3 and 4 is" leads nowhere
  number   ///< of a congruence: a bare number anywhere
};

/// Reads sides in one text's tokens, which must outlive it and what it returns.
class SideReader {
 public:
  explicit SideReader(std::span<const MathToken> tokens) : tokens_(tokens) {}

  MathToken::Kind kind(std::size_t i) const {
    return i < tokens_.size() ? tokens_[i].kind : MathToken::Kind::barrier;
  }

  /// A statement begins at `begin`. Behind a sign that is not read (a function, another relation)
  /// no expression begins there.
  void begin_statement(std::size_t begin);

  /// The longest expression that ends just before the relation at `relation` and begins at `limit`
  /// or after words; nothing where what stands before makes it part of something larger.
  std::optional<Side> left(std::size_t limit, std::size_t relation, LeftKind kind) const;

  /// The expression at `begin`, before `end`, if the side ends with it.
  std::optional<Side> right(std::size_t begin, std::size_t end) const;

  /// Where the side lies in the text.
  ByteSpan span(const Side& left, const Side& right) const;
  std::string text(std::string_view text, const Side& side) const;

 private:
  bool may_begin(std::size_t i, std::size_t first) const;
  bool remark_bracket(std::size_t open) const;
  bool absorbed(std::size_t begin, bool spoken) const;
  bool right_ends_at(std::size_t next) const;
  bool word_ends(std::size_t i) const;
  bool joins(std::size_t i) const;
  static bool is_plain_end(const MathToken& token);

  std::span<const MathToken> tokens_;
  std::size_t opaque_start_ = std::string_view::npos;
};

}  // namespace assay::chain
