#include "reports/compare/texts.h"

#include <fmt/core.h>
#include <zlib.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "core/json_access.h"
#include "core/parting.h"
#include "core/text.h"
#include "reports/common/identity.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/common/words.h"
#include "reports/compare/journals.h"

namespace assay {
namespace {

using nlohmann::json;
using Key = std::pair<std::string, std::int64_t>;

std::string packed(const json& object) {
  const std::string text = object.dump(-1, ' ', false, json::error_handler_t::replace);
  uLongf size = compressBound(text.size());
  std::string out(size, '\0');
  const int code = compress2(reinterpret_cast<Bytef*>(out.data()), &size,
                             reinterpret_cast<const Bytef*>(text.data()), text.size(), 9);
  ASSAY_ASSERT(code == Z_OK);
  out.resize(size);
  return base64_of(out);
}

std::string outcome_label(const std::string& name) {
  for (const Words& words : outcome_words()) {
    if (words.name == name) return std::string(words.label);
  }
  return "not finished";
}

/// What one run knows of one task.
struct RunTask {
  RowsBySample rows;
  SamplesByKey samples;  ///< empty without a journal
};

class Packer {
 public:
  Packer(const json& task, std::span<const NamedReport> reports) : task_(task), reports_(reports) {
    for (const NamedReport& it : reports) {
      RunTask run;
      run.rows = rows_by_sample(task_named(it.report, json_text(task, "name")));
      if (it.journal != nullptr) run.samples = samples_by_key(*it.journal, json_text(task, "name"));
      runs_.push_back(std::move(run));
    }
  }

  /// `with_texts`: as long as there is room for them.
  json problem(const json& row, bool with_texts) const {
    const Key key(json_text(row, "id"), json_integer(row, "sample").value_or(0));
    json out = {
        {"title", fmt::format("{} \u00B7 {}{}", plain(json_text(task_, "name")), plain(key.first),
                              key.second > 0 ? fmt::format(" \u00B7 sample {}", key.second + 1)
                                             : std::string())},
        {"runs", json::array()},
        {"texts", json::array()}};
    const json* baseline = nullptr;
    for (std::size_t i = 0; i < runs_.size(); ++i) {
      const auto it = runs_[i].rows.find(key);
      if (it == runs_[i].rows.end()) {
        out["runs"].push_back(nullptr);
        continue;
      }
      const auto sample = runs_[i].samples.find(key);
      const json* record = sample == runs_[i].samples.end() ? nullptr : sample->second;
      if (!out.contains("gold")) out["gold"] = plain(json_text(*it->second, "gold"));
      json run = {{"facts", facts(i, key, *it->second)}, {"text", nullptr}, {"parting", nullptr}};
      add_text(i, record, with_texts, &run, &out["texts"]);
      if (!out.contains("baseline")) {
        out["baseline"] = i;
        baseline = record;
      } else if (baseline != nullptr && record != nullptr) {
        run["parting"] = parting(i, *record, *baseline);
        if (!out.contains("other") && !parting_of(*record, *baseline).identical) out["other"] = i;
      }
      out["runs"].push_back(std::move(run));
    }
    return out;
  }

  /// How much there is to see: runs whose outcome, and whose tokens, differ from the first one's.
  int interest(const json& row) const {
    int out = 0;
    const json* first = nullptr;
    for (const json& run : json_list(row, "runs")) {
      if (!run.is_object()) continue;
      if (first == nullptr) first = &run;
      if (json_member(run, "outcome") != json_member(*first, "outcome")) out += 1000;
      if (json_member(run, "tokens_hash") != json_member(*first, "tokens_hash")) ++out;
    }
    return out;
  }

 private:
  static std::string plain(const std::string& text) { return sanitize_for_terminal(text); }

  json facts(std::size_t run, const Key& key, const json& row) const {
    json out = json::array();
    const auto add = [&out](const char* name, const std::string& value) {
      if (!value.empty()) out.push_back({name, plain(value)});
    };
    add("outcome", outcome_label(json_text(row, "outcome")));
    add("answer", json_text(row, "extracted"));
    add("decided by", json_text(row, "rung"));
    add("tokens", fmt::format("{}, ended by {}", show_count(json_integer(row, "tokens")),
                              show_value(json_member(row, "stop"))));
    add("missing", missing_parts(run, key));
    add("failed", json_text(row, "why"));
    return out;
  }

  /// Parts of the chain that do not hold, in words.
  std::string missing_parts(std::size_t run, const Key& key) const {
    const auto sample = runs_[run].samples.find(key);
    if (sample == runs_[run].samples.end()) return {};
    const auto& chains = reports_[run].journal->chains;
    const auto chain = chains.find(json_text(*sample->second, "key"));
    if (chain == chains.end()) return {};
    std::string out;
    for (const Words& words : component_words()) {
      if (json_flag(json_member(chain->second, "components"), words.name) != false) continue;
      out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", words.label, words.name);
    }
    return out;
  }

  void add_text(std::size_t run, const json* record, bool with_texts, json* out,
                json* texts) const {
    if (record == nullptr) {
      (*out)["why"] =
          reports_[run].journal == nullptr
              ? "The chain's text is not here: " + plain(reports_[run].why_no_journal) + "."
              : "The journal does not hold this sample.";
      return;
    }
    if (!with_texts) {
      (*out)["why"] =
          "The chain's text is left out: the page would grow too large (assay compare --text-mb). "
          "The run's journal.jsonl has it.";
      return;
    }
    const json text = plain(json_text(*record, "text"));
    const auto same = std::find(texts->begin(), texts->end(), text);
    (*out)["text"] = same - texts->begin();
    if (same == texts->end()) texts->push_back(text);
  }

  std::string parting(std::size_t run, const json& sample, const json& baseline) const {
    const Parting at = parting_of(sample, baseline);
    if (at.identical) return "Both wrote the same tokens from beginning to end.";
    if (!at.parted) {
      return fmt::format("The same {} tokens; then a budget ended one of them.",
                         show_count(at.token));
    }
    const auto margin = margin_at(baseline, at.token);
    const bool greedy =
        json_number(json_member(reports_[run].report, "decoding"), "temperature") == 0.0;
    const std::string kind = parting_kind(margin, greedy);
    std::string out = fmt::format("The same {} tokens, then they part.", show_count(at.token));
    if (kind == "unknown") return out;
    return out + fmt::format(" The baseline held its token for the likeliest by {:.3g} logits: {}.",
                             *margin,
                             kind == "near_tie" ? "a near tie" : "a clear choice, not a near tie");
  }

  const json& task_;
  std::span<const NamedReport> reports_;
  std::vector<RunTask> runs_;
};

}  // namespace

std::vector<std::string> packed_problems(const json& comparison, const json& task,
                                         std::span<const NamedReport> reports,
                                         std::int64_t* budget) {
  const json& rows = json_list(task, "problems");
  std::vector<std::string> out(rows.size());
  if (reports.size() != json_list(comparison, "runs").size()) return out;
  const Packer packer(task, reports);
  std::vector<std::size_t> order(rows.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return packer.interest(rows[a]) > packer.interest(rows[b]);
  });
  for (const std::size_t i : order) {
    std::string text = packed(packer.problem(rows[i], true));
    if (static_cast<std::int64_t>(text.size()) > *budget) {
      text = packed(packer.problem(rows[i], false));
    } else {
      *budget -= static_cast<std::int64_t>(text.size());
    }
    out[i] = std::move(text);
  }
  return out;
}

}  // namespace assay
