#include "reports/common/endpoint_report.h"

#include <fmt/core.h>

#include <nlohmann/json.hpp>
#include <optional>

#include "core/json_access.h"

namespace assay {
namespace {

using nlohmann::json;

/// Tokens over milliseconds, summed over the replies that have both.
class Rate {
 public:
  void add(std::optional<double> tokens, std::optional<double> ms) {
    if (!tokens || !ms || *tokens <= 0 || *ms <= 0) return;
    tokens_ += *tokens;
    ms_ += *ms;
  }
  json per_second() const { return ms_ > 0 ? json(tokens_ / ms_ * 1e3) : json(nullptr); }

 private:
  double tokens_ = 0;
  double ms_ = 0;
};

void count(json* counts, const std::string& name) {
  if (name.empty()) return;
  (*counts)[name] = json_integer(*counts, name).value_or(0) + 1;
}

json replies_of(const Journal& journal, bool speed_allowed) {
  json forms = json::object();
  json errors = json::object();
  json notes = json::object();
  std::int64_t attempts = 0;
  std::int64_t retried = 0;
  Rate ours;
  Rate decode;
  Rate prefill;
  for (const json& sample : journal.samples) {
    const json& reply = json_member(sample, "endpoint");
    count(&forms, json_text(reply, "form"));
    count(&errors, json_text(reply, "error_class"));
    for (const json& note : json_list(reply, "notes")) {
      if (note.is_string()) count(&notes, note.get<std::string>());
    }
    const std::int64_t tries = json_integer(reply, "attempts").value_or(0);
    attempts += tries;
    if (tries > 1) ++retried;
    const auto tokens = static_cast<double>(json_list(sample, "tokens").size());
    ours.add(tokens - 1, json_number(sample, "decode_ms"));
    const json& server = json_member(reply, "server");
    decode.add(json_number(server, "decode_tokens"), json_number(server, "decode_ms"));
    prefill.add(json_number(server, "prefill_tokens"), json_number(server, "prefill_ms"));
  }
  const json unknown = nullptr;
  return {{"forms", forms},
          {"errors", errors},
          {"notes", notes},
          {"attempts", attempts},
          {"retried", retried},
          {"speed_per_request",
           {{"decode_tokens_per_s", speed_allowed ? ours.per_second() : unknown},
            {"server_decode_tokens_per_s", speed_allowed ? decode.per_second() : unknown},
            {"server_prefill_tokens_per_s", speed_allowed ? prefill.per_second() : unknown}}}};
}

std::string counts_text(const json& counts) {
  std::string text;
  for (const auto& [name, n] : counts.items()) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", n.dump(), name);
  }
  return text;
}

}  // namespace

json endpoint_report(const Journal& journal, bool speed_allowed) {
  json out = json_member(journal.plan, "endpoint");
  if (!out.is_object()) return nullptr;
  out["replies"] = replies_of(journal, speed_allowed);
  return out;
}

std::vector<EndpointWarning> endpoint_warnings(const json& endpoint) {
  std::vector<EndpointWarning> out;
  const json& probes = json_member(endpoint, "probes");
  if (probes.is_object()) {
    for (const auto& [name, probe] : probes.items()) {
      const std::string warning = json_text(probe, "warning");
      if (!warning.empty()) out.push_back({"endpoint_probe", fmt::format("{}: {}", name, warning)});
    }
  }
  const json& notes = json_member(json_member(endpoint, "replies"), "notes");
  const auto warn_of = [&](const char* note, const char* text) {
    const auto n = json_integer(notes, note);
    if (n) out.push_back({"endpoint_replies", fmt::format("{} {}", *n, text)});
  };
  warn_of("cut_below_budget",
          "texts were cut by the server before their budget: its context is shorter");
  warn_of("over_budget", "texts are longer than the budget that was asked for");
  warn_of("usage_differs", "replies claim another number of tokens in usage than their text has");
  warn_of("invalid_utf8", "replies held bytes that are no UTF-8; U+FFFD stands in their place");
  warn_of("tool_calls", "replies called a tool that nobody offered");
  return out;
}

std::vector<EndpointFinding> endpoint_findings(const json& endpoint) {
  std::vector<EndpointFinding> out;
  const json& probes = json_member(endpoint, "probes");
  if (probes.is_object()) {
    for (const auto& [name, probe] : probes.items()) {
      const std::string why = json_text(probe, "why");
      out.push_back({name, json_text(probe, "verdict") + (why.empty() ? "" : ": " + why)});
    }
  }
  const json& replies = json_member(endpoint, "replies");
  for (const char* name : {"forms", "errors", "notes"}) {
    const std::string text = counts_text(json_member(replies, name));
    if (!text.empty()) out.push_back({name, text});
  }
  const auto retried = json_integer(replies, "retried").value_or(0);
  if (retried > 0) out.push_back({"retried", fmt::format("{} samples", retried)});
  const json& speed = json_member(replies, "speed_per_request");
  const auto ours = json_number(speed, "decode_tokens_per_s");
  const auto theirs = json_number(speed, "server_decode_tokens_per_s");
  if (ours && theirs) {
    out.push_back(
        {"per request",
         fmt::format("{:.4g} tokens/s by our clock, {:.4g} by the server's", *ours, *theirs)});
  }
  return out;
}

}  // namespace assay
