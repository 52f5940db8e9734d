#include "decode/stop_rules.h"

#include <algorithm>
#include <utility>

#include "core/error.h"

namespace assay {

StopRules::StopRules(const Tokenizer& tokenizer, const ChainProfile& profile,
                     std::vector<std::string> stop_strings, std::int64_t budget)
    : tokenizer_(&tokenizer),
      profile_(profile),
      stop_strings_(std::move(stop_strings)),
      budget_(budget),
      inside_thinking_(profile.thinking && profile.opened_by_prompt),
      decoder_(tokenizer) {
  ASSAY_ASSERT(budget > 0);
  std::erase(stop_strings_, std::string());
}

bool StopRules::find_stop_string(std::size_t new_from) {
  std::size_t earliest = std::string::npos;
  for (const std::string& stop : stop_strings_) {
    // A match may have begun in text that was already there.
    const std::size_t overlap = std::min(stop.size() - 1, new_from);
    const std::size_t from = std::max(new_from - overlap, searchable_from_);
    earliest = std::min(earliest, text_.find(stop, from));
  }
  if (earliest == std::string::npos) return false;
  text_.resize(earliest);
  ended_by_stop_string_ = true;
  return true;
}

std::optional<StopReason> StopRules::push(TokenId token) {
  ++count_;
  if (tokenizer_->valid(token) && tokenizer_->is_end(token)) return StopReason::eos;
  const std::size_t before = text_.size();
  // A padded vocabulary has ids without text: they count as tokens and show as nothing.
  if (tokenizer_->valid(token)) text_ += decoder_.push(token);
  if (profile_.thinking && token == profile_.think_open) inside_thinking_ = true;
  if (profile_.thinking && token == profile_.think_close) {
    inside_thinking_ = false;
    searchable_from_ = text_.size();
  } else if (!inside_thinking_ && find_stop_string(before)) {
    return StopReason::stop_string;
  }
  if (count_ >= budget_) return StopReason::length;
  return std::nullopt;
}

std::string_view StopRules::settled_text() const {
  std::string_view text = text_;
  if (ended_by_stop_string_) return text;
  std::size_t held = 0;
  for (const std::string& stop : stop_strings_) {
    const std::size_t most = std::min(stop.size() - 1, text.size() - searchable_from_);
    for (std::size_t n = most; n > held; --n) {
      if (text.ends_with(std::string_view(stop).substr(0, n))) held = n;
    }
  }
  return text.substr(0, text.size() - held);
}

std::string StopRules::take_text() {
  // An unfinished character at the end: no stop string is looked for in it.
  if (!ended_by_stop_string_) text_ += decoder_.finish();
  return std::move(text_);
}

}  // namespace assay
