// Cuts text into the pieces that BPE never crosses, with the regular expression of the model.
#pragma once

#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "model/tokenizer_spec.h"

namespace assay {

/// Immutable; usable from many threads at once.
class PieceSplitter {
 public:
  using Sink = std::function<void(std::string_view piece)>;

  explicit PieceSplitter(PreTokenizer kind);
  PieceSplitter(PieceSplitter&&) noexcept;
  PieceSplitter& operator=(PieceSplitter&&) noexcept;
  ~PieceSplitter();

  /// Calls `sink` with consecutive pieces that together are `text`, which must be well-formed
  /// UTF-8 (checked by the caller). Linear time; the pieces point into `text`.
  void split(std::string_view text, const Sink& sink) const;

 private:
  struct Pattern;
  void split_from(std::size_t stage, std::string_view text, const Sink& sink) const;

  /// Each cuts the pieces of the one before.
  std::vector<std::unique_ptr<const Pattern>> stages_;
};

}  // namespace assay
