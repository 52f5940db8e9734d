#include "decode/grammar/grammar.h"

#include <algorithm>
#include <set>
#include <utility>

namespace assay::grammar {

std::int32_t Grammar::declare() {
  rules_.emplace_back();
  empty_.push_back(false);
  return n_rules() - 1;
}

void Grammar::define(std::int32_t rule, std::vector<Sequence> alternatives) {
  const auto at = static_cast<std::size_t>(rule);
  for (const Sequence& sequence : alternatives) {
    n_symbols_ += sequence.size() + 1;
    empty_[at] = empty_[at] || can_be_empty(sequence);
  }
  rules_[at] = std::move(alternatives);
}

Sequence Grammar::bytes(const ByteSet& set) {
  const ByteSet writable = set & ~unwritable_;
  const auto [known, fresh] = set_ids_.emplace(writable, static_cast<std::int32_t>(sets_.size()));
  if (fresh) sets_.push_back(writable);
  return {{false, known->second}};
}

Sequence Grammar::text(std::string_view literal) {
  Sequence out;
  for (const char byte : literal) {
    out.push_back(bytes(ByteSet().set(static_cast<unsigned char>(byte))).front());
  }
  return out;
}

Sequence Grammar::any_of(std::vector<Sequence> alternatives) {
  std::set<Sequence> seen;
  std::erase_if(alternatives, [&](const Sequence& one) { return !seen.insert(one).second; });
  if (alternatives.size() == 1) return std::move(alternatives.front());
  return as_rule(std::move(alternatives));
}

Sequence Grammar::as_rule(std::vector<Sequence> alternatives) {
  const auto [known, fresh] = rule_ids_.emplace(alternatives, n_rules());
  if (fresh) define(declare(), std::move(alternatives));
  return of_rule(known->second);
}

Sequence Grammar::optional(Sequence sequence) {
  return any_of({{}, std::move(sequence)});
}

Sequence Grammar::repeat(const Sequence& sequence, std::int64_t least, std::int64_t most) {
  if (can_be_empty(sequence))
    return most == 0 ? Sequence() : repeat(without_empty(sequence), 0, most);
  // A long sequence is written once.
  const bool once = sequence.size() <= 1 || least + std::max<std::int64_t>(most, 1) <= 2;
  const Sequence one = once ? sequence : as_rule({sequence});
  Sequence out;
  for (std::int64_t i = 0; i < least && !too_large(); ++i) {
    out.insert(out.end(), one.begin(), one.end());
    n_symbols_ += one.size();
  }
  Sequence rest;
  if (most < 0) {
    const auto [again, fresh] = endless_ids_.emplace(one, n_rules());
    rest = of_rule(again->second);
    if (fresh) define(declare(), {{}, joined({one, rest})});
  }
  for (std::int64_t i = least; i < most && !too_large(); ++i) {
    rest = optional(joined({one, rest}));
  }
  return joined({out, rest});
}

bool Grammar::can_be_empty(const Sequence& sequence) const {
  return all_marked(sequence, empty_, false);
}

/// All symbols of a sequence that can be empty can: the first that is not, and what stands behind.
Sequence Grammar::without_empty(const Sequence& sequence) {
  if (!can_be_empty(sequence)) return sequence;
  std::vector<Sequence> ways;
  for (auto at = sequence.begin(); at != sequence.end() && !too_large(); ++at) {
    ways.push_back(joined({rule_without_empty(at->index), Sequence(at + 1, sequence.end())}));
  }
  return any_of(std::move(ways));
}

Sequence Grammar::rule_without_empty(std::int32_t rule) {
  const auto known = not_empty_.find(rule);
  if (known != not_empty_.end()) return known->second;
  std::vector<Sequence> ways;
  const std::vector<Sequence> all = alternatives(rule);  // a copy: rules are added meanwhile
  for (const Sequence& one : all) {
    if (!one.empty()) ways.push_back(without_empty(one));
  }
  return not_empty_.emplace(rule, any_of(std::move(ways))).first->second;
}

bool Grammar::all_marked(const Sequence& sequence, const Marks& marks, bool bytes_count) const {
  return std::all_of(sequence.begin(), sequence.end(), [&](const Symbol& symbol) {
    const auto index = static_cast<std::size_t>(symbol.index);
    return symbol.is_rule ? marks[index] : bytes_count && sets_[index].any();
  });
}

/// Rules with a sequence that can be finished; or, without bytes, that can be empty. Rules are
/// mostly defined after what they use, so few rounds suffice.
Grammar::Marks Grammar::least_fixed_point(bool bytes_count) const {
  Marks marks(rules_.size(), false);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
      if (marks[rule]) continue;
      marks[rule] = std::any_of(rules_[rule].begin(), rules_[rule].end(), [&](const Sequence& s) {
        return all_marked(s, marks, bytes_count);
      });
      changed = changed || marks[rule];
    }
  }
  return marks;
}

/// Lengths of the shortest texts, from above, until none gets shorter.
bool Grammar::is_longer_than_ever_written() const {
  constexpr std::uint64_t kTooLong = kMaxShortest + 1;
  std::vector<std::uint64_t> shortest(rules_.size(), kTooLong);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
      for (const Sequence& sequence : rules_[rule]) {
        std::uint64_t length = 0;
        for (const Symbol& symbol : sequence) {
          length += symbol.is_rule ? shortest[static_cast<std::size_t>(symbol.index)] : 1;
          if (length >= shortest[rule]) break;
        }
        if (length >= shortest[rule]) continue;
        shortest[rule] = length;
        changed = true;
      }
    }
  }
  return shortest[static_cast<std::size_t>(start_)] >= kTooLong;
}

/// A cycle among "begins with": depth first, with a stack of its own.
bool Grammar::begins_with_itself() const {
  const Marks empty = least_fixed_point(false);
  std::vector<std::vector<std::int32_t>> begins(rules_.size());
  for (std::size_t rule = 0; rule < rules_.size(); ++rule) {
    for (const Sequence& sequence : rules_[rule]) {
      for (const Symbol& symbol : sequence) {
        if (!symbol.is_rule) break;
        begins[rule].push_back(symbol.index);
        if (!empty[static_cast<std::size_t>(symbol.index)]) break;
      }
    }
  }
  Marks open(rules_.size(), false);                       // on the path
  Marks closed(rules_.size(), false);                     // nothing behind it leads back
  std::vector<std::pair<std::size_t, std::size_t>> path;  // rule, how many of its edges were taken
  for (std::size_t root = 0; root < rules_.size(); ++root) {
    if (closed[root]) continue;
    open[root] = true;
    path.emplace_back(root, 0);
    while (!path.empty()) {
      const std::size_t rule = path.back().first;
      if (path.back().second == begins[rule].size()) {
        open[rule] = false;
        closed[rule] = true;
        path.pop_back();
        continue;
      }
      const auto to = static_cast<std::size_t>(begins[rule][path.back().second++]);
      if (open[to]) return true;
      if (closed[to]) continue;
      open[to] = true;
      path.emplace_back(to, 0);
    }
  }
  return false;
}

Grammar::Verdict Grammar::finish(const Sequence& start) {
  start_ = declare();
  define(start_, {start});
  set_ids_.clear();
  rule_ids_.clear();
  endless_ids_.clear();
  not_empty_.clear();
  const Marks productive = least_fixed_point(true);
  for (std::vector<Sequence>& alternatives : rules_) {
    std::erase_if(alternatives,
                  [&](const Sequence& s) { return !all_marked(s, productive, true); });
  }
  if (!productive[static_cast<std::size_t>(start_)]) return Verdict::empty;
  if (is_longer_than_ever_written()) return Verdict::endless;
  return begins_with_itself() ? Verdict::recursive : Verdict::sound;
}

Sequence joined(std::initializer_list<Sequence> parts) {
  Sequence out;
  for (const Sequence& part : parts) out.insert(out.end(), part.begin(), part.end());
  return out;
}

ByteSet byte_range(unsigned first, unsigned last) {
  ByteSet set;
  for (unsigned byte = first; byte <= last; ++byte) set.set(byte);
  return set;
}

ByteSet byte_set(std::string_view bytes) {
  ByteSet set;
  for (const char byte : bytes) set.set(static_cast<unsigned char>(byte));
  return set;
}

}  // namespace assay::grammar
