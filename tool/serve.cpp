// `assay serve`: a native backend behind an OpenAI-compatible API.
#include "serve/server.h"

#include <fmt/core.h>

#include "core/error.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct ServeFlags {
  ModelFlags model;
  BackendFlags backend;
  serve::ServeOptions options;
  std::string profile = "auto";
};

int serve_command(const ServeFlags& flags) {
  serve::ServeOptions options = flags.options;
  options.model = flags.model.model;
  options.mirror = flags.model.mirror;
  options.backend = flags.backend.spec();
  options.numerics = flags.backend.policy();
  options.threads = flags.backend.threads;
  options.chain_profile = flags.profile == "thinking" ? ProfileChoice::thinking
                          : flags.profile == "plain"  ? ProfileChoice::plain
                                                      : ProfileChoice::automatic;
  TerminalListener terminal;
  const Listener listener = terminal.listener();
  const bool finished = serve::serve(options, listener, [&](const std::string& url) {
    listener.note(fmt::format("serving {}; stop with Ctrl-C", options.model));
    print(url + "/v1\n");
  });
  if (!finished) {
    throw Error(ErrorKind::interrupted, "interrupted: requests that still ran were cut",
                "a longer --grace lets them finish");
  }
  return 0;
}

void add_options(CLI::App& command, ServeFlags& flags) {
  serve::ServeOptions& o = flags.options;
  flags.model.add_to(command);
  flags.backend.add_to(command);
  command.add_option("--host", o.host, "Address to listen on; others than loopback need a token")
      ->capture_default_str();
  command.add_option("--port", o.port, "Port (0: any free one)")->capture_default_str();
  command.add_option("--token-file", o.token_file,
                     "File with the token that clients must send (or ASSAY_SERVE_TOKEN)");
  command.add_option("--allow-host", o.allow_hosts,
                     "Names that clients may call this server by, beside addresses and localhost");
  command
      .add_option("--context", o.context,
                  "Tokens of one request, prompt and answer (default: the model's, at most 4096)")
      ->check(CLI::Range(2, 1 << 24));
  command.add_option("--batch", o.batch, "Completions computed at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 4096));
  command.add_option("--queue", o.queue, "Completions that may wait; beyond it clients get 429")
      ->capture_default_str()
      ->check(CLI::Range(1, 1 << 20));
  command.add_option("--connections", o.http.connections, "Connections at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 60000));
  command.add_option("--body-bytes", o.http.body_bytes, "Longest body of a request")
      ->capture_default_str()
      ->check(CLI::Range(1024, 1 << 30));
  command
      .add_option("--request-seconds", o.request_seconds,
                  "Time of one request, waiting included; beyond it clients get 504")
      ->capture_default_str()
      ->check(CLI::Range(0.1, 1e6));
  command.add_option("--grace", o.grace_seconds, "Seconds to finish what runs when stopped")
      ->capture_default_str()
      ->check(CLI::Range(0.0, 1e6));
  command
      .add_option("--chain-profile", flags.profile,
                  "auto, thinking (a chain between think tags) or plain")
      ->capture_default_str()
      ->check(CLI::IsMember({"auto", "thinking", "plain"}));
}

}  // namespace

void add_serve_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<ServeFlags>();
  CLI::App* command = app.add_subcommand("serve", "Serve a model through an OpenAI-compatible API");
  add_options(*command, *flags);
  command->footer(
      "Examples:\n"
      "  assay serve --model smollm2-135m\n"
      "  curl http://127.0.0.1:8000/v1/chat/completions -H 'Content-Type: application/json' \\\n"
      "       -d '{\"messages\": [{\"role\": \"user\", \"content\": \"2 + 2?\"}], \"temperature\": "
      "0}'\n"
      "  curl -N http://127.0.0.1:8000/v1/completions -H 'Content-Type: application/json' \\\n"
      "       -d '{\"prompt\": \"Once\", \"max_tokens\": 32, \"stream\": true}'\n"
      "  assay serve --model m.gguf --host 0.0.0.0 --token-file token --allow-host my-board\n"
      "Routes: /v1/chat/completions, /v1/completions, /v1/models, /tokenize, /detokenize,\n"
      "/tokenizer_info, /health.\n"
      "Prints its address when it takes requests. docs/serve.md has the fields.");
  command->callback([flags, &action] { action = [flags] { return serve_command(*flags); }; });
}

}  // namespace assay::tool
