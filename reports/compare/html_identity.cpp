// Identity: the same tokens, answers and bits, the policy they were computed under, and proofs that
// another device gives the same.
#include <fmt/core.h>

#include "core/json_access.h"
#include "reports/common/look.h"
#include "reports/common/page.h"
#include "reports/common/show.h"
#include "reports/compare/html_parts.h"

namespace assay {
namespace {

using nlohmann::json;

std::string yes_no(std::optional<bool> value, const char* yes, const char* no) {
  if (!value) return show_value(nullptr);
  return *value ? fmt::format("<b class=\"good\">\u2713 {}</b>", yes)
                : fmt::format("<b class=\"bad\">\u2260 {}</b>", no);
}

/// Of a property that a run has or lacks; nothing is compared.
std::string has_it(std::optional<bool> value) {
  if (!value) return show_value(nullptr);
  return *value ? "<b class=\"good\">\u2713 yes</b>" : "no";
}

TableCell share_cell(const json& pair, const char* name) {
  const auto same = json_integer(pair, name);
  const auto of = json_integer(pair, "problems");
  if (!same || !of || *of <= 0) return {show_value(nullptr), {}};
  return {fmt::format("{} of {}", show_count(same), show_count(of)),
          static_cast<double>(*same) / static_cast<double>(*of)};
}

std::string proof_line(const json& proof) {
  const json& here = json_member(proof, "here");
  std::string where;
  for (const char* name : {"backend", "isa", "device"}) {
    const std::string text = json_text(here, name);
    if (!text.empty()) where += (where.empty() ? "" : ", ") + text;
  }
  std::string out = fmt::format("{} of {} positions have the same bits on {}",
                                show_count(json_integer(proof, "positions_bit_equal")),
                                show_count(json_integer(proof, "positions")), inline_text(where));
  if (json_flag(proof, "transfers") == true) {
    return out + ": <b class=\"good\">\u2713 its scores hold there, too</b>";
  }
  const std::string why = json_text(proof, "why");
  return out + ": its scores do not transfer" + (why.empty() ? "" : "; " + inline_text(why));
}

}  // namespace

std::string identity_html(const json& comparison, const json& task) {
  const json& pairs = json_list(task, "identity");
  if (pairs.empty()) return {};
  const std::vector<TableColumn> columns = {
      {"run", false, {}},
      {"beside", false, {}},
      {"the same tokens", true, {}},
      {"the same answer", true, {}},
      {term("logits_hash", "the same bits of all logits"), true, {}},
      {term("logits_hash"), false, {}},
      {"", false, {}}};
  std::vector<TableRow> rows;
  for (const json& pair : pairs) {
    const auto b = static_cast<std::size_t>(json_integer(pair, "b").value_or(0));
    const auto a = static_cast<std::size_t>(json_integer(pair, "a").value_or(0));
    const std::string why = json_text(pair, "why");
    rows.push_back(
        run_row(comparison, b,
                {{run_head(comparison, a), static_cast<double>(a)},
                 share_cell(pair, "same_tokens"),
                 share_cell(pair, "same_answer"),
                 share_cell(pair, "same_logits"),
                 {yes_no(json_flag(pair, "logits_hash_equal"), "equal", "not equal"), {}},
                 {why.empty() ? "" : "tokens not compared: " + inline_text(why), {}}}));
  }
  return "<h3>" + term("identity", "Identity") + "</h3>" +
         sortable_table(
             "Problems, beside the first earlier run of the same model, decoding and task", columns,
             rows);
}

std::string proofs_html(const json& comparison) {
  const std::vector<TableColumn> columns = {{"run", false, {}},
                                            {term("numerics", "numerics policy"), false, {}},
                                            {term("portable"), false, {}},
                                            {term("batch_invariant"), false, {}},
                                            {term("kv_type"), false, {}},
                                            {term("proof", "transfer proofs"), false, {}}};
  std::vector<TableRow> rows;
  const json& runs = json_list(comparison, "runs");
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const json& identity = json_member(runs[i], "identity");
    std::string proofs;
    for (const json& proof : json_list(identity, "proofs")) {
      proofs += (proofs.empty() ? "" : "<br>") + proof_line(proof);
    }
    rows.push_back(run_row(
        comparison, i,
        {{policy_term(show_value(json_member(identity, "numerics"))), {}},
         {has_it(json_flag(identity, "portable")), {}},
         {has_it(json_flag(identity, "batch_invariant")), {}},
         {inline_text(show_value(json_member(identity, "kv_type"))), {}},
         {proofs.empty() ? "none; <code>assay verify --transfer</code> makes them" : proofs, {}}}));
  }
  return "<h2 id=\"identity\">Numerics and proofs</h2>" + sortable_table("", columns, rows);
}

}  // namespace assay
