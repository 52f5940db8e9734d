// Reaching a server: which it is, which models it has, and what it is asked before a run.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "backends/http/probes.h"
#include "core/json_access.h"
#include "core/text.h"

namespace assay::http {
namespace {

using nlohmann::json;

constexpr std::size_t kShownModels = 20;
constexpr std::int64_t kHelloTokens = 16;

struct ListedModel {
  std::string id;
  std::string owner;
  std::optional<std::int64_t> context;
};

Error unreachable(const Options& options, const Failure& failure, long status) {
  std::string hint = "check the URL, and that the server runs";
  if (failure.error_class == "connect") {
    hint = "is the server running there? check host and port; http_proxy and no_proxy count too";
  } else if (failure.error_class == "tls") {
    hint = "add ca=FILE with the certificate that signed the server's, or correct the URL's host";
  } else if (failure.error_class == "timeout") {
    hint = "check host and port, or raise connect-timeout";
  } else if (status == 401 || status == 403) {
    hint = options.key.empty() && options.url.user.empty()
               ? "it asks for a key: add key-env=VARIABLE or key-file=PATH"
               : "the key is not accepted there: check it, and that it is meant for this server";
  } else if (status == 404) {
    hint = options.url.path.empty() ? "OpenAI's API usually begins below /v1: add it to url"
                                    : "check the path of url, and model=NAME";
  }
  if (status == 503) hint = "it may be loading its model: try again in a minute";
  return {ErrorKind::environment, "endpoint: " + options.secrets.scrub(failure.text), hint};
}

std::vector<ListedModel> read_models(const std::string& body) {
  std::vector<ListedModel> out;
  const Result<json> document = parse_json(body);
  if (!document) return out;
  const json& list = document->is_array() ? *document : json_list(*document, "data");
  for (const json& item : list) {
    ListedModel model{json_text(item, "id"), json_text(item, "owned_by"), std::nullopt};
    for (const char* name : {"max_model_len", "context_length", "context"}) {
      if (!model.context) model.context = json_integer(item, name);
    }
    if (!model.id.empty()) out.push_back(std::move(model));
  }
  return out;
}

Result<ListedModel> choose_model(const std::string& wanted, const std::vector<ListedModel>& all) {
  std::vector<std::string> names;
  for (const ListedModel& model : all) {
    if (names.size() < kShownModels) names.push_back(name_for_message(model.id));
    // Ollama lists "name:latest" for "name".
    if (!wanted.empty() && (model.id == wanted || model.id == wanted + ":latest")) {
      ListedModel chosen = model;
      chosen.id = wanted;
      return chosen;
    }
  }
  if (wanted.empty() && all.size() == 1) return all.front();
  const std::string list =
      fmt::format("it has {}{}", fmt::join(names, ", "), all.size() > names.size() ? ", ..." : "");
  if (wanted.empty() && all.empty()) {
    return env_failure("endpoint: the server lists no model", "add model=NAME");
  }
  if (wanted.empty()) {
    return env_failure("endpoint: the server has several models", "add model=NAME; " + list);
  }
  // A server that lists nothing may still know the name.
  if (all.empty()) return ListedModel{wanted, {}, std::nullopt};
  return env_failure(
      fmt::format("endpoint: the server has no model '{}'", name_for_message(wanted)), list);
}

/// A small JSON object from beside the API's root; null when there is none.
json ask_root(const Options& options, const std::string& path) {
  const Answer answer = ask(options, root_url(options, path), {}, kAskTimeout_s);
  if (answer.failure) return {};
  return parse_json(answer.body).value_or(json());
}

/// Who the server is, by what it says of itself. `context`: positions of one sequence.
std::string recognise(const Options& options, const ListedModel& model,
                      const std::string& server_header, std::optional<std::int64_t>* context) {
  if (model.owner == "assay" || server_header.starts_with("assay")) return "assay";
  if (model.owner == "vllm") return "vllm";
  const json props = ask_root(options, "/props");
  const json& settings = json_member(props, "default_generation_settings");
  if (const auto n_ctx = json_integer(settings, "n_ctx")) *context = n_ctx;
  if (settings.is_object() || server_header.starts_with("llama.cpp")) return "llama.cpp";
  if (!json_text(ask_root(options, "/api/version"), "version").empty()) return "ollama";
  if (server_header.starts_with("BaseHTTP/")) return "mlx";
  return {};
}

}  // namespace

json finding(const std::string& verdict, const std::string& why, const std::string& warning) {
  const auto text_or_null = [](const std::string& text) {
    return text.empty() ? json() : json(text);
  };
  return {{"verdict", verdict}, {"why", text_or_null(why)}, {"warning", text_or_null(warning)}};
}

Prompt question(const HttpEndpoint& endpoint, const std::string& text) {
  Prompt prompt;
  if (endpoint.options().api == Api::chat || endpoint.vocabulary().render) {
    prompt.messages = {{"user", text}};
  } else {
    prompt.raw = text;
  }
  return prompt;
}

Result<EndpointFacts> HttpEndpoint::connect() {
  const Answer answer = ask(options_, api_url(options_, "models"), {}, kAskTimeout_s);
  const bool no_list = answer.failure && answer.status == 404 && !options_.model.empty();
  if (answer.failure && !no_list) {
    return tl::unexpected(unreachable(options_, *answer.failure, answer.status));
  }
  std::vector<ListedModel> models = no_list ? std::vector<ListedModel>{} : read_models(answer.body);
  const Result<ListedModel> model = choose_model(options_.model, models);
  if (!model) return tl::unexpected(model.error());
  facts_.model = model->id;
  facts_.context = model->context;
  facts_.server = recognise(options_, *model, answer.server_header, &facts_.context);
  dialect_ = dialect_of(options_, facts_, false);
  // The first answer shows that the model loads and how it speaks.
  const EndpointCompletion hello =
      complete(question(*this, "What is 2 + 2?"), Sampling{}, 0, kHelloTokens, nullptr);
  if (hello.stop == StopReason::error) {
    return env_failure(fmt::format("endpoint: model '{}' gives no completion: {}",
                                   name_for_message(facts_.model), hello.error),
                       "the server's own log may say more");
  }
  facts_.thinks = hello.text.find("<think>") != std::string::npos;
  return facts_;
}

std::vector<std::string> HttpEndpoint::planned_probes() const {
  if (options_.probe == ProbeMode::off) return {};
  std::vector<std::string> out = {
      "template: token ids or counts of a prompt, ours and theirs",
      "seed: the same one twice, two others",
      "repeatability: one greedy text cold, warm, after another prompt, beside others",
      "stop: whether a stop string ends the text and stays out of it"};
  if (options_.probe == ProbeMode::full) {
    out.emplace_back("context: a code word at the beginning of a prompt as long as the run's");
  }
  return out;
}

Result<json> HttpEndpoint::probe(const EndpointNeeds& needs,
                                 const std::function<void(const std::string&)>& tell,
                                 const std::function<bool()>& cancelled) {
  struct Step {
    const char* name;
    json (*run)(const ProbeContext&);
    bool wanted;
  };
  const bool any = options_.probe != ProbeMode::off;
  const Step steps[] = {{"template", probe_template, any},
                        {"seed", probe_seed, any},
                        {"repeatability", probe_repeatability, any},
                        {"stop", probe_stop, any},
                        {"context", probe_context, options_.probe == ProbeMode::full}};
  json out = json::object();
  const ProbeContext context{*this, needs, cancelled};
  for (const Step& step : steps) {
    if (!step.wanted) {
      out[step.name] = finding("not checked", any ? "probe=quick" : "probe=off");
      continue;
    }
    if (cancelled && cancelled()) break;
    tell(step.name);
    prepare(needs);
    out[step.name] = step.run(context);
  }
  prepare(needs);
  return out;
}

}  // namespace assay::http
