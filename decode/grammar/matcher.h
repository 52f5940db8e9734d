// Runs a grammar over bytes. The states are made as they are met: a state is the set of all places
// where the text may be, each with the stack of rules it will return to; stacks share their tails,
// and each state remembers where each byte led. So a token costs a table look-up a byte.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "decode/grammar/grammar.h"

namespace assay::grammar {

/// For one thread.
class Matcher {
 public:
  using State = std::int32_t;
  static constexpr State kDead = -1;
  /// Stacks deeper than this are not followed: what nests deeper is not allowed.
  static constexpr std::int32_t kMaxDepth = 512;
  /// What one step may need, so that memory and time stay bounded whatever a schema says: beyond it
  /// the matcher is exhausted.
  static constexpr std::size_t kMaxPlaces = 8'192;  ///< where a text may be at once
  static constexpr std::size_t kMaxStates = 20'000;
  static constexpr std::size_t kMaxNodes = 300'000;
  static constexpr std::size_t kMaxWork = 1'000'000;  ///< places looked at

  /// The grammar must be finished.
  explicit Matcher(Grammar grammar);

  State start() const { return start_; }
  /// The state after the byte; kDead: the grammar does not allow it.
  State next(State state, std::uint8_t byte);
  State next(State state, std::string_view bytes);
  /// The text may end here.
  bool accepting(State state) const { return states_[static_cast<std::size_t>(state)].accepting; }

  /// Why a limit was met; empty: none was. From then on what is refused may have been allowed.
  const std::string& exhausted() const { return exhausted_; }

  /// A state of one's own, the start's at first, that outlives begin_step(). Valid as long as this.
  State* cursor() { return &cursors_.emplace_back(start_); }
  /// Begins a step with its own share of work. When many states were met, all are forgotten but the
  /// start's and the cursors', which get new numbers: others must not be held any more.
  void begin_step();
  /// Forgets as said above, so that who waits holds little.
  void forget_others();
  std::size_t n_states() const { return states_.size(); }
  /// Changes when states were forgotten.
  int generation() const { return generation_; }

 private:
  /// A place in the grammar, and what comes after its rule (-1: the end of the text).
  struct Node {
    std::int32_t item = 0;
    std::int32_t parent = -1;
    std::int32_t depth = 0;
    std::uint32_t seen = 0;  ///< the last expansion that met it
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
  /// A state in the making.
  struct Expansion {
    StateData state;
    std::size_t places = 0;
  };
  static constexpr State kUnknown = -2;

  std::int32_t node(std::int32_t item, std::int32_t parent);
  const ByteSet& bytes_of(std::int32_t node) const;
  Expansion begin_expansion();
  void expand(std::int32_t item, std::int32_t parent, Expansion* out);
  State intern(StateData state);
  void exhaust(const char* what, std::size_t limit);

  Grammar grammar_;
  std::vector<Item> items_;
  std::vector<std::vector<std::int32_t>> rule_items_;  ///< first item of each alternative
  std::vector<Node> nodes_;
  std::unordered_map<std::uint64_t, std::int32_t> node_ids_;
  std::vector<StateData> states_;
  std::map<std::pair<std::vector<std::int32_t>, bool>, State> state_ids_;
  std::deque<State> cursors_;
  State start_ = kDead;
  std::uint32_t expansion_ = 0;
  std::size_t work_ = 0;
  int generation_ = 0;
  std::string exhausted_;
};

}  // namespace assay::grammar
