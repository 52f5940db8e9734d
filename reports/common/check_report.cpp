#include "reports/common/check_report.h"

#include <fmt/core.h>

#include <cmath>
#include <initializer_list>
#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "core/text.h"

namespace assay {
namespace {

using nlohmann::json;

/// Where a value stands, written out only when it is wrong.
struct Place {
  const Place* in = nullptr;
  std::string_view name;
  std::size_t index = 0;
  bool is_index = false;

  std::string text() const {
    const std::string outer = in == nullptr ? "" : in->text();
    if (is_index) return fmt::format("{}[{}]", outer, index);
    return outer + (outer.empty() ? "" : ".") + name_for_message(name, 60);
  }
};

class Checker {
 public:
  bool failed() const { return !error_.empty(); }
  const std::string& error() const { return error_; }

  void wrong(const json& value, const Place& at, const char* wanted) {
    if (failed()) return;
    const std::string shown = value.is_structured()
                                  ? value.type_name()
                                  : value.dump(-1, ' ', true, json::error_handler_t::replace);
    error_ = fmt::format("{} is {}, not {}", at.text(), name_for_message(shown, 40), wanted);
  }

  void number(const json& value, const Place& at) {
    if (value.is_null()) return;
    const bool good =
        value.is_number() && std::isfinite(value.get<double>()) && value.get<double>() >= 0;
    if (!good) wrong(value, at, "a number from 0 on");
  }

  void count(const json& value, const Place& at) {
    if (value.is_null()) return;
    const bool good =
        value.is_number_unsigned() || (value.is_number_integer() && value.get<std::int64_t>() >= 0);
    if (!good) wrong(value, at, "a whole number from 0 on");
  }

  void share(const json& value, const Place& at) {
    if (value.is_null()) return;
    if (!is_share(value)) wrong(value, at, "a share from 0 to 1");
  }

  void text(const json& value, const Place& at) {
    if (!value.is_null() && !value.is_string()) wrong(value, at, "a text");
  }

  void flag(const json& value, const Place& at) {
    if (!value.is_null() && !value.is_boolean()) wrong(value, at, "true or false");
  }

  /// {value, ci95}: shares, the interval in order.
  void rate(const json& value, const Place& at) {
    if (value.is_null() || failed()) return;
    if (!value.is_object()) return wrong(value, at, "an object");
    share(json_member(value, "value"), {&at, "value"});
    const json& ci = json_member(value, "ci95");
    if (ci.is_null()) return;
    const bool good =
        ci.is_array() && ci.size() == 2 && is_share(ci[0]) && is_share(ci[1]) && ci[0] <= ci[1];
    if (!good) wrong(ci, {&at, "ci95"}, "two shares in order");
  }

  using Check = void (Checker::*)(const json&, const Place&);

  /// Members by name; an absent one is unknown.
  void members(const json& object, const Place& at, Check check,
               std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (!failed()) (this->*check)(json_member(object, name), {&at, name});
    }
  }

  /// Every member of an object.
  void each(const json& object, const Place& at, Check check) {
    if (object.is_null() || failed()) return;
    if (!object.is_object()) return wrong(object, at, "an object");
    for (const auto& [name, value] : object.items()) {
      if (failed()) return;
      (this->*check)(value, {&at, name});
    }
  }

  /// Every element of a list.
  void list(const json& values, const Place& at, Check check) {
    if (values.is_null() || failed()) return;
    if (!values.is_array()) return wrong(values, at, "a list");
    for (std::size_t i = 0; i < values.size() && !failed(); ++i) {
      (this->*check)(values[i], {&at, {}, i, true});
    }
  }

  void bench_row(const json& row, const Place& at) {
    if (!row.is_object()) return wrong(row, at, "an object");
    members(row, at, &Checker::text, {"phase"});
    members(row, at, &Checker::count, {"tokens", "depth", "batch", "prompt_tokens"});
    members(row, at, &Checker::number,
            {"tokens_per_s", "gb_per_s", "gflop_per_s", "bandwidth_gb_per_s", "roofline_fraction",
             "seconds"});
    list(json_member(row, "tokens_per_s_runs"), {&at, "tokens_per_s_runs"}, &Checker::number);
  }

  void sample(const json& row, const Place& at) {
    if (!row.is_object()) return wrong(row, at, "an object");
    if (!json_member(row, "id").is_string())
      return wrong(json_member(row, "id"), {&at, "id"}, "a text");
    members(row, at, &Checker::count, {"sample", "tokens", "prompt_tokens"});
    members(row, at, &Checker::flag, {"correct", "complete", "strictly_complete"});
    members(row, at, &Checker::text,
            {"outcome", "extracted", "gold", "rung", "stop", "verdict", "why", "tokens_hash",
             "answer_hash", "prompt_hash", "logits_hash"});
  }

  void chain(const json& value, const Place& at) {
    if (value.is_null()) return;
    if (!value.is_object()) return wrong(value, at, "an object");
    members(value, at, &Checker::rate, {"complete_rate", "strictly_complete_rate"});
    each(json_member(value, "components"), {&at, "components"}, &Checker::rate);
    const json& found = json_member(value, "contradictions");
    const Place where = {&at, "contradictions"};
    if (!found.is_null() && !found.is_object()) return wrong(found, where, "an object");
    members(found, where, &Checker::count, {"checked", "contradicted"});
    members(found, where, &Checker::share, {"coverage"});
  }

  void task(const json& value, const Place& at) {
    if (!value.is_object()) return wrong(value, at, "an object");
    if (!json_member(value, "name").is_string()) {
      return wrong(json_member(value, "name"), {&at, "name"}, "a text");
    }
    members(value, at, &Checker::text,
            {"protocol", "eval", "dataset_sha256", "chain_profile", "skipped", "logits_hash"});
    members(value, at, &Checker::count,
            {"n_problems", "n_problems_in_dataset", "samples_per_problem", "max_new_tokens"});
    members(value, at, &Checker::flag, {"partial"});
    each(json_member(value, "counts"), {&at, "counts"}, &Checker::count);
    each(json_member(value, "metrics"), {&at, "metrics"}, &Checker::rate);
    each(json_member(value, "outcomes"), {&at, "outcomes"}, &Checker::count);
    chain(json_member(value, "chain"), {&at, "chain"});
    list(json_member(value, "problems"), {&at, "problems"}, &Checker::sample);
  }

  void speed(const json& throughput) {
    const Place at = {nullptr, "throughput"};
    members(throughput, at, &Checker::number,
            {"prefill_tokens_per_s", "decode_tokens_per_s", "gb_per_s", "prefill_gflop_per_s",
             "decode_gflop_per_s", "roofline_fraction"});
    for (const char* name : {"ttft_ms", "tpot_ms"}) {
      each(json_member(throughput, name), {&at, name}, &Checker::number);
    }
  }

  void whole(const json& report) {
    const Place device = {nullptr, "device"};
    const json& of = json_member(report, "device");
    members(of, device, &Checker::text, {"name", "cpu", "gpu", "isa"});
    members(of, device, &Checker::count, {"memory_bytes", "threads"});
    members(of, device, &Checker::number, {"bandwidth_gb_per_s"});
    each(json_member(of, "peaks"), {&device, "peaks"}, &Checker::number);
    const Place model = {nullptr, "model"};
    members(json_member(report, "model"), model, &Checker::text,
            {"name", "arch", "sha256", "weight_type"});
    members(json_member(report, "model"), model, &Checker::count, {"file_bytes", "parameters"});
    members(json_member(report, "backend"), {nullptr, "backend"}, &Checker::text,
            {"name", "numerics"});
    members(json_member(report, "decoding"), {nullptr, "decoding"}, &Checker::number,
            {"temperature", "top_p", "top_k", "max_new_tokens", "batch", "context"});
    each(json_member(report, "memory"), {nullptr, "memory"}, &Checker::count);
    members(report, {}, &Checker::number, {"cpu_utilization"});
    speed(json_member(report, "throughput"));
    list(json_member(report, "bench"), {nullptr, "bench"}, &Checker::bench_row);
    list(json_member(report, "tasks"), {nullptr, "tasks"}, &Checker::task);
    members(json_member(report, "identity"), {nullptr, "identity"}, &Checker::text,
            {"numerics", "semantics", "kv_type"});
    members(json_member(report, "identity"), {nullptr, "identity"}, &Checker::flag,
            {"portable", "batch_invariant"});
  }

 private:
  static bool is_share(const json& value) {
    return value.is_number() && value.get<double>() >= 0 && value.get<double>() <= 1;
  }

  std::string error_;
};

}  // namespace

std::string first_wrong_member(const json& report) {
  Checker checker;
  checker.whole(report);
  return checker.error();
}

}  // namespace assay
