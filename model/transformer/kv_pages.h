// Which page of the KV cache belongs to which sequence: reference counts, so that samples of one
// prompt share its full pages. Host bookkeeping only; the bytes are the Device's.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/device.h"
#include "core/session.h"

namespace assay {

class KvPages {
 public:
  explicit KvPages(std::int32_t n_pages);

  SequenceId open();
  /// Shares full pages; a page that is not full is copied by `copy(from, to)`.
  SequenceId fork(SequenceId from, const std::function<void(std::int32_t, std::int32_t)>& copy);
  void close(SequenceId id);

  /// Pages so that `n` more tokens fit; Error{environment} when none are left.
  void grow(SequenceId id, std::int64_t n);
  /// Counts tokens written into grown pages.
  void advance(SequenceId id, std::int64_t n);

  std::int64_t length(SequenceId id) const;
  std::span<const std::int32_t> pages(SequenceId id) const;
  std::int32_t free_pages() const { return static_cast<std::int32_t>(free_.size()); }

 private:
  struct Sequence {
    std::vector<std::int32_t> pages;
    std::int64_t length = 0;
    bool is_open = false;
  };
  const Sequence& at(SequenceId id) const;
  Sequence& at(SequenceId id);
  std::int32_t take_page();

  std::vector<Sequence> sequences_;
  std::vector<std::int32_t> references_;  // by page
  std::vector<std::int32_t> free_;        // used as a stack
};

}  // namespace assay
