#include "harness/endpoint.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "core/clock.h"
#include "core/journal.h"
#include "core/json_access.h"
#include "core/text.h"
#include "harness/build_info.h"
#include "harness/names.h"
#include "harness/records.h"

namespace assay {
namespace {

using nlohmann::json;

constexpr std::size_t kBytesPerToken = 3;  // where nothing counts them: rather too many tokens

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

std::size_t prompt_bytes(const Prompt& prompt) {
  std::size_t bytes = prompt.raw.size() + prompt.assistant_prefix.size();
  for (const Message& message : prompt.messages) bytes += message.content.size();
  return bytes;
}

Result<RenderedPrompt> render_locally(const PromptBuilder& prompts, const Tokenizer& tokenizer,
                                      const Prompt& prompt) {
  Result<BuiltPrompt> built = prompts.build(prompt);
  if (!built) return tl::unexpected(built.error());
  RenderedPrompt out{std::move(built->text), std::move(built->ids)};
  const TokenizerSpec& spec = tokenizer.spec();
  // A server that adds BOS to text must not find one written there.
  if (spec.add_bos && spec.bos >= 0) {
    const std::string& bos = tokenizer.token_bytes(spec.bos);
    if (!bos.empty() && out.text.starts_with(bos)) out.text.erase(0, bos.size());
  }
  return out;
}

json reply_record(const ServerReply& reply) {
  return {{"form", text_or_null(reply.form)},
          {"finish_reason", text_or_null(reply.finish_reason)},
          {"error_class", text_or_null(reply.error_class)},
          {"attempts", reply.attempts},
          {"usage",
           {{"prompt_tokens", or_null(reply.usage_prompt_tokens)},
            {"completion_tokens", or_null(reply.usage_completion_tokens)}}},
          {"server",
           {{"prefill_tokens", or_null(reply.server_prefill_tokens)},
            {"prefill_ms", or_null(reply.server_prefill_ms)},
            {"decode_tokens", or_null(reply.server_decode_tokens)},
            {"decode_ms", or_null(reply.server_decode_ms)}}},
          {"notes", reply.notes}};
}

}  // namespace

bool is_endpoint(const BackendSpec& spec) {
  return value_or_throw(find_backend(spec.name))->create_endpoint != nullptr;
}

LoadedModel open_vocabulary(const RunOptions& options, const Listener& listener) {
  if (!options.model.empty()) return open_model(options.model, options.mirror, false, listener);
  LoadedModel none;
  ModelFile file;
  const auto named = options.backend.options.find("model");
  file.name = named == options.backend.options.end() ? "endpoint" : named->second;
  none.file = std::make_shared<const ModelFile>(std::move(file));
  return none;
}

std::unique_ptr<Endpoint> open_endpoint(const RunOptions& options, const Tokenizer* tokenizer,
                                        const PromptBuilder* prompts, bool has_template) {
  if (options.numerics == Numerics::exact) {
    throw Error(ErrorKind::usage, "a server's numerics cannot be promised: --numerics exact",
                "leave --numerics out: an endpoint's identity is best effort");
  }
  if (options.threads != 0) {
    throw Error(ErrorKind::usage, "--threads belongs to the server of an endpoint",
                "set it there; concurrency=N of --backend http is the number of requests at once");
  }
  EndpointRequest request;
  request.options = options.backend.options;
  request.concurrency = options.batch;
  request.clock = now_seconds;
  if (tokenizer != nullptr) {
    request.vocabulary.encode = [tokenizer](std::string_view text) {
      return tokenizer->encode(text, true);
    };
    request.vocabulary.end_token = tokenizer->spec().eos;
    request.vocabulary.bos = tokenizer->spec().bos;
  }
  if (tokenizer != nullptr && prompts != nullptr && has_template) {
    request.vocabulary.render = [tokenizer, prompts](const Prompt& prompt) {
      return render_locally(*prompts, *tokenizer, prompt);
    };
  }
  const BackendPlugin& plugin = *value_or_throw(find_backend(options.backend.name));
  return value_or_throw(plugin.create_endpoint(request));
}

json endpoint_plan_record(const RunPlan& plan, const EndpointFacts& facts) {
  const LoadedModel& local = plan.model;
  json options = json::object();
  for (const auto& [name, value] : plan.endpoint->public_options()) options[name] = value;
  json endpoint = plan.endpoint->identity();
  endpoint["identity"] = kBestEffort;
  endpoint["context"] = or_null(facts.context);
  endpoint["client"] = host_context();
  endpoint["tokenizer"] = nullptr;
  endpoint["probes"] = nullptr;
  if (local.tokenizer) {
    endpoint["tokenizer"] = {{"name", local.file->name}, {"sha256", text_or_null(local.sha256)}};
  }
  const json nothing = nullptr;
  return {{"type", "plan"},
          {"schema_version", kJournalVersion},
          {"utc", utc_now()},
          {"tool", build_info()},
          {"device",
           {{"name", fmt::format("the server at {}", json_text(endpoint, "url"))},
            {"cpu", nothing},
            {"gpu", nothing},
            {"memory_bytes", nothing},
            {"isa", nothing},
            {"threads", nothing},
            {"bandwidth_gb_per_s", nothing}}},
          {"model",
           {{"name", plan.model_name()},
            {"arch", nothing},
            {"format", nothing},
            {"sha256", nothing},
            {"file_bytes", nothing},
            {"parameters", nothing},
            {"weight_type", nothing}}},
          {"backend",
           {{"name", plan.options.backend.name},
            {"numerics", kBestEffort},
            {"semantics", nothing},
            {"options", options},
            {"gemm_library", nothing}}},
          {"identity",
           {{"numerics", kBestEffort},
            {"semantics", nothing},
            {"kv_type", nothing},
            {"batch_invariant", nothing},
            {"portable", false}}},
          {"memory",
           {{"planned_bytes", nothing},
            {"weights_bytes", nothing},
            {"kv_bytes", nothing},
            {"scratch_bytes", nothing}}},
          {"endpoint", endpoint},
          {"tasks", json::array()}};
}

EndpointNeeds endpoint_needs(const RunPlan& plan) {
  EndpointNeeds needs;
  needs.sampling = plan.sampling;
  needs.thinking = plan.profile.thinking;
  needs.opened_by_prompt = plan.profile.opened_by_prompt;
  for (const PlannedSample& sample : plan.samples) {
    const std::int64_t prompt =
        sample.prompt_tokens.empty()
            ? static_cast<std::int64_t>(prompt_bytes(sample.request.prompt) / kBytesPerToken)
            : std::ssize(sample.prompt_tokens);
    needs.longest_prompt = std::max(needs.longest_prompt, prompt);
    needs.longest_sequence =
        std::max(needs.longest_sequence, prompt + sample.request.max_new_tokens);
  }
  if (!plan.samples.empty()) needs.example = plan.samples.front().request.prompt;
  return needs;
}

std::string describe_endpoint_plan(const RunPlan& plan) {
  const json& endpoint = plan.record.at("endpoint");
  std::string text = fmt::format(
      "endpoint {} ({}), model {}, identity {}\n", json_text(endpoint, "url"),
      json_text(endpoint, "api"),
      endpoint.at("model").is_null() ? "as the server names it" : json_text(endpoint, "model"),
      kBestEffort);
  text += plan.model.tokenizer
              ? fmt::format("tokens   counted by the vocabulary of {}\n", plan.model.file->name)
              : std::string("tokens   not counted: no --model gives a vocabulary\n");
  for (const std::string& probe : plan.endpoint->planned_probes()) {
    text += fmt::format("probe    {}\n", probe);
  }
  if (plan.endpoint->planned_probes().empty()) text += "probe    none (probe=off)\n";
  return text;
}

json endpoint_totals(json totals, bool tokens_known) {
  totals["decode_steps"] = nullptr;
  totals["cpu_seconds"] = nullptr;
  totals["energy"] = nullptr;
  totals["memory"] = {{"host_peak_bytes", nullptr}, {"device_peak_bytes", nullptr}};
  if (!tokens_known) totals["prefill_tokens"] = totals["decode_tokens"] = nullptr;
  return totals;
}

void add_reply(const EndpointCompletion& completion, json* record) {
  if (!completion.tokens_known) (*record)["tokens"] = nullptr;
  if (completion.prompt_tokens.empty()) (*record)["prompt_tokens"] = nullptr;
  if (!completion.times_known) (*record)["ttft_ms"] = (*record)["decode_ms"] = nullptr;
  (*record)["endpoint"] = reply_record(completion.reply);
}

}  // namespace assay
