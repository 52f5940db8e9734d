// A context-free grammar over bytes: what a completion may look like, whatever the vocabulary.
#pragma once

#include <bitset>
#include <compare>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "core/error.h"

namespace assay::grammar {

using ByteSet = std::bitset<256>;

/// One byte of a set, or a rule.
struct Symbol {
  bool is_rule = false;
  std::int32_t index = 0;
  auto operator<=>(const Symbol&) const = default;
};
using Sequence = std::vector<Symbol>;

/// Built from below: sequences of bytes and rules; a rule is a choice among sequences. A rule may
/// be named before it is defined, so grammars can recurse; never at their left end.
class Grammar {
 public:
  /// Bytes that no token can write: sequences that need one are left out by finish().
  explicit Grammar(const ByteSet& unwritable = {}) : unwritable_(unwritable) {}

  std::int32_t declare();
  void define(std::int32_t rule, std::vector<Sequence> alternatives);

  static Sequence of_rule(std::int32_t rule) { return {{true, rule}}; }
  Sequence bytes(const ByteSet& set);
  Sequence text(std::string_view literal);
  /// One of the sequences. Equal ones count once, and equal choices are one rule: what a schema
  /// says four hundred times costs no more than what it says once.
  Sequence any_of(std::vector<Sequence> alternatives);
  /// Likewise, as a rule even if it is one sequence: written once, however often it is named.
  Sequence as_rule(std::vector<Sequence> alternatives);
  Sequence optional(Sequence sequence);
  /// `least` to `most` times; most < 0: without limit. What may be empty is repeated without its
  /// empty text (the texts are the same): else one text could be read in n^2, n^3... ways.
  Sequence repeat(const Sequence& sequence, std::int64_t least, std::int64_t most);
  /// As far as its rules are defined by now.
  bool can_be_empty(const Sequence& sequence) const;
  /// Its texts but the empty one.
  Sequence without_empty(const Sequence& sequence);

  enum class Verdict {
    sound,
    empty,     ///< no text at all
    endless,   ///< the shortest text is longer than kMaxShortest
    recursive  ///< a rule begins with itself
  };
  /// Ends the building: leaves out what can never be finished.
  Verdict finish(const Sequence& start);

  /// More than this and a request is refused.
  static constexpr std::size_t kMaxSymbols = 200'000;
  /// Bytes: what is longer would never be finished.
  static constexpr std::uint64_t kMaxShortest = 1 << 16;
  bool too_large() const { return n_symbols_ > kMaxSymbols; }

  // Of a finished grammar.
  std::int32_t start() const { return start_; }
  const std::vector<Sequence>& alternatives(std::int32_t rule) const {
    return rules_[static_cast<std::size_t>(rule)];
  }
  const ByteSet& set(std::int32_t index) const { return sets_[static_cast<std::size_t>(index)]; }
  std::int32_t n_rules() const { return static_cast<std::int32_t>(rules_.size()); }

 private:
  using Marks = std::vector<bool>;  ///< by rule
  bool all_marked(const Sequence& sequence, const Marks& marks, bool bytes_count) const;
  Marks least_fixed_point(bool bytes_count) const;
  bool is_longer_than_ever_written() const;
  bool begins_with_itself() const;
  Sequence rule_without_empty(std::int32_t rule);

  ByteSet unwritable_;
  std::vector<ByteSet> sets_;
  std::vector<std::vector<Sequence>> rules_;
  Marks empty_;  ///< rules that can be empty, as they were defined
  // What was built already; until it is finished.
  std::unordered_map<ByteSet, std::int32_t> set_ids_;
  std::map<std::vector<Sequence>, std::int32_t> rule_ids_;
  std::map<Sequence, std::int32_t> endless_ids_;          ///< by what is repeated without limit
  std::unordered_map<std::int32_t, Sequence> not_empty_;  ///< rule_without_empty
  std::size_t n_symbols_ = 0;
  std::int32_t start_ = -1;
};

/// One sequence after another.
Sequence joined(std::initializer_list<Sequence> parts);

/// The bytes from `first` to `last`.
ByteSet byte_range(unsigned first, unsigned last);
ByteSet byte_set(std::string_view bytes);

}  // namespace assay::grammar
