#include "harness/plan.h"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "core/checked_sampling.h"
#include "core/json_access.h"
#include "core/sha256.h"
#include "core/text.h"
#include "harness/endpoint.h"
#include "harness/names.h"
#include "harness/records.h"
#include "harness/task_source.h"

namespace assay {
namespace {

using nlohmann::json;

/// What the model's makers recommend, or why it cannot be had.
Sampling sampling_of_model(const ModelFile& model) {
  if (!model.generation_unserved.empty()) {
    const Sampling stated = model.generation.value_or(Sampling{});
    throw Error(ErrorKind::usage,
                fmt::format("{} recommends {}, which assay does not do", model.name,
                            model.generation_unserved),
                fmt::format("to leave it out: {}",
                            stated.greedy()
                                ? std::string("--sampling greedy")
                                : fmt::format("--sampling custom --temperature {:g} --top-p {:g} "
                                              "--top-k {} --min-p {:g}",
                                              stated.temperature, stated.top_p, stated.top_k,
                                              stated.min_p)));
  }
  if (!model.generation) {
    throw Error(ErrorKind::usage, model.name + " recommends no sampling of its own",
                "use --sampling greedy, or --sampling custom --temperature 0.6 --top-p 0.95");
  }
  return *model.generation;
}

Sampling choose_sampling(const RunOptions& options, const ModelFile& model) {
  const bool has_values = options.temperature || options.top_p || options.top_k || options.min_p;
  if (has_values && options.sampling != SamplingMode::custom) {
    throw Error(ErrorKind::usage, "--temperature, --top-p, --top-k and --min-p set custom sampling",
                "add --sampling custom");
  }
  Sampling sampling;
  if (options.sampling == SamplingMode::model) {
    sampling = sampling_of_model(model);
  } else if (options.sampling == SamplingMode::custom) {
    sampling = custom_sampling(options);
  }
  sampling.seed = options.seed;
  if (sampling.greedy() && options.samples > 1) {
    throw Error(ErrorKind::usage,
                fmt::format("--samples {} under greedy decoding gives {} equal completions",
                            options.samples, options.samples),
                "add --sampling model, or --sampling custom --temperature 0.6 --top-p 0.95");
  }
  return sampling;
}

/// Reads the problems that were asked for; a dry run fetches none.
void read_problems(const TaskSpec& spec, bool dry_run, const Listener& listener,
                   PlannedTask* task) {
  const DatasetManifest& manifest = task->dataset->manifest;
  DatasetContent content;
  const Availability here = dataset_availability(manifest);
  if (dry_run && !here.available) {
    task->unfetched = here.why;
    content.sha256 = manifest.sha256;
  } else {
    content = read_dataset(*task->dataset, listener);
  }
  const std::int64_t available =
      task->unfetched.empty() ? std::ssize(content.problems) : manifest.n_problems;
  if (spec.first && *spec.first > available) {
    throw Error(
        ErrorKind::usage,
        fmt::format("{} has {} problems, {} were asked for", spec.name, available, *spec.first),
        fmt::format("limit={} takes at most that many", *spec.first));
  }
  task->n_problems =
      std::min({spec.first.value_or(available), spec.limit.value_or(available), available});
  if (task->unfetched.empty()) content.problems.resize(static_cast<std::size_t>(task->n_problems));
  task->problems = std::move(content.problems);
  task->dataset_sha256 = content.sha256;
}

PlannedTask plan_task(const TaskSpec& spec, const RunOptions& options, const ChainProfile& profile,
                      const Listener& listener) {
  PlannedTask task;
  task.dataset = value_or_throw(find_task(spec.name));
  task.eval = value_or_throw(find_eval(task.dataset->manifest.eval))->create();
  const std::vector<std::string> protocols = task.eval->protocols();
  task.prompt_options.thinking = profile.thinking;
  task.prompt_options.protocol = spec.protocol.empty() ? protocols.front() : spec.protocol;
  if (std::find(protocols.begin(), protocols.end(), task.prompt_options.protocol) ==
      protocols.end()) {
    throw unknown_name("protocol of " + spec.name, spec.protocol, protocols);
  }
  read_problems(spec, options.dry_run, listener, &task);
  // A dataset of short problems asks less of a model than its eval would.
  const DatasetManifest& manifest = task.dataset->manifest;
  const std::int64_t own =
      profile.thinking ? manifest.thinking_max_new_tokens : manifest.plain_max_new_tokens;
  task.max_new_tokens = options.max_new_tokens.value_or(
      own > 0 ? own : task.eval->default_max_new_tokens(profile.thinking));
  if (const std::optional<std::string> why = task.eval->unavailable()) task.skipped = *why;
  return task;
}

/// Of what is asked, where no local template says how the model reads it.
std::string prompt_sha256(const Prompt& prompt) {
  json messages = json::array();
  for (const Message& message : prompt.messages) {
    messages.push_back({message.role, message.content});
  }
  const json whole = {messages, prompt.raw, prompt.assistant_prefix};
  return sha256_hex(whole.dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string tokens_sha256(const std::vector<TokenId>& tokens) {
  Sha256 hash;
  hash.update(std::as_bytes(std::span(tokens)));
  return hash.hex();
}

/// The prompt as the local template and vocabulary write it; an endpoint may do without.
BuiltPrompt build_prompt(const RunPlan& plan, const Prompt& prompt) {
  if (plan.endpoint) value_or_throw(plan.endpoint->accepts(prompt));
  const bool has_template =
      plan.prompts && (prompt.messages.empty() || !plan.model.file->chat_template.empty());
  if (plan.endpoint && !has_template) return {};
  return value_or_throw(plan.prompts->build(prompt));
}

/// Encodes all prompts of a task; throws when a template cannot render one.
void add_samples(RunPlan& plan, std::size_t task_index, const Listener& listener) {
  const PlannedTask& task = plan.tasks[task_index];
  bool warned = false;
  for (std::size_t i = 0; i < task.problems.size(); ++i) {
    const Problem& problem = task.problems[i];
    Request request;
    request.problem_id = problem.id;
    request.prompt = task.eval->prompt(problem, task.prompt_options);
    request.sampling = plan.sampling;
    const BuiltPrompt built = build_prompt(plan, request.prompt);
    for (const std::string& warning : built.warnings) {
      if (!warned) listener.note(fmt::format("warning: {}: {}", problem.id, warning));
      warned = true;
    }
    for (std::int32_t sample = 0; sample < plan.options.samples; ++sample) {
      PlannedSample planned;
      planned.task = task_index;
      planned.problem = i;
      planned.request = request;
      planned.request.sample = sample;
      planned.prompt_tokens = built.ids;
      planned.prompt_sha256 =
          built.ids.empty() ? prompt_sha256(request.prompt) : tokens_sha256(built.ids);
      plan.samples.push_back(std::move(planned));
    }
  }
}

std::int64_t longest_prompt(const RunPlan& plan, std::size_t task) {
  std::int64_t longest = 0;
  for (const PlannedSample& sample : plan.samples) {
    if (sample.task == task) longest = std::max(longest, std::ssize(sample.prompt_tokens));
  }
  return longest;
}

/// The context of a sequence, and each task's budget within it. limit: what the model was made for,
/// or what a server says.
void fit_context(RunPlan& plan, std::int64_t limit, const Listener& listener) {
  std::int64_t needed = 1;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    if (!plan.tasks[i].skipped.empty()) continue;
    needed = std::max(needed, longest_prompt(plan, i) + plan.tasks[i].max_new_tokens);
  }
  if (plan.options.context && *plan.options.context > limit) {
    throw Error(ErrorKind::usage, fmt::format("--context {} is beyond the {} that {} was made for",
                                              *plan.options.context, limit, plan.model_name()));
  }
  const std::int64_t context = plan.options.context.value_or(std::min(needed, limit));
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    PlannedTask& task = plan.tasks[i];
    const std::int64_t prompt = longest_prompt(plan, i);
    const std::int64_t room = context - prompt;
    if (!task.skipped.empty() || task.max_new_tokens <= room) continue;
    const std::string& name = task.dataset->manifest.name;
    if (room < 1) {
      throw Error(ErrorKind::usage,
                  fmt::format("{}: its longest prompt has {} tokens, the context "
                              "{}",
                              name, prompt, context),
                  "raise --context, or leave the task out");
    }
    listener.note(
        fmt::format("{}: the budget is {} new tokens instead of {}: a context of {} "
                    "holds a prompt of {}",
                    name, room, task.max_new_tokens, context, prompt));
    task.max_new_tokens = room;
  }
  plan.session.max_context = context;
  const std::int64_t at_once = plan.endpoint ? plan.endpoint->concurrency() : plan.options.batch;
  plan.session.max_batch = std::clamp<std::int64_t>(std::ssize(plan.samples), 1, at_once);
}

json decoding_record(const RunPlan& plan) {
  const Sampling& s = plan.sampling;
  std::int64_t max_new_tokens = 0;
  for (const PlannedTask& task : plan.tasks) {
    max_new_tokens = std::max(max_new_tokens, task.max_new_tokens);
  }
  return {{"temperature", s.temperature},
          {"top_p", s.top_p},
          {"top_k", s.top_k},
          {"min_p", s.min_p},
          {"seed", s.seed},
          {"max_new_tokens", max_new_tokens},
          {"context", plan.session.max_context},
          {"batch", plan.session.max_batch},
          {"template_sha256",
           plan.prompts ? text_or_null(plan.prompts->template_sha256()) : json(nullptr)}};
}

json tasks_record(const RunPlan& plan) {
  json tasks = json::array();
  for (const PlannedTask& task : plan.tasks) {
    tasks.push_back({{"name", task.dataset->manifest.name},
                     {"protocol", task.prompt_options.protocol},
                     {"eval", task.dataset->manifest.eval},
                     {"dataset_sha256", task.dataset_sha256},
                     {"n_problems", task.n_problems},
                     {"n_problems_in_dataset", task.dataset->manifest.n_problems},
                     {"samples_per_problem", plan.options.samples},
                     {"max_new_tokens", task.max_new_tokens},
                     {"chain_profile", task.prompt_options.thinking ? "thinking" : "plain"},
                     {"skipped", text_or_null(task.skipped)}});
  }
  return tasks;
}

/// Keys name a completion by everything that determines it (but the backend: under `exact` another
/// one may go on with the run).
void set_keys(RunPlan& plan) {
  const json identity = {{"decoding", plan.record.at("decoding")},
                         {"numerics", plan.record.at("backend").at("numerics")},
                         {"kv_type", plan.record.at("identity").at("kv_type")}};
  json decoding = identity;
  for (const char* irrelevant : {"batch", "context"}) decoding["decoding"].erase(irrelevant);
  std::string model = plan.model.sha256;
  if (plan.endpoint) {  // a server has no file to name it by
    json server = plan.endpoint->identity();
    server.erase("server");
    model = server.dump();
  }
  for (PlannedSample& sample : plan.samples) {
    const PlannedTask& task = plan.tasks[sample.task];
    sample.request.max_new_tokens = task.max_new_tokens;
    sample.request.key =
        sha256_hex(fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}", model, sample.prompt_sha256,
                               task.dataset->manifest.name, sample.request.problem_id,
                               sample.request.sample, task.max_new_tokens, decoding.dump()))
            .substr(0, 32);
  }
}

void refuse_if_nothing_runs(const RunPlan& plan) {
  ASSAY_ASSERT(!plan.tasks.empty());
  for (const PlannedTask& task : plan.tasks) {
    if (task.skipped.empty()) return;
  }
  throw Error(ErrorKind::environment,
              fmt::format("{} cannot run here: {}", plan.tasks.front().dataset->manifest.name,
                          plan.tasks.front().skipped));
}

/// Tasks and their samples; prompts and profile are known.
void add_tasks(RunPlan& plan, const Listener& listener) {
  for (const TaskSpec& spec : plan.options.tasks) {
    plan.tasks.push_back(plan_task(spec, plan.options, plan.profile, listener));
  }
  refuse_if_nothing_runs(plan);
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    if (plan.tasks[i].skipped.empty()) {
      add_samples(plan, i, listener);
    } else {
      listener.note(fmt::format("skipping {}: {}", plan.tasks[i].dataset->manifest.name,
                                plan.tasks[i].skipped));
    }
  }
}

std::unique_ptr<PromptBuilder> make_prompts(const RunPlan& plan, const Tokenizer& tokenizer) {
  PromptBuilderOptions options;
  options.profile = plan.options.chain_profile;
  return std::make_unique<PromptBuilder>(
      value_or_throw(PromptBuilder::create(tokenizer, plan.model.file->chat_template, options)));
}

/// The profile of a run whose texts nothing here can encode.
ChainProfile profile_without_vocabulary(ProfileChoice choice, const EndpointFacts& facts) {
  ChainProfile profile;
  profile.thinking =
      choice == ProfileChoice::thinking || (choice == ProfileChoice::automatic && facts.thinks);
  return profile;
}

RunPlan make_endpoint_plan(const RunOptions& options, const Listener& listener) {
  RunPlan plan;
  plan.options = options;
  plan.model = open_vocabulary(options, listener);
  plan.sampling = choose_sampling(options, *plan.model.file);
  const Tokenizer* tokenizer = plan.model.tokenizer.get();
  if (tokenizer != nullptr) plan.prompts = make_prompts(plan, *tokenizer);
  plan.endpoint = open_endpoint(options, tokenizer, plan.prompts.get(),
                                !plan.model.file->chat_template.empty());
  EndpointFacts facts;
  if (!options.dry_run) {
    listener.note("reaching the endpoint");
    facts = value_or_throw(plan.endpoint->connect());
  }
  plan.profile = plan.prompts ? plan.prompts->profile()
                              : profile_without_vocabulary(options.chain_profile, facts);
  add_tasks(plan, listener);
  constexpr std::int64_t kNoLimit = std::int64_t{1} << 31;
  fit_context(plan, facts.context.value_or(kNoLimit), listener);
  // As natively: minutes for a large file, after all that refuses.
  if (plan.model.tokenizer) hash_model(&plan.model, listener);
  plan.record = endpoint_plan_record(plan, facts);
  plan.record["decoding"] = decoding_record(plan);
  plan.record["tasks"] = tasks_record(plan);
  set_keys(plan);
  return plan;
}

}  // namespace

Sampling custom_sampling(const RunOptions& options) {
  if (!options.temperature) {
    throw Error(ErrorKind::usage, "--sampling custom needs --temperature",
                "for example --temperature 0.6 --top-p 0.95");
  }
  Sampling sampling;
  sampling.temperature = *options.temperature;
  sampling.top_p = options.top_p.value_or(1);
  sampling.top_k = options.top_k.value_or(0);
  sampling.min_p = options.min_p.value_or(0);
  const auto checked = checked_sampling(sampling);
  if (checked) return *checked;
  std::string option = checked.error().field;
  std::replace(option.begin(), option.end(), '_', '-');
  throw Error(ErrorKind::usage, fmt::format("--{} {}", option, checked.error().problem));
}

RunPlan make_plan(const RunOptions& options, const Listener& listener) {
  if (options.dry_run && !options.model.empty()) require_model_here(options.model);
  if (is_endpoint(options.backend)) return make_endpoint_plan(options, listener);
  RunPlan plan;
  plan.options = options;
  plan.model = open_model(options.model, options.mirror, false, listener);
  const Tokenizer& tokenizer = require_tokenizer(plan.model);
  plan.sampling = choose_sampling(options, *plan.model.file);
  plan.device = open_device(options.backend, options.numerics, options.threads, *plan.model.file);
  plan.prompts = make_prompts(plan, tokenizer);
  plan.profile = plan.prompts->profile();
  add_tasks(plan, listener);
  fit_context(plan, plan.model.file->config.max_context, listener);
  plan.session.kv_type = default_kv_type(*plan.model.file);
  plan.memory = value_or_throw(fit_memory(*plan.model.file, *plan.device, &plan.session));
  if (plan.session.kv_pages > 0) {
    listener.note(
        fmt::format("the KV cache holds {} tokens, {} sequences of {} need {}: where they grow too "
                    "long together, some wait in host memory",
                    plan.session.kv_pages * kKvPageTokens, plan.session.max_batch,
                    plan.session.max_context, plan.session.max_batch * plan.session.max_context));
  }
  hash_model(&plan.model, listener);  // minutes for a large file: after all that refuses
  plan.record = plan_record(plan.model, options.backend, options.numerics, plan.device->info(),
                            plan.memory, plan.session.kv_type);
  plan.record["decoding"] = decoding_record(plan);
  plan.record["tasks"] = tasks_record(plan);
  set_keys(plan);
  return plan;
}

std::string RunPlan::model_name() const {
  if (!endpoint) return model.file->name;
  const json identity = endpoint->identity();
  const std::string served = json_text(identity, "model");
  // Some servers name a model by its path, which is nobody's business.
  return served.empty() ? model.file->name : served.substr(served.rfind('/') + 1);
}

std::int64_t RunPlan::max_generated_tokens() const {
  std::int64_t total = 0;
  for (const PlannedSample& sample : samples) total += sample.request.max_new_tokens;
  for (const PlannedTask& task : tasks) {
    if (!task.unfetched.empty()) total += task.n_problems * options.samples * task.max_new_tokens;
  }
  return total;
}

std::int64_t RunPlan::journal_bytes_bound() const {
  constexpr std::int64_t kBytesPerToken = 64;     // id, 32 hash digits, margin, text
  constexpr std::int64_t kBytesPerSample = 8192;  // keys, grade and chain records
  return max_generated_tokens() * kBytesPerToken + std::ssize(samples) * kBytesPerSample;
}

namespace {

std::string describe_device(const RunPlan& plan) {
  const ModelFile& model = *plan.model.file;
  const DeviceInfo device = plan.device->info();
  std::string text;
  text +=
      fmt::format("model    {} ({}, {}, {} parameters), {}\n", model.name, model.config.arch_name,
                  model.weight_type, model.parameters, format_bytes(model.file_bytes));
  text += fmt::format("backend  {} ({}, {} thread{}), numerics {}, semantics {}\n", device.backend,
                      device.isa, device.threads, device.threads == 1 ? "" : "s",
                      numerics_name(plan.options.numerics), device.semantics);
  text += fmt::format("memory   weights {} + KV {} + scratch {} = {}; {} free\n",
                      format_bytes(plan.memory.weights_bytes), format_bytes(plan.memory.kv_bytes),
                      format_bytes(plan.memory.scratch_bytes), format_bytes(plan.memory.total()),
                      format_bytes(plan.device->free_bytes()));
  return text;
}

}  // namespace

std::string describe_plan(const RunPlan& plan) {
  std::string text = plan.endpoint ? describe_endpoint_plan(plan) : describe_device(plan);
  text +=
      fmt::format("decoding {}, context {}, {} sequences at once, chain profile {}\n",
                  plan.sampling.greedy()
                      ? std::string("greedy")
                      : fmt::format("temperature {}, top-p {}, top-k {}, min-p {}, seed {}",
                                    plan.sampling.temperature, plan.sampling.top_p,
                                    plan.sampling.top_k, plan.sampling.min_p, plan.sampling.seed),
                  plan.session.max_context, plan.session.max_batch,
                  plan.profile.thinking ? "thinking" : "plain");
  std::int64_t completions = std::ssize(plan.samples);
  for (const PlannedTask& task : plan.tasks) {
    text += fmt::format(
        "task     {}: {} problems x {} samples, protocol {}, at most {} new tokens"
        "{}{}\n",
        task.dataset->manifest.name, task.n_problems, plan.options.samples,
        task.prompt_options.protocol, task.max_new_tokens,
        task.unfetched.empty() ? "" : "; to be fetched first: " + task.unfetched,
        task.skipped.empty() ? "" : "; skipped: " + task.skipped);
    if (!task.unfetched.empty()) completions += task.n_problems * plan.options.samples;
  }
  text += fmt::format("in all   {} completions, at most {} tokens\n", completions,
                      plan.max_generated_tokens());
  return text;
}

}  // namespace assay
