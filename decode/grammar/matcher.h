// Runs a grammar over bytes. The states are made as they are met: a state is the set of all places
// where the text may be, each with the stack of rules it will return to; stacks share their tails,
// and each state remembers where each byte led. So a token costs a table look-up a byte.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "decode/grammar/grammar.h"

namespace assay::grammar {

/// For one thread.
class Matcher {
 public:
  using State = std::int32_t;
  static constexpr State kDead = -1;
  /// Stacks deeper than this and further states are not followed: memory stays bounded.
  static constexpr std::int32_t kMaxDepth = 512;
  static constexpr std::size_t kMaxStates = 20'000;
  static constexpr std::size_t kMaxNodes = 300'000;

  /// The grammar must be finished.
  explicit Matcher(Grammar grammar);

  State start() const { return start_; }
  /// The state after the byte; kDead: the grammar does not allow it.
  State next(State state, std::uint8_t byte);
  State next(State state, std::string_view bytes);
  /// The text may end here.
  bool accepting(State state) const { return states_[static_cast<std::size_t>(state)].accepting; }
  /// A limit was met: what was refused since then may have been allowed.
  bool exhausted() const { return exhausted_; }

 private:
  /// A place in the grammar, and what comes after its rule (-1: the end of the text).
  struct Node {
    std::int32_t item = 0;
    std::int32_t parent = -1;
    std::int32_t depth = 0;
  };
  /// A symbol of a sequence; the item after it is the next number. `end` closes a sequence.
  struct Item {
    enum Kind : std::uint8_t { byte, rule, end } kind;
    std::int32_t index = 0;
  };
  struct StateData {
    std::vector<std::int32_t> nodes;  ///< sorted; their items are bytes
    bool accepting = false;
    std::unique_ptr<std::array<State, 256>> next;
  };
  static constexpr State kUnknown = -2;

  std::int32_t node(std::int32_t item, std::int32_t parent);
  void expand(std::int32_t item, std::int32_t parent, std::vector<std::int32_t>* seen,
              StateData* out);
  State intern(StateData state);

  Grammar grammar_;
  std::vector<Item> items_;
  std::vector<std::vector<std::int32_t>> rule_items_;  ///< first item of each alternative
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::int32_t> node_ids_;
  std::vector<StateData> states_;
  std::map<std::pair<std::vector<std::int32_t>, bool>, State> state_ids_;
  State start_ = kDead;
  bool exhausted_ = false;
};

}  // namespace assay::grammar
