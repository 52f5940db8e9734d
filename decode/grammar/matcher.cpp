#include "decode/grammar/matcher.h"

#include <fmt/core.h>

#include <algorithm>

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
  Expansion first = begin_expansion();
  for (const std::int32_t item : rule_items_[static_cast<std::size_t>(grammar_.start())]) {
    expand(item, -1, &first);
  }
  start_ = intern(std::move(first.state));
}

void Matcher::exhaust(const char* what, std::size_t limit) {
  if (exhausted_.empty()) exhausted_ = fmt::format("the schema needs more than {} {}", limit, what);
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

const ByteSet& Matcher::bytes_of(std::int32_t node) const {
  const Node& place = nodes_[static_cast<std::size_t>(node)];
  return grammar_.set(items_[static_cast<std::size_t>(place.item)].index);
}

Matcher::Expansion Matcher::begin_expansion() {
  ++expansion_;
  return {};
}

/// Adds the places for bytes that can come next when the text is before `item`. An explicit stack:
/// how long a chain of rules is, the schema decides.
void Matcher::expand(std::int32_t first_item, std::int32_t first_parent, Expansion* out) {
  std::vector<std::pair<std::int32_t, std::int32_t>> open = {{first_item, first_parent}};
  while (!open.empty() && exhausted_.empty()) {
    auto [item, parent] = open.back();
    open.pop_back();
    while (items_[static_cast<std::size_t>(item)].kind == Item::end && parent >= 0) {
      const Node& back = nodes_[static_cast<std::size_t>(parent)];
      item = back.item;
      parent = back.parent;
      ++work_;
    }
    const Item& place = items_[static_cast<std::size_t>(item)];
    if (place.kind == Item::end) {
      out->state.accepting = true;
      continue;
    }
    ++work_;
    const std::int32_t here = node(item, parent);
    Node& met = nodes_[static_cast<std::size_t>(here)];
    if (met.seen == expansion_) continue;
    met.seen = expansion_;
    if (++out->places > kMaxPlaces) return exhaust("places in it at once", kMaxPlaces);
    if (nodes_.size() > kMaxNodes) return exhaust("places in it, each with its nesting", kMaxNodes);
    if (place.kind == Item::byte) {
      out->state.nodes.push_back(here);
      continue;
    }
    // What follows the rule is where it returns to; a rule at the end of another needs no return.
    std::int32_t back = parent;
    if (items_[static_cast<std::size_t>(item) + 1].kind != Item::end) {
      back = node(item + 1, parent);
      if (nodes_[static_cast<std::size_t>(back)].depth > kMaxDepth) continue;
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
    exhaust("states", kMaxStates);
    return kDead;
  }
  const auto id = static_cast<State>(states_.size());
  ByteSet possible;
  for (const std::int32_t place : state.nodes) possible |= bytes_of(place);
  state.next = std::make_unique<std::array<State, 256>>();
  for (std::size_t byte = 0; byte < state.next->size(); ++byte) {
    (*state.next)[byte] = possible.test(byte) ? kUnknown : kDead;
  }
  states_.push_back(std::move(state));
  state_ids_.emplace(std::move(key), id);
  return id;
}

Matcher::State Matcher::next(State state, std::uint8_t byte) {
  const auto at = static_cast<std::size_t>(state);
  const State known = (*states_[at].next)[byte];
  if (known != kUnknown) return known;
  const std::vector<std::int32_t>& nodes = states_[at].nodes;
  // To look at a place and not to go there costs a tenth.
  work_ += nodes.size() / 10;
  if (work_ > kMaxWork) exhaust("places looked at for one token", kMaxWork);
  if (!exhausted_.empty()) return kDead;
  Expansion after = begin_expansion();
  for (const std::int32_t id : nodes) {
    if (!bytes_of(id).test(byte)) continue;
    const Node place = nodes_[static_cast<std::size_t>(id)];
    expand(place.item + 1, place.parent, &after);
  }
  const State result = exhausted_.empty() ? intern(std::move(after.state)) : kDead;
  (*states_[at].next)[byte] = result;
  return result;
}

Matcher::State Matcher::next(State state, std::string_view bytes) {
  for (const char byte : bytes) {
    if (state == kDead) return kDead;
    state = next(state, static_cast<std::uint8_t>(byte));
  }
  return state;
}

void Matcher::begin_step() {
  work_ = 0;
  if (states_.size() > kMaxStates / 2 || nodes_.size() > kMaxNodes / 2) forget_others();
}

void Matcher::forget_others() {
  const std::vector<StateData> states = std::exchange(states_, {});
  const std::vector<Node> nodes = std::exchange(nodes_, {});
  state_ids_.clear();
  node_ids_.clear();
  ++generation_;
  std::vector<State*> kept = {&start_};
  for (State& cursor : cursors_) kept.push_back(&cursor);
  std::erase_if(kept, [](const State* state) { return *state == kDead; });
  std::vector<bool> needed(nodes.size(), false);
  for (const State* state : kept) {
    for (const std::int32_t id : states[static_cast<std::size_t>(*state)].nodes) {
      needed[static_cast<std::size_t>(id)] = true;
    }
  }
  // What a node returns to was made before it, so the order of their numbers stays.
  for (std::size_t id = nodes.size(); id-- > 0;) {
    if (needed[id] && nodes[id].parent >= 0) {
      needed[static_cast<std::size_t>(nodes[id].parent)] = true;
    }
  }
  std::vector<std::int32_t> renamed(nodes.size(), -1);
  for (std::size_t id = 0; id < nodes.size(); ++id) {
    if (!needed[id]) continue;
    const std::int32_t parent = nodes[id].parent;
    renamed[id] = node(nodes[id].item, parent < 0 ? -1 : renamed[static_cast<std::size_t>(parent)]);
  }
  for (State* state : kept) {
    const StateData& old = states[static_cast<std::size_t>(*state)];
    StateData again;
    again.accepting = old.accepting;
    for (const std::int32_t id : old.nodes) {
      again.nodes.push_back(renamed[static_cast<std::size_t>(id)]);
    }
    *state = intern(std::move(again));
  }
}

}  // namespace assay::grammar
