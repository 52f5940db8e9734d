#include "model/transformer/kv_pages.h"

#include <algorithm>

#include "core/error.h"

namespace assay {

KvPages::KvPages(std::int32_t n_pages) : references_(static_cast<std::size_t>(n_pages), 0) {
  free_.reserve(static_cast<std::size_t>(n_pages));
  for (std::int32_t page = n_pages; page-- > 0;) free_.push_back(page);
}

SequenceId KvPages::open() {
  const auto closed = std::find_if(sequences_.begin(), sequences_.end(),
                                   [](const Sequence& s) { return !s.is_open; });
  const auto id = static_cast<SequenceId>(closed - sequences_.begin());
  if (closed == sequences_.end()) sequences_.emplace_back();
  Sequence& sequence = sequences_[static_cast<std::size_t>(id)];
  sequence = Sequence{};
  sequence.is_open = true;
  return id;
}

SequenceId KvPages::fork(SequenceId from,
                         const std::function<void(std::int32_t, std::int32_t)>& copy) {
  const Sequence source = at(from);
  const SequenceId id = open();
  Sequence& child = at(id);
  const auto n_full = static_cast<std::size_t>(source.length / kKvPageTokens);
  for (std::size_t i = 0; i < n_full; ++i) {
    ++references_[static_cast<std::size_t>(source.pages[i])];
    child.pages.push_back(source.pages[i]);
  }
  if (source.length % kKvPageTokens != 0) {
    child.pages.push_back(take_page());
    copy(source.pages[n_full], child.pages.back());
  }
  child.length = source.length;
  return id;
}

void KvPages::close(SequenceId id) {
  Sequence& sequence = at(id);
  for (const std::int32_t page : sequence.pages) {
    if (page == kSuspended) continue;
    if (--references_[static_cast<std::size_t>(page)] == 0) free_.push_back(page);
  }
  sequence = Sequence{};
}

std::int32_t KvPages::suspend(SequenceId id,
                              const std::function<void(std::int32_t, std::int32_t)>& save) {
  std::int32_t n = 0;
  for (std::int32_t& page : at(id).pages) {
    if (page == kSuspended || references_[static_cast<std::size_t>(page)] > 1) continue;
    save(page, n++);
    references_[static_cast<std::size_t>(page)] = 0;
    free_.push_back(page);
    page = kSuspended;
  }
  return n;
}

void KvPages::resume(SequenceId id, const std::function<void(std::int32_t, std::int32_t)>& load) {
  std::int32_t n = 0;
  for (std::int32_t& page : at(id).pages) {
    if (page != kSuspended) continue;
    page = take_page();
    load(page, n++);
  }
}

std::int32_t KvPages::held_back(SequenceId id) const {
  return static_cast<std::int32_t>(std::ranges::count(at(id).pages, kSuspended));
}

void KvPages::grow(SequenceId id, std::int64_t n) {
  Sequence& sequence = at(id);
  const std::int64_t needed = (sequence.length + n + kKvPageTokens - 1) / kKvPageTokens;
  while (static_cast<std::int64_t>(sequence.pages.size()) < needed) {
    sequence.pages.push_back(take_page());
  }
}

void KvPages::advance(SequenceId id, std::int64_t n) {
  at(id).length += n;
}

std::int64_t KvPages::length(SequenceId id) const {
  return at(id).length;
}

std::span<const std::int32_t> KvPages::pages(SequenceId id) const {
  return at(id).pages;
}

const KvPages::Sequence& KvPages::at(SequenceId id) const {
  ASSAY_ASSERT(id >= 0 && static_cast<std::size_t>(id) < sequences_.size() &&
               sequences_[static_cast<std::size_t>(id)].is_open);
  return sequences_[static_cast<std::size_t>(id)];
}

KvPages::Sequence& KvPages::at(SequenceId id) {
  return const_cast<Sequence&>(static_cast<const KvPages*>(this)->at(id));
}

std::int32_t KvPages::take_page() {
  if (free_.empty()) {
    throw Error(ErrorKind::environment, "the KV cache has no free page left",
                "lower the number of parallel sequences or --context");
  }
  const std::int32_t page = free_.back();
  free_.pop_back();
  references_[static_cast<std::size_t>(page)] = 1;
  return page;
}

}  // namespace assay
