#include "decode/grammar/token_mask.h"

#include <algorithm>

namespace assay::grammar {
namespace {

/// Tokens, in all lists of one completion together.
constexpr std::size_t kMaxKnown = 1'000'000;

/// Has text of its own: a control token has none.
bool is_text(const Tokenizer& tokenizer, TokenId id) {
  return tokenizer.valid(id) && !tokenizer.is_control(id) && !tokenizer.is_end(id) &&
         !tokenizer.token_bytes(id).empty();
}

}  // namespace

TokenTable::TokenTable(const Tokenizer& tokenizer, std::size_t vocab)
    : tokenizer_(&tokenizer), vocab_(vocab) {
  unwritable_.set();
  for (TokenId id = 0; static_cast<std::size_t>(id) < vocab; ++id) {
    if (!is_text(tokenizer, id)) continue;
    entries_.push_back({id, 0});
    const std::string& bytes = tokenizer.token_bytes(id);
    if (bytes.size() == 1) unwritable_.reset(static_cast<unsigned char>(bytes[0]));
  }
  std::sort(entries_.begin(), entries_.end(), [&](const Entry& a, const Entry& b) {
    return tokenizer.token_bytes(a.id) < tokenizer.token_bytes(b.id);
  });
  for (std::size_t i = 1; i < entries_.size(); ++i) {
    const std::string& before = tokenizer.token_bytes(entries_[i - 1].id);
    const std::string& bytes = tokenizer.token_bytes(entries_[i].id);
    const auto differ = std::mismatch(before.begin(), before.end(), bytes.begin(), bytes.end());
    entries_[i].shared = static_cast<std::uint32_t>(differ.first - before.begin());
  }
}

void TokenConstraint::begin_step() {
  matcher_->begin_step();
  if (generation_ == matcher_->generation()) return;
  generation_ = matcher_->generation();
  known_.clear();
  n_known_ = 0;
}

bool TokenConstraint::allows(TokenId token) {
  const Tokenizer& tokenizer = table_->tokenizer();
  if (*state_ == Matcher::kDead || !tokenizer.valid(token)) return false;
  if (tokenizer.is_end(token)) return matcher_->accepting(*state_);
  if (!is_text(tokenizer, token)) return false;
  begin_step();
  return matcher_->next(*state_, tokenizer.token_bytes(token)) != Matcher::kDead;
}

std::vector<TokenId> TokenConstraint::find_tokens(Matcher::State state) {
  std::vector<TokenId> out;
  const Tokenizer& tokenizer = table_->tokenizer();
  // states[n]: after the first n bytes of the entry at hand, up to where it died.
  std::vector<Matcher::State> states = {state};
  for (const TokenTable::Entry& entry : table_->entries()) {
    const std::string& bytes = tokenizer.token_bytes(entry.id);
    if (states.size() > entry.shared + 1) states.resize(entry.shared + 1);
    while (states.size() <= bytes.size() && states.back() != Matcher::kDead) {
      states.push_back(
          matcher_->next(states.back(), static_cast<std::uint8_t>(bytes[states.size() - 1])));
    }
    if (states.size() == bytes.size() + 1 && states.back() != Matcher::kDead) {
      out.push_back(entry.id);
    }
  }
  return out;
}

const std::vector<TokenId>& TokenConstraint::allowed_tokens() {
  begin_step();
  const auto known = known_.find(*state_);
  if (known != known_.end()) return known->second;
  std::vector<TokenId> found = find_tokens(*state_);
  if (n_known_ + found.size() > kMaxKnown) {
    known_.clear();
    n_known_ = 0;
  }
  n_known_ += found.size();
  return known_.emplace(*state_, std::move(found)).first->second;
}

bool TokenConstraint::warm() {
  if (*state_ == Matcher::kDead) return false;
  const bool any = !allowed_tokens().empty() || matcher_->accepting(*state_);
  return any && exhausted().empty();
}

bool TokenConstraint::mask(std::span<const float> logits, std::vector<float>& allowed) {
  allowed.assign(logits.size(), kForbidden);
  if (*state_ == Matcher::kDead) return false;
  const std::vector<TokenId>& tokens = allowed_tokens();
  if (!exhausted().empty()) return false;
  bool any = !tokens.empty();
  for (const TokenId id : tokens) {
    allowed[static_cast<std::size_t>(id)] = logits[static_cast<std::size_t>(id)];
  }
  if (!matcher_->accepting(*state_)) return any;
  const Tokenizer& tokenizer = table_->tokenizer();
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    if (!tokenizer.is_end(id)) continue;
    allowed[static_cast<std::size_t>(id)] = logits[static_cast<std::size_t>(id)];
    any = true;
  }
  return any;
}

void TokenConstraint::accept(TokenId token) {
  const Tokenizer& tokenizer = table_->tokenizer();
  if (*state_ == Matcher::kDead || !tokenizer.valid(token) || tokenizer.is_end(token)) return;
  begin_step();
  *state_ = matcher_->next(*state_, tokenizer.token_bytes(token));
}

}  // namespace assay::grammar
