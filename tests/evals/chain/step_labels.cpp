// How far C7's contradictions agree with people's step labels: precision, recall, first-step
// localisation and coverage, with intervals and base rates, on ProcessBench, PRM800K and PRMBench.
//
//   assay_chain_labels [--split dev|test|all] [--show N] [FILE.json[.gz] ...]
//
// FILEs are of ProcessBench's form (an array of {problem, steps[], label}; olympiadbench and
// omnimath have it, too) or, as .jsonl, of PRM800K's by step ({instruction, responses[],
// next_response, rating}); without them the sets under ASSAY_TEST_DATA are taken. Steps without a
// rating do not count. dev and test are halves by a hash of the problem: rules were made while
// looking at dev alone. --show prints the first N false alarms and missed steps of the split.
#include <fmt/core.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/json_access.h"
#include "core/jsonl.h"
#include "core/statistics.h"
#include "evals/chain/arithmetic/claims.h"

namespace {

using nlohmann::json;
using namespace assay;
using namespace assay::chain;

struct Options {
  std::string split = "all";
  int show = 0;
  std::vector<std::string> files;
};

/// FNV-1a, so that the halves are the same on every machine.
bool in_split(const std::string& problem, const std::string& split) {
  std::uint64_t hash = 1469598103934665603U;
  for (const char c : problem) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211U;
  const bool dev = ((hash >> 32U) & 1U) == 0;
  return split == "all" || dev == (split == "dev");
}

std::string share(std::int64_t k, std::int64_t n) {
  if (n == 0) return "none";
  const Interval interval = wilson_interval(k, n);
  return fmt::format("{:.3f} [{:.3f}, {:.3f}] ({}/{})",
                     static_cast<double>(k) / static_cast<double>(n), interval.low, interval.high,
                     k, n);
}

/// Contradicted claims by step.
struct Checked {
  std::vector<std::vector<Claim>> by_step;
  ArithmeticReport report;
  std::string text;
};

Checked check_steps(const std::string& problem, const std::vector<std::string>& steps) {
  Checked out;
  std::vector<std::size_t> ends;
  for (const std::string& step : steps) {
    out.text += step + "\n\n";
    ends.push_back(out.text.size());
  }
  out.by_step.resize(steps.size());
  out.report = check_arithmetic(out.text, problem);
  for (const Claim& claim : out.report.claims) {
    if (claim.verdict != ClaimVerdict::contradicted) continue;
    std::size_t step = 0;
    while (step + 1 < ends.size() && ends[step] <= claim.span.begin) ++step;
    out.by_step[step].push_back(claim);
  }
  return out;
}

std::vector<std::string> strings(const json& list) {
  std::vector<std::string> out;
  for (const json& item : list) {
    if (item.is_string()) out.push_back(item.get<std::string>());
  }
  return out;
}

class Table {
 public:
  Table(std::string name, const Options& options) : name_(std::move(name)), options_(options) {}

  /// `label`: the first wrong step, -1 for none.
  void add_chain(const std::string& id, const std::string& problem,
                 const std::vector<std::string>& steps, std::int64_t label) {
    if (!in_split(problem, options_.split)) return;
    const Checked checked = check_steps(problem, steps);
    found_ += static_cast<std::int64_t>(checked.report.found);
    checked_ += static_cast<std::int64_t>(checked.report.checked);
    std::int64_t first = -1;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      const bool flagged = !checked.by_step[i].empty();
      if (flagged && first < 0) first = static_cast<std::int64_t>(i);
      // Steps behind the first wrong one have no label.
      const auto step = static_cast<std::int64_t>(i);
      if (label >= 0 && step > label) continue;
      count_step(step == label, flagged);
      if (flagged != (step == label)) show(id, step == label, steps[i], checked.by_step[i]);
    }
    ++chains_;
    wrong_chains_ += label >= 0 ? 1 : 0;
    if (first < 0) return;
    ++flagged_chains_;
    if (label < 0) return;
    ++right_chains_;
    located_ += first == label ? 1 : 0;
    located_or_later_ += first >= label ? 1 : 0;
  }

  /// One labelled step behind its predecessors.
  void add_step(const std::string& problem, std::vector<std::string> before,
                const std::string& step, bool wrong) {
    if (!in_split(problem, options_.split)) return;
    before.push_back(step);
    const Checked checked = check_steps(problem, before);
    const Checked alone = check_steps(problem, {step});
    found_ += static_cast<std::int64_t>(alone.report.found);
    checked_ += static_cast<std::int64_t>(alone.report.checked);
    const bool flagged = !checked.by_step.back().empty();
    count_step(wrong, flagged);
    if (flagged != wrong) show("", wrong, step, checked.by_step.back());
  }

  void print() const {
    fmt::print("\n{} ({} split)\n", name_, options_.split);
    if (chains_ > 0) {
      fmt::print("  chains: base rate of wrong ones {}\n", share(wrong_chains_, chains_));
      fmt::print("  chains: precision {}\n", share(right_chains_, flagged_chains_));
      fmt::print("  chains: recall    {}\n", share(right_chains_, wrong_chains_));
      fmt::print("  first contradiction is the first wrong step {}; there or later {}\n",
                 share(located_, right_chains_), share(located_or_later_, right_chains_));
    }
    fmt::print("  steps: base rate of wrong ones {}\n", share(wrong_steps_, steps_));
    fmt::print("  steps: precision {}\n", share(right_steps_, flagged_steps_));
    fmt::print("  steps: recall    {}\n", share(right_steps_, wrong_steps_));
    fmt::print("  equations: {} found, coverage {}\n", found_, share(checked_, found_));
  }

 private:
  void count_step(bool wrong, bool flagged) {
    ++steps_;
    wrong_steps_ += wrong ? 1 : 0;
    flagged_steps_ += flagged ? 1 : 0;
    right_steps_ += wrong && flagged ? 1 : 0;
  }

  void show(const std::string& id, bool missed, const std::string& step,
            const std::vector<Claim>& claims) {
    int& shown = missed ? shown_missed_ : shown_false_;
    if (shown++ >= options_.show) return;
    fmt::print("{} {}\n", missed ? "MISSED" : "FALSE ALARM", id);
    for (const Claim& claim : claims) fmt::print("    {}\n", claim.why);
    fmt::print("    | {}\n", step.substr(0, 700));
  }

  std::string name_;
  const Options& options_;
  std::int64_t chains_ = 0;
  std::int64_t wrong_chains_ = 0;
  std::int64_t flagged_chains_ = 0;
  std::int64_t right_chains_ = 0;
  std::int64_t located_ = 0;
  std::int64_t located_or_later_ = 0;
  std::int64_t steps_ = 0;
  std::int64_t wrong_steps_ = 0;
  std::int64_t flagged_steps_ = 0;
  std::int64_t right_steps_ = 0;
  std::int64_t found_ = 0;
  std::int64_t checked_ = 0;
  int shown_missed_ = 0;
  int shown_false_ = 0;
};

json read_json(const std::string& path) {
  const TextFile file = value_or_throw(read_text_file(path));
  return json::parse(file.text);
}

void process_bench(const std::string& path, const Options& options) {
  Table table("ProcessBench " + std::filesystem::path(path).filename().string(), options);
  for (const json& record : read_json(path)) {
    table.add_chain(json_text(record, "id"), json_text(record, "problem"),
                    strings(json_list(record, "steps")),
                    json_integer(record, "label").value_or(-1));
  }
  table.print();
}

void prm800k(const std::string& path, const Options& options) {
  Table table("PRM800K phase 1", options);
  const TextFile file = value_or_throw(read_text_file(path));
  value_or_throw(for_each_jsonl(file.text, path, [&](const json& record, const std::string&) {
    const auto rating = json_integer(record, "rating");
    if (!rating) return Result<void>();  // nobody judged this step
    table.add_step(json_text(record, "instruction"), strings(json_list(record, "responses")),
                   json_text(record, "next_response"), *rating < 0);
    return Result<void>();
  }));
  table.print();
}

/// The clean twins: chains that were not tampered with. Whatever is contradicted in them should be
/// a mistake of the model that wrote them.
void prm_bench(const std::filesystem::path& folder, const Options& options) {
  Table table("PRMBench, clean twins", options);
  Table tampered("PRMBench, tampered (first wrong step as labelled)", options);
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    const TextFile file = value_or_throw(read_text_file(entry.path().string()));
    value_or_throw(for_each_jsonl(
        file.text, entry.path().string(), [&](const json& record, const std::string&) {
          const std::string question = json_text(record, "original_question");
          table.add_chain(json_text(record, "idx"), question,
                          strings(json_list(record, "original_process")), -1);
          const json& wrong = json_list(record, "error_steps");
          std::int64_t first = -1;
          for (const json& step : wrong) {
            if (!step.is_number_integer()) continue;
            const std::int64_t index = step.get<std::int64_t>() - 1;
            if (first < 0 || index < first) first = index;
          }
          tampered.add_chain(json_text(record, "idx"), json_text(record, "modified_question"),
                             strings(json_list(record, "modified_process")), first);
          return Result<void>();
        }));
  }
  table.print();
  tampered.print();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument == "--split" && i + 1 < argc) {
      options.split = argv[++i];
    } else if (argument == "--show" && i + 1 < argc) {
      options.show = std::atoi(argv[++i]);
    } else {
      options.files.push_back(argument);
    }
  }
  try {
    if (!options.files.empty()) {
      for (const std::string& file : options.files) {
        const bool lines = file.find(".jsonl") != std::string::npos;
        lines ? prm800k(file, options) : process_bench(file, options);
      }
      return 0;
    }
    const char* root = std::getenv("ASSAY_TEST_DATA");
    if (root == nullptr) {
      fmt::print(stderr, "set ASSAY_TEST_DATA, or name files of ProcessBench's form\n");
      return 2;
    }
    const std::filesystem::path chains = std::filesystem::path(root) / "data" / "chains";
    for (const char* name : {"gsm8k.json.gz", "math.json.gz"}) {
      process_bench((chains / "processbench" / name).string(), options);
    }
    prm800k((chains / "prm800k_phase1" / "phase1_test.stepwise-critic.jsonl.gz").string(), options);
    prm_bench(chains / "prmbench" / "prmtest_classified" / "data", options);
  } catch (const std::exception& error) {
    fmt::print(stderr, "assay_chain_labels: {}\n", error.what());
    return 3;
  }
  return 0;
}
