// Where two completions of one prompt part: the first token that differs, and how sure the first
// run was of its own. Pure functions of two journals' sample records.
#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/survival.h"

namespace assay {

/// Two logits closer than this are a near tie: the likelier token's odds are below 1.11 to 1.
inline constexpr double kNearTieLogits = 0.1;

struct Parting {
  std::int64_t token = 0;  ///< tokens that both share
  bool parted = false;     ///< else both end there, or a budget ended the shorter one
  bool identical = false;
};

/// `run` and `reference` are sample records.
Parting parting_of(const nlohmann::json& run, const nlohmann::json& reference);

/// The difference of the sample's two largest logits at a generated token, where it was recorded.
std::optional<double> margin_at(const nlohmann::json& sample, std::int64_t position);

/// Why equal models would not draw equal tokens under these decoding settings; empty when they
/// would.
std::string why_draws_differ(const nlohmann::json& a, const nlohmann::json& b);

/// "near_tie" or "material": how sure `reference` was of the token where the two part. "unknown"
/// without its margin, and under sampling, where the noise decides too.
std::string parting_kind(std::optional<double> margin, bool greedy);

/// Partings of many pairs of samples.
class Partings {
 public:
  /// `greedy`: how the reference drew its tokens.
  explicit Partings(bool greedy) : greedy_(greedy) {}
  /// Samples under the same prompt.
  void add(const std::string& problem, const nlohmann::json& run, const nlohmann::json& reference);
  bool empty() const { return lengths_.empty(); }
  /// {samples, identical, median_tokens, median_ci95, survival, divergences, first,
  /// near_tie_logits, why: null} as docs/formats.md has them. A pair that never differs is censored
  /// at its end (Kaplan and Meier), and so is one where a budget ended the shorter completion.
  nlohmann::json to_json() const;

 private:
  struct First {
    std::string problem;
    std::int64_t sample = 0;
    std::int64_t token = 0;
    std::optional<double> margin;
    std::string kind;
  };
  bool greedy_;
  std::int64_t identical_ = 0;
  std::vector<ObservedLength> lengths_;
  std::map<std::string, std::vector<ObservedLength>> by_problem_;
  std::vector<First> first_;
};

/// The same members as Partings::to_json, unknown, with the reason.
nlohmann::json no_partings(const std::string& why);

}  // namespace assay
