#include "decode/grammar/matcher.h"

#include <algorithm>
#include <utility>

namespace assay::grammar {

Matcher::Matcher(Grammar grammar) : grammar_(std::move(grammar)) {
  rule_items_.resize(static_cast<std::size_t>(grammar_.n_rules()));
  for (std::int32_t rule = 0; rule < grammar_.n_rules(); ++rule) {
    for (const Sequence& sequence : grammar_.alternatives(rule)) {
      rule_items_[static_cast<std::size_t>(rule)].push_back(
          static_cast<std::int32_t>(items_.size()));
      for (const Symbol& symbol : sequence) {
        items_.push_back({symbol.is_rule ? Item::rule : Item::byte, symbol.index});
      }
      items_.push_back({Item::end, 0});
    }
  }
  StateData first;
  std::vector<std::int32_t> seen;
  for (const std::int32_t item : rule_items_[static_cast<std::size_t>(grammar_.start())]) {
    expand(item, -1, &seen, &first);
  }
  start_ = intern(std::move(first));
}

std::int32_t Matcher::node(std::int32_t item, std::int32_t parent) {
  const std::uint64_t key = static_cast<std::uint64_t>(static_cast<std::uint32_t>(item)) << 32 |
                            static_cast<std::uint32_t>(parent);
  const auto [found, fresh] = node_ids_.emplace(key, static_cast<std::int32_t>(nodes_.size()));
  if (fresh) {
    const std::int32_t depth = parent < 0 ? 0 : nodes_[static_cast<std::size_t>(parent)].depth + 1;
    nodes_.push_back({item, parent, depth});
  }
  return found->second;
}

/// Adds the places for bytes that can come next when the text is before `item`. An explicit stack:
/// how long a chain of rules is, the schema decides.
void Matcher::expand(std::int32_t first_item, std::int32_t first_parent,
                     std::vector<std::int32_t>* seen, StateData* out) {
  std::vector<std::pair<std::int32_t, std::int32_t>> open = {{first_item, first_parent}};
  while (!open.empty()) {
    auto [item, parent] = open.back();
    open.pop_back();
    while (items_[static_cast<std::size_t>(item)].kind == Item::end && parent >= 0) {
      const Node& back = nodes_[static_cast<std::size_t>(parent)];
      item = back.item;
      parent = back.parent;
    }
    const Item& place = items_[static_cast<std::size_t>(item)];
    if (place.kind == Item::end) {
      out->accepting = true;
      continue;
    }
    if (nodes_.size() >= kMaxNodes) {
      exhausted_ = true;
      continue;
    }
    const std::int32_t here = node(item, parent);
    if (std::find(seen->begin(), seen->end(), here) != seen->end()) continue;
    seen->push_back(here);
    if (place.kind == Item::byte) {
      out->nodes.push_back(here);
      continue;
    }
    // What follows the rule is where it returns to; a rule at the end of another needs no return.
    std::int32_t back = parent;
    if (items_[static_cast<std::size_t>(item) + 1].kind != Item::end) {
      back = node(item + 1, parent);
      if (nodes_[static_cast<std::size_t>(back)].depth > kMaxDepth) {
        exhausted_ = true;
        continue;
      }
    }
    for (const std::int32_t begin : rule_items_[static_cast<std::size_t>(place.index)]) {
      open.emplace_back(begin, back);
    }
  }
}

Matcher::State Matcher::intern(StateData state) {
  if (state.nodes.empty() && !state.accepting) return kDead;
  std::sort(state.nodes.begin(), state.nodes.end());
  auto key = std::make_pair(state.nodes, state.accepting);
  const auto known = state_ids_.find(key);
  if (known != state_ids_.end()) return known->second;
  if (states_.size() >= kMaxStates) {
    exhausted_ = true;
    return kDead;
  }
  const auto id = static_cast<State>(states_.size());
  state.next = std::make_unique<std::array<State, 256>>();
  state.next->fill(kUnknown);
  states_.push_back(std::move(state));
  state_ids_.emplace(std::move(key), id);
  return id;
}

Matcher::State Matcher::next(State state, std::uint8_t byte) {
  const State known = (*states_[static_cast<std::size_t>(state)].next)[byte];
  if (known != kUnknown) return known;
  StateData after;
  std::vector<std::int32_t> seen;
  const std::vector<std::int32_t> nodes = states_[static_cast<std::size_t>(state)].nodes;
  for (const std::int32_t id : nodes) {
    const Node place = nodes_[static_cast<std::size_t>(id)];
    if (!grammar_.set(items_[static_cast<std::size_t>(place.item)].index).test(byte)) continue;
    expand(place.item + 1, place.parent, &seen, &after);
  }
  const State result = intern(std::move(after));
  (*states_[static_cast<std::size_t>(state)].next)[byte] = result;
  return result;
}

Matcher::State Matcher::next(State state, std::string_view bytes) {
  for (const char byte : bytes) {
    if (state == kDead) return kDead;
    state = next(state, static_cast<std::uint8_t>(byte));
  }
  return state;
}

}  // namespace assay::grammar
