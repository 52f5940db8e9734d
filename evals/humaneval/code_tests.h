// A problem's tests, run on a program in the sandbox.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <nlohmann/json.hpp>
#include <string>

#include "core/error.h"
#include "core/eval.h"
#include "evals/humaneval/extract_code.h"

namespace assay::evals {

/// Two forms of tests: HumanEval's check(candidate) in extra.test; and, where extra has base_input
/// (HumanEval+), argument lists, extra.base_input and then extra.plus_input, for which the program
/// must give what the canonical solution gives, to extra.atol (Liu et al. 2023, arXiv 2305.01210).
///
/// A problem counts only where its canonical solution passes on this machine; that run, made on
/// first use, also gives the CPU limit, max(4 s, 10 times the canonical solution's), and the
/// expected outputs. Safe from several threads at once.
class CodeTests {
 public:
  /// Fills in status, why, verdict, answer_parses, rung and details: why, cpu_seconds,
  /// cpu_limit_seconds, python {version, sha256}; with argument lists also base and plus ("passed",
  /// "failed"; plus is null without plus inputs).
  void run(const Problem& problem, const ExtractedProgram& program, Grade& grade);

 private:
  struct Canonical {
    double cpu_seconds = 0;
    nlohmann::json outputs;
  };
  using CanonicalResult = Result<std::shared_ptr<const Canonical>>;
  CanonicalResult canonical(const Problem& problem);

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const Canonical>> canonicals_;  ///< by hash
};

}  // namespace assay::evals
