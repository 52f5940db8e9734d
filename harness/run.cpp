#include "harness/run.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "core/clock.h"
#include "core/json_access.h"
#include "core/numerics/hash.h"
#include "decode/local_completer.h"
#include "harness/endpoint.h"
#include "harness/grade.h"
#include "harness/journal_writer.h"
#include "harness/records.h"

namespace assay {
namespace {

using nlohmann::json;

std::string read_whole(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// What must be equal for a journal to be gone on with, in the order it is compared.
json resume_identity(const json& plan) {
  json identity = {{"model", {{"sha256", plan.at("model").at("sha256")}}},
                   {"tasks", plan.at("tasks")},
                   {"decoding", plan.at("decoding")},
                   {"identity", plan.at("identity")}};
  // How the work was laid out changes no token; budgets stand with the tasks.
  for (const char* layout : {"batch", "context"}) identity["decoding"].erase(layout);
  // A server is known by its name alone; how many requests wait for it changes no text.
  if (const json& endpoint = json_member(plan, "endpoint"); endpoint.is_object()) {
    for (const char* name : {"url", "api", "model", "tokenizer"}) {
      identity["endpoint"][name] = json_member(endpoint, name);
    }
  }
  // Under `exact` the bits are the same everywhere, so another backend may go on.
  if (plan.at("identity").at("numerics") == "fast") identity["backend"] = plan.at("backend");
  return identity;
}

/// "decoding.temperature was 0.6, is 0" of the first difference; empty if there is none.
std::string first_difference(const json& before, const json& now, const std::string& name) {
  if (before == now) return "";
  if (before.is_object() && now.is_object()) {
    for (const auto& [key, value] : now.items()) {
      const json old = before.value(key, json(nullptr));
      std::string inner =
          first_difference(old, value, name.empty() ? key : fmt::format("{}.{}", name, key));
      if (!inner.empty()) return inner;
    }
  }
  if (before.is_array() && now.is_array() && before.size() == now.size()) {
    for (std::size_t i = 0; i < now.size(); ++i) {
      std::string inner = first_difference(before[i], now[i], fmt::format("{}[{}]", name, i));
      if (!inner.empty()) return inner;
    }
  }
  return fmt::format("{} was {}, is {}", name, before.dump(), now.dump());
}

json sample_record(const PlannedSample& planned, const std::string& task,
                   const Completion& completion) {
  json hashes = json::array();
  for (const LogitsHash& hash : completion.logits_hashes) hashes.push_back(numerics::to_hex(hash));
  return {{"type", "sample"},
          {"key", planned.request.key},
          {"task", task},
          {"problem", planned.request.problem_id},
          {"index", planned.problem},
          {"sample", planned.request.sample},
          {"prompt_sha256", planned.prompt_sha256},
          {"prompt_tokens", completion.prompt_tokens.size()},
          {"tokens", completion.tokens},
          {"text", completion.text},
          {"stop", stop_reason_name(completion.stop)},
          {"error", completion.error.empty() ? json(nullptr) : json(completion.error)},
          {"logits_hash", hashes},
          {"top2_margin", completion.top2_margins},
          {"queue_ms", completion.queue_ms},
          {"ttft_ms", completion.ttft_ms},
          {"decode_ms", completion.decode_ms}};
}

/// The journal to write to, and what it already holds.
struct OpenJournal {
  JournalWriter writer;
  std::set<std::string> done;
  bool has_plan = false;
};

OpenJournal open_journal(const RunPlan& plan, const std::string& path) {
  if (!plan.options.resume || !std::filesystem::exists(path)) {
    return {value_or_throw(JournalWriter::create(path)), {}, false};
  }
  OpenJournal journal{value_or_throw(JournalWriter::append(path)), {}, false};
  const std::string text = read_whole(path);
  if (text.find('\n') == std::string::npos) {
    journal.writer.cut(0);  // killed before the plan stood there: nothing to go on with
    return journal;
  }
  const Journal existing = value_or_throw(parse_journal(text, path));
  const std::string difference =
      first_difference(resume_identity(existing.plan), resume_identity(plan.record), "");
  if (!difference.empty()) {
    throw Error(ErrorKind::usage, fmt::format("cannot resume {}: {}", path, difference),
                "repeat the first run's options, or choose another --out");
  }
  journal.writer.cut(existing.sound_bytes);
  journal.has_plan = true;
  for (const json& sample : existing.samples) {
    // What failed is tried again.
    if (json_text(sample, "stop") == stop_reason_name(StopReason::error)) continue;
    journal.done.insert(sample.at("key"));
  }
  journal.writer.write({{"type", "resume"}, {"utc", utc_now()}});
  return journal;
}

/// Tells how far generation is, with the speed so far.
class Meter {
 public:
  Meter(const Listener& listener, const RunPlan& plan, std::int64_t done)
      : listener_(listener),
        what_(fmt::format("{} on {}", plan.model_name(), plan.options.backend.name)),
        total_(std::ssize(plan.samples)),
        done_(done),
        started_(now_seconds()) {
    tell();
  }
  /// Between steps: long work shows that it lives.
  void tick() { tell(); }
  void add(const Completion& completion) {
    ++done_;
    tokens_ += std::ssize(completion.tokens);
    tell();
  }

 private:
  void tell() {
    const double seconds = now_seconds() - started_;
    std::string speed;
    if (tokens_ > 0) speed = fmt::format("{:.0f} tok/s", static_cast<double>(tokens_) / seconds);
    listener_.progress({what_, done_, total_, false, speed});
  }

  const Listener& listener_;
  std::string what_;
  std::int64_t total_;
  std::int64_t done_;
  std::int64_t tokens_ = 0;
  double started_;
};

/// What the journal lacks goes out, what is finished comes in.
class Work {
 public:
  Work(const RunPlan& plan, OpenJournal& journal, const Listener& listener)
      : plan_(plan), journal_(journal), meter_(listener, plan, std::ssize(journal.done)) {
    for (const PlannedSample& sample : plan.samples) by_key_[sample.request.key] = &sample;
  }

  std::optional<Request> next() {
    while (next_ < plan_.samples.size()) {
      const Request& request = plan_.samples[next_++].request;
      if (!journal_.done.contains(request.key)) return request;
    }
    return std::nullopt;
  }
  const PlannedSample& planned(const Request& request) const { return *by_key_.at(request.key); }
  json record(const Request& request, const Completion& completion) const {
    const PlannedSample& sample = planned(request);
    return sample_record(sample, plan_.tasks[sample.task].dataset->manifest.name, completion);
  }
  void write(const json& record, const Completion& completion) {
    journal_.writer.write(record);
    meter_.add(completion);
  }
  void tick() { meter_.tick(); }

 private:
  const RunPlan& plan_;
  OpenJournal& journal_;
  Meter meter_;
  std::map<std::string, const PlannedSample*> by_key_;
  std::size_t next_ = 0;
};

RunTotals generate(const RunPlan& plan, Session& session, OpenJournal& journal,
                   const Listener& listener) {
  LocalCompleterOptions options;
  options.profile = plan.profile;
  options.max_batch = plan.session.max_batch;
  const auto completer = make_local_completer(
      session, *plan.model.tokenizer,
      [&plan](const Prompt& prompt) -> Result<std::vector<TokenId>> {
        Result<BuiltPrompt> built = plan.prompts->build(prompt);
        if (!built) return tl::unexpected(built.error());
        return std::move(built->ids);
      },
      options);
  Work work(plan, journal, listener);
  return completer->run([&] { return work.next(); },
                        [&](const Request& request, const Completion& completion) {
                          work.write(work.record(request, completion), completion);
                        },
                        [&] {
                          work.tick();
                          return listener.cancelled();
                        });
}

RunTotals generate_at_endpoint(const RunPlan& plan, OpenJournal& journal,
                               const Listener& listener) {
  Work work(plan, journal, listener);
  std::int64_t prefill_tokens = 0;
  RunTotals totals =
      plan.endpoint->answer([&] { return work.next(); },
                            [&](const Request& request, EndpointCompletion completion) {
                              completion.prompt_tokens = work.planned(request).prompt_tokens;
                              if (completion.times_known)
                                prefill_tokens += std::ssize(completion.prompt_tokens);
                              json record = work.record(request, completion);
                              add_reply(completion, &record);
                              work.write(record, completion);
                            },
                            [&] {
                              work.tick();
                              return listener.cancelled();
                            });
  totals.prefill_tokens = prefill_tokens;
  return totals;
}

/// Asks what a run of this plan depends on, and says what was found.
void probe_endpoint(RunPlan& plan, const Listener& listener) {
  const EndpointNeeds needs = endpoint_needs(plan);
  plan.endpoint->prepare(needs);
  const json probes = value_or_throw(plan.endpoint->probe(
      needs, [&](const std::string& name) { listener.note("probing: " + name); },
      listener.cancelled));
  throw_if_cancelled(listener, "nothing was written; repeat the command");
  for (const auto& [name, probe] : probes.items()) {
    const std::string warning = json_text(probe, "warning");
    if (!warning.empty()) listener.note("warning: " + warning);
  }
  plan.record["endpoint"]["probes"] = probes;
}

bool execute_endpoint_plan(RunPlan& plan, const std::string& journal_path,
                           const Listener& listener) {
  const UsageMeter usage;
  OpenJournal journal = open_journal(plan, journal_path);
  if (journal.has_plan) {
    plan.endpoint->prepare(endpoint_needs(plan));
  } else {
    probe_endpoint(plan, listener);
    journal.writer.write(plan.record);
  }
  const RunTotals totals = generate_at_endpoint(plan, journal, listener);
  journal.writer.write(
      endpoint_totals(usage.totals_record(totals, nullptr), plan.model.tokenizer != nullptr));
  if (listener.cancelled()) return false;
  return grade_journal(plan, journal_path, journal.writer, listener);
}

}  // namespace

bool execute_plan(RunPlan plan, const std::string& journal_path, const Listener& listener) {
  if (plan.endpoint) return execute_endpoint_plan(plan, journal_path, listener);
  UsageMeter usage;
  OpenJournal journal = open_journal(plan, journal_path);
  const std::unique_ptr<Session> session =
      value_or_throw(make_session(plan.model.file, std::move(plan.device), plan.session));
  usage.watch(*session);
  if (!journal.has_plan) {
    add_gpu(*session, &plan.record);
    add_ceilings(*session, *plan.model.file, &plan.record);
    journal.writer.write(plan.record);
  }
  const RunTotals totals = generate(plan, *session, journal, listener);
  journal.writer.write(usage.totals_record(totals, session.get()));
  if (listener.cancelled()) return false;
  return grade_journal(plan, journal_path, journal.writer, listener);
}

}  // namespace assay
