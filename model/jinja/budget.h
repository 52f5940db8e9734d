// What one rendering may spend. A template is somebody else's program; without a budget
// `range(10**9)` or a doubling string would take the machine down.
#pragma once

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>

namespace assay::jinja {

inline constexpr std::size_t kMaxSourceBytes = std::size_t{1} << 20;
inline constexpr int kMaxParseDepth = 64;  ///< nested brackets, blocks, operators in brackets
inline constexpr int kMaxExpressionDepth =
    200;                                   ///< height of one expression's tree ("a + b + ...")
inline constexpr int kMaxValueDepth = 64;  ///< lists within lists
inline constexpr int kMaxRunDepth = 600;   ///< evaluation frames, macro calls included
inline constexpr std::int64_t kMaxSteps = 5'000'000;
inline constexpr std::int64_t kMaxBuiltBytes = std::int64_t{256}
                                               << 20;  ///< of all values ever made
inline constexpr std::int64_t kMaxOutputBytes = std::int64_t{16} << 20;
inline constexpr std::int64_t kMaxRange = 100'000;  ///< as Jinja's own sandbox

/// A template that does not compile or does not render. `line` counts from 1; 0: not known.
struct TemplateError : std::runtime_error {
  TemplateError(int at_line, const std::string& message)
      : std::runtime_error(message), line(at_line) {}

  int line;
};

/// Counts what a rendering spends; every method throws TemplateError once the budget is gone.
class Budget {
 public:
  /// The line that is being executed, for messages.
  int line = 0;

  [[noreturn]] void fail(const std::string& message) const { throw TemplateError(line, message); }
  /// One evaluation, comparison or copy of an element.
  void step(std::int64_t count = 1) {
    steps_ += count;
    if (steps_ > kMaxSteps) fail("the budget of " + std::to_string(kMaxSteps) + " steps is spent");
  }
  /// Reading `bytes` of text.
  void scan(std::size_t bytes) { step(static_cast<std::int64_t>(bytes / kBytesPerStep)); }
  /// A new value of this size. Call before the memory is taken.
  void build(std::size_t bytes) {
    if (bytes > static_cast<std::size_t>(kMaxBuiltBytes - built_bytes_)) {
      fail("the budget of " + std::to_string(kMaxBuiltBytes >> 20) + " MiB of values is spent");
    }
    built_bytes_ += static_cast<std::int64_t>(bytes);
    scan(bytes);
  }
  /// `bytes` more of output that now has `size` bytes.
  void output(std::size_t size, std::size_t bytes) {
    if (size + bytes > static_cast<std::size_t>(kMaxOutputBytes)) {
      fail("the output is larger than " + std::to_string(kMaxOutputBytes >> 20) + " MiB");
    }
    scan(bytes);
  }

  /// One level of evaluation, for its lifetime.
  class Level {
   public:
    explicit Level(Budget& budget) : budget_(budget) {
      if (budget_.depth_ >= kMaxRunDepth) {
        budget_.fail("nested deeper than " + std::to_string(kMaxRunDepth) + " levels");
      }
      ++budget_.depth_;
    }
    ~Level() { --budget_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Budget& budget_;
  };

 private:
  static constexpr std::size_t kBytesPerStep = 64;
  std::int64_t steps_ = 0;
  std::int64_t built_bytes_ = 0;
  int depth_ = 0;
};

}  // namespace assay::jinja
