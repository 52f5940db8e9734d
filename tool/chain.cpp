// `assay chain`: are the reasoning chains of a file complete?
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/text.h"
#include "harness/chain/analyse_text.h"
#include "harness/chain/chain_file.h"
#include "harness/chain/clean.h"
#include "harness/chain/sheet.h"
#include "tool/chain_text.h"
#include "tool/chain_totals.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

using nlohmann::json;

struct ChainFlags {
  std::string file;
  std::string text_field;
  std::string profile = "auto";
  std::string sheet;
  std::string clean;
  std::int64_t limit = 0;
  bool as_json = false;
  bool summary = false;
};

int write_sheet(const ChainFlags& flags, const std::vector<ChainText>& chains) {
  const RatingSheet sheet = rating_sheet(chains);
  const std::string key = flags.sheet + ".key.csv";
  write_file(flags.sheet, sheet.sheet);
  write_file(key, sheet.key);
  fmt::print(stderr, "{} chains for raters in {}; which is which in {}\n", chains.size(),
             flags.sheet, key);
  return 0;
}

/// Writes the chains that are kept, and says for each other one why it is not.
class Cleaner {
 public:
  explicit Cleaner(bool quiet) : quiet_(quiet) {}

  void add(const ChainText& text, const TextAnalysis& result) {
    const std::vector<Drop> drops = drops_of(text, result);
    if (drops.empty()) {
      kept_ += cleaned_record(text, result).dump() + "\n";
      ++n_kept_;
      return;
    }
    ++n_dropped_;
    ++by_reason_[static_cast<std::size_t>(drops.front().reason)];
    if (quiet_) return;
    std::string reasons;
    for (const Drop& drop : drops) {
      reasons += fmt::format("{}{} ({})", reasons.empty() ? "" : "; ",
                             drop_reason_name(drop.reason), drop.why);
    }
    print(
        fmt::format("dropped {}: {}\n", name_for_message(text.id), sanitize_for_terminal(reasons)));
  }

  void finish(const std::string& path) const {
    write_file(path, kept_);
    std::string line = fmt::format("{} kept in {}, {} dropped", n_kept_, path, n_dropped_);
    for (std::size_t i = 0; i < by_reason_.size(); ++i) {
      if (by_reason_[i] == 0) continue;
      line += fmt::format("; {}: {}", drop_reason_name(static_cast<DropReason>(i)), by_reason_[i]);
    }
    fmt::print(stderr, "{}\n", sanitize_for_terminal(line));
  }

 private:
  bool quiet_;
  std::string kept_;
  std::size_t n_kept_ = 0;
  std::size_t n_dropped_ = 0;
  std::array<std::size_t, 7> by_reason_{};  ///< by the first reason
};

int chain(const ChainFlags& flags) {
  for (const std::string& path : {flags.sheet, flags.clean}) {
    if (!path.empty()) require_writable(path);
  }
  if (!flags.sheet.empty()) require_writable(flags.sheet + ".key.csv");
  const ChainFile file = value_or_throw(read_chain_file(flags.file, flags.text_field));
  const std::vector<ChainText>& chains = file.chains;
  if (const std::string left_out = left_out_of(file); !left_out.empty()) {
    fmt::print(stderr, "left out: {}\n", sanitize_for_terminal(left_out));
  }
  if (!flags.sheet.empty()) return write_sheet(flags, chains);
  const std::vector<bool> thinking = thinking_profiles(chains, flags.profile);
  const bool colour = ::isatty(STDOUT_FILENO) == 1 && std::getenv("NO_COLOR") == nullptr;
  Cleaner cleaner(flags.as_json);
  ChainTotals totals;
  std::int64_t shown = 0;
  for (std::size_t i = 0; i < chains.size(); ++i) {
    const ChainText& text = chains[i];
    const TextAnalysis result = analyse_text(text, thinking[i]);
    totals.add(text, result);
    if (!flags.clean.empty()) cleaner.add(text, result);
    if (flags.limit > 0 && shown >= flags.limit) continue;
    ++shown;
    if (flags.as_json) {
      print(chain_row(text, result).dump() + "\n");
    } else if (!flags.summary && flags.clean.empty()) {
      print(annotated_chain(text, result, colour) + "\n");
    }
  }
  if (!flags.clean.empty()) cleaner.finish(flags.clean);
  if (flags.as_json) {
    fmt::print(stderr, "{}", totals.text());
  } else {
    print(totals.text());
  }
  return 0;
}

}  // namespace

void add_chain_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ChainFlags>();
  CLI::App* command =
      app.add_subcommand("chain", "Are the reasoning chains of a file complete? No model needed");
  command->add_option("file", flags->file, "JSON lines (plain, gzip or zip) or a JSON array")
      ->required();
  command->add_option("--text-field", flags->text_field,
                      "The field with the text (default: found by itself); a.b for nested ones");
  command->add_option("--profile", flags->profile, "auto, thinking (between think tags) or plain")
      ->check(CLI::IsMember({"auto", "thinking", "plain"}))
      ->capture_default_str();
  command->add_flag("--json", flags->as_json, "One JSON object a chain on stdout");
  command->add_flag("--summary", flags->summary, "The totals alone");
  command->add_option("--limit", flags->limit, "Show the first N chains (totals count all)");
  command->add_option("--sheet", flags->sheet,
                      "Write a blind rating sheet (CSV), and SHEET.key.csv beside it");
  command->add_option("--clean", flags->clean,
                      "Write the chains fit for use, split into steps; say why others are dropped");
  command->footer(
      "Examples:\n"
      "  assay chain completions.jsonl                  each chain annotated, then the totals\n"
      "  assay chain completions.jsonl.gz --json        C1 to C10 with evidence, a line a chain\n"
      "  assay chain corpus.jsonl --clean kept.jsonl    drop broken, looping and jumping chains\n"
      "  assay chain completions.jsonl --sheet rate.csv for people to rate");
  command->callback([flags, &action] { action = [flags] { return chain(*flags); }; });
}

}  // namespace assay::tool
