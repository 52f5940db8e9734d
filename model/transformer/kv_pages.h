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

  /// Pages that the sequence shares with nobody: `save(page, i)` is called for the i-th of them,
  /// then they are free. Those it shares stay held, since giving them up would free nothing.
  std::int32_t suspend(SequenceId id, const std::function<void(std::int32_t, std::int32_t)>& save);
  /// Takes as many pages again, with `load(page, i)` for each. Needs held_back() free pages.
  void resume(SequenceId id, const std::function<void(std::int32_t, std::int32_t)>& load);
  /// Pages a suspended sequence wants back; 0 for one that is not suspended.
  std::int32_t held_back(SequenceId id) const;

  /// Pages so that `n` more tokens fit; Error{environment} when none are left.
  void grow(SequenceId id, std::int64_t n);
  /// Counts tokens written into grown pages.
  void advance(SequenceId id, std::int64_t n);

  std::int64_t length(SequenceId id) const;
  std::span<const std::int32_t> pages(SequenceId id) const;
  std::int32_t free_pages() const { return static_cast<std::int32_t>(free_.size()); }

 private:
  struct Sequence {
    std::vector<std::int32_t> pages;  ///< kSuspended: its content was saved
    std::int64_t length = 0;
    bool is_open = false;
  };
  static constexpr std::int32_t kSuspended = -1;
  const Sequence& at(SequenceId id) const;
  Sequence& at(SequenceId id);
  std::int32_t take_page();

  std::vector<Sequence> sequences_;
  std::vector<std::int32_t> references_;  // by page
  std::vector<std::int32_t> free_;        // used as a stack
};

}  // namespace assay
