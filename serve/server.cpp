#include "serve/server.h"

#include <fmt/core.h>

#include <algorithm>
#include <memory>
#include <utility>

#include "core/clock.h"
#include "core/text.h"
#include "harness/engine.h"
#include "model/transformer/session.h"
#include "serve/service.h"

namespace assay::serve {
namespace {

AccessRules access_rules(const ServeOptions& options) {
  AccessRules rules;
  rules.token = value_or_throw(read_token(options.token_file));
  for (std::string name : options.allow_hosts) {
    std::transform(name.begin(), name.end(), name.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    rules.hosts.push_back(std::move(name));
  }
  if (!is_address(options.host)) {
    throw Error(ErrorKind::usage,
                fmt::format("--host '{}' is no IP address", name_for_message(options.host)),
                "give 127.0.0.1, ::1, 0.0.0.0 or an address of this machine");
  }
  if (!is_loopback(options.host) && rules.token.empty()) {
    throw Error(
        ErrorKind::usage,
        fmt::format("--host {} lets other machines in, and there is no token", options.host),
        "add --token-file FILE or set ASSAY_SERVE_TOKEN, or keep 127.0.0.1");
  }
  return rules;
}

SessionOptions session_options(const ServeOptions& options, const ModelFile& model) {
  SessionOptions session;
  const std::int64_t limit = model.config.max_context;
  if (options.context && *options.context > limit) {
    throw Error(ErrorKind::usage, fmt::format("--context {} is beyond the {} that {} was made for",
                                              *options.context, limit, model.name));
  }
  session.max_context = options.context.value_or(std::min(limit, kDefaultContext));
  session.max_batch = options.batch;
  session.kv_type = default_kv_type(model);
  return session;
}

/// The running server: what stops it, and how.
class Supervisor {
 public:
  Supervisor(const ServeOptions& options, const Listener& listener, HttpServer& server,
             Service& service, Engine& engine)
      : options_(options),
        listener_(listener),
        server_(server),
        service_(service),
        engine_(engine) {}

  /// Called about ten times a second.
  void tick() {
    if (engine_.failure()) return server_.stop();
    if (!listener_.cancelled()) return;
    const double now = now_seconds();
    if (draining_since_ == 0) {
      draining_since_ = now;
      service_.drain();
      server_.drain();
      if (server_.open_exchanges() > 0) {
        const std::size_t n = server_.open_exchanges();
        listener_.note(fmt::format("stopping: {} {} {} to finish", n,
                                   n == 1 ? "request has" : "requests have",
                                   format_duration(options_.grace_seconds)));
      }
    }
    constexpr double kSecondsToSayGoodbye = 1;
    const double over = now - draining_since_ - options_.grace_seconds;
    if (server_.open_exchanges() == 0 || over > kSecondsToSayGoodbye) return server_.stop();
    if (over > 0 && !cut_) {
      cut_ = true;
      service_.cut_all();
    }
  }

  bool cut() const { return cut_; }

 private:
  const ServeOptions& options_;
  const Listener& listener_;
  HttpServer& server_;
  Service& service_;
  Engine& engine_;
  double draining_since_ = 0;
  bool cut_ = false;
};

}  // namespace

bool serve(const ServeOptions& options, const Listener& listener,
           const std::function<void(const std::string& url)>& listening) {
  AccessRules access = access_rules(options);
  const LoadedModel model = open_model(options.model, options.mirror, false, listener);
  const Tokenizer& tokenizer = require_tokenizer(model);
  PromptBuilderOptions prompt_options;
  prompt_options.profile = options.chain_profile;
  const PromptBuilder prompts =
      value_or_throw(PromptBuilder::create(tokenizer, model.file->chat_template, prompt_options));
  value_or_throw(prompts.check_template());
  const ConversationTemplate conversations =
      value_or_throw(ConversationTemplate::compile(model.file->chat_template));
  std::unique_ptr<Device> device =
      open_device(options.backend, options.numerics, options.threads, *model.file);
  SessionOptions session_plan = session_options(options, *model.file);
  (void)value_or_throw(fit_memory(*model.file, *device, &session_plan));
  const std::unique_ptr<Session> session =
      value_or_throw(make_session(model.file, std::move(device), session_plan));

  JobContext context;
  context.tokenizer = &tokenizer;
  context.profile = prompts.profile();
  context.tool_form = tool_form(model.file->chat_template);
  context.vocab = static_cast<std::size_t>(model.file->config.vocab);
  for (TokenId id = 0; id < tokenizer.vocab_size(); ++id) {
    context.longest_token = std::max(context.longest_token, tokenizer.token_bytes(id).size());
  }
  const grammar::TokenTable tokens(tokenizer, context.vocab);
  context.tokens = &tokens;
  context.model = model.file->name;
  context.fingerprint =
      fmt::format("assay-{}-{}", options.backend.name, numerics_name(options.numerics));
  Engine engine(*session, tokenizer, {prompts.profile(), options.batch, options.queue});
  ServiceOptions service_options;
  service_options.access = std::move(access);
  service_options.limits = options.limits;
  service_options.request_seconds = options.request_seconds;
  if (options.chain_profile != ProfileChoice::automatic) {
    service_options.enable_thinking = options.chain_profile == ProfileChoice::thinking;
  }
  service_options.max_context = session_plan.max_context;
  Service service(context, prompts, conversations, engine, std::move(service_options));

  HttpHandlers handlers;
  handlers.check = [&](const HttpRequest& head) { return service.check(head); };
  handlers.handle = [&](HttpRequest request, std::shared_ptr<Exchange> exchange) {
    service.handle(std::move(request), std::move(exchange));
  };
  handlers.refuse = [](int status, const std::string& why) {
    return error_response({status, why, "", ""});
  };
  const std::unique_ptr<HttpServer> server =
      value_or_throw(HttpServer::listen(options.host, options.port, options.http, handlers));
  Supervisor supervisor(options, listener, *server, service, engine);
  const bool v6 = options.host.find(':') != std::string::npos;
  listening(
      fmt::format("http://{}{}{}:{}", v6 ? "[" : "", options.host, v6 ? "]" : "", server->port()));
  server->run([&] { supervisor.tick(); });
  // Both use the server's exchanges: they end before it does.
  service.stop_preparing();
  engine.stop();
  if (const std::optional<Error> failure = engine.failure()) throw *failure;
  return !supervisor.cut();
}

}  // namespace assay::serve
