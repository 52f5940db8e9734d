#include "backends/http/options.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <iterator>

#include "core/net/curl.h"

namespace assay::http {
namespace {

constexpr std::size_t kMaxKeyBytes = 16384;

using Setter = std::function<Result<void>(const std::string& value, Options* out)>;

tl::unexpected<Error> bad_value(const std::string& name, const std::string& known) {
  // The value is not repeated: it may be a secret in the wrong place.
  return failure(ErrorKind::usage, fmt::format("backend http: the value of {} is not known", name),
                 "known: " + known);
}

template <class T>
Setter choice(const std::string& name, T Options::*field,
              std::vector<std::pair<std::string, T>> values) {
  return [name, field, values = std::move(values)](const std::string& value,
                                                   Options* out) -> Result<void> {
    std::string known;
    for (const auto& [word, meaning] : values) {
      if (word == value) {
        out->*field = meaning;
        return {};
      }
      known += (known.empty() ? "" : ", ") + word;
    }
    return bad_value(name, known);
  };
}

Setter seconds(const std::string& name, double Options::*field) {
  return [name, field](const std::string& value, Options* out) -> Result<void> {
    char* end = nullptr;
    const double number = std::strtod(value.c_str(), &end);
    if (end == value.c_str() || *end != '\0' || !(number >= 0) || number > 1e7) {
      return bad_value(name, "seconds from 0 to 10000000");
    }
    out->*field = number;
    return {};
  };
}

Setter count(const std::string& name, std::int64_t Options::*field, std::int64_t least,
             std::int64_t most) {
  return [=](const std::string& value, Options* out) -> Result<void> {
    char* end = nullptr;
    const std::int64_t number = std::strtoll(value.c_str(), &end, 10);
    if (end == value.c_str() || *end != '\0' || number < least || number > most) {
      return bad_value(name, fmt::format("{} to {}", least, most));
    }
    out->*field = number;
    return {};
  };
}

Result<void> set_url(const std::string& value, Options* out) {
  const std::optional<net::Url> url = net::parse_http_url(value);
  if (!url) {
    return failure(ErrorKind::usage, "backend http: url is no http or https URL",
                   "write --backend http:url=http://127.0.0.1:8000/v1");
  }
  out->url = *url;
  out->shown["url"] = net::display_url(url->text);
  out->secrets.add(url->password);
  if (!url->password.empty()) out->secrets.add(base64(url->user + ":" + url->password));
  // A query may hold a key; the whole of it is nobody's business.
  if (const std::size_t query = url->text.find('?'); query != std::string::npos) {
    out->secrets.add(url->text.substr(query + 1));
  }
  return {};
}

/// A key is one line of visible characters: anything else would break out of its header.
Result<void> set_key(std::string key, const std::string& from, Options* out) {
  key = std::string(net::trim(key));
  if (key.empty()) return env_failure(from + " holds no key", "put the key there, or leave it out");
  const bool visible =
      std::all_of(key.begin(), key.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F; });
  if (!visible || key.size() > kMaxKeyBytes) {
    return env_failure(
        from + " does not hold a key: it has blanks, line ends or control characters",
        "put the key alone there, on one line");
  }
  out->key = key;
  out->secrets.add(std::move(key));
  return {};
}

Result<void> key_from_environment(const std::string& name, Options* out) {
  const bool is_name =
      std::all_of(name.begin(), name.end(),
                  [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; }) &&
      name.size() <= 64;
  if (!is_name) {
    return failure(ErrorKind::usage, "backend http: key-env is the name of a variable, not a key",
                   "export OPENAI_API_KEY=... and write key-env=OPENAI_API_KEY");
  }
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) {
    // The name may be a key that was pasted into the wrong place.
    return env_failure("backend http: the variable that key-env names is not set",
                       "export it, or leave key-env out for a server without a key");
  }
  return set_key(value, "the variable that key-env names", out);
}

Result<void> key_from_file(const std::string& path, Options* out) {
  out->shown["key-file"] = "given";
  std::ifstream in(path, std::ios::binary);
  if (!in) return env_failure("backend http: cannot read the key-file");
  std::string text(kMaxKeyBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  return set_key(std::move(text), "the key-file", out);
}

struct Option {
  BackendOptionDoc doc;
  Setter set;
};

const std::vector<Option>& all_options() {
  static const std::vector<Option> all = {
      {{"url", "http://HOST:PORT/v1", "root of the API; required"}, set_url},
      {{"model", "NAME", "as the server calls it (default: its only one)"},
       [](const std::string& value, Options* out) -> Result<void> {
         out->model = value;
         return {};
       }},
      {{"api", "chat|completions", "messages, or text after our own template (needs --model)"},
       choice<Api>("api", &Options::api, {{"chat", Api::chat}, {"completions", Api::completions}})},
      {{"concurrency", "N", "requests at once (default: --batch)"},
       count("concurrency", &Options::concurrency, 1, 4096)},
      {{"key-env", "VARIABLE", "environment variable that holds the API key"},
       key_from_environment},
      {{"key-file", "PATH", "file that holds the API key"}, key_from_file},
      {{"ca", "FILE", "certificates to trust (PEM) instead of the system's"},
       [](const std::string& value, Options* out) -> Result<void> {
         out->ca = value;
         return {};
       }},
      {{"stream", "on|off", "off: one answer in one piece; no time to the first token"},
       choice<bool>("stream", &Options::stream, {{"on", true}, {"off", false}})},
      {{"prompt", "auto|ids|text", "what api=completions sends: token ids, or text"},
       choice<PromptForm>("prompt", &Options::prompt,
                          {{"auto", PromptForm::automatic},
                           {"ids", PromptForm::ids},
                           {"text", PromptForm::text}})},
      {{"fields", "auto|all|openai", "whether top_k and min_p are sent beside OpenAI's own"},
       choice<Fields>(
           "fields", &Options::fields,
           {{"auto", Fields::automatic}, {"all", Fields::all}, {"openai", Fields::openai}})},
      {{"cache", "off|on", "on: the server may reuse prompts it has seen (llama.cpp)"},
       choice<bool>("cache", &Options::cache, {{"off", false}, {"on", true}})},
      {{"probe", "full|quick|off", "what is asked before a run; quick: no long prompt"},
       choice<ProbeMode>(
           "probe", &Options::probe,
           {{"full", ProbeMode::full}, {"quick", ProbeMode::quick}, {"off", ProbeMode::off}})},
      {{"retries", "N", "further attempts after 429, 5xx, timeouts and lost connections (4)"},
       count("retries", &Options::retries, 0, 100)},
      {{"retry-pause", "SECONDS", "before the first retry; doubles, with jitter (0.5)"},
       seconds("retry-pause", &Options::retry_pause_s)},
      {{"connect-timeout", "SECONDS", "(10)"},
       seconds("connect-timeout", &Options::connect_timeout_s)},
      {{"first-token-timeout", "SECONDS", "from the request to the first text; 0: none (600)"},
       seconds("first-token-timeout", &Options::first_token_timeout_s)},
      {{"idle-timeout", "SECONDS", "between two pieces of text; 0: none (120)"},
       seconds("idle-timeout", &Options::idle_timeout_s)},
      {{"total-timeout", "SECONDS", "of one request; 0: none (7200)"},
       seconds("total-timeout", &Options::total_timeout_s)},
  };
  return all;
}

}  // namespace

std::string api_url(const Options& options, const std::string& name) {
  return net::with_path(options.url.text, options.url.path + "/" + name);
}

std::string root_url(const Options& options, const std::string& path) {
  std::string base = options.url.path;
  if (base.ends_with("/v1")) base.resize(base.size() - 3);
  return net::with_path(options.url.text, base + path);
}

const std::vector<BackendOptionDoc>& option_docs() {
  static const std::vector<BackendOptionDoc> docs = [] {
    std::vector<BackendOptionDoc> out;
    for (const Option& option : all_options()) out.push_back(option.doc);
    return out;
  }();
  return docs;
}

Result<Options> parse_options(const std::map<std::string, std::string>& given,
                              std::int64_t default_concurrency) {
  Options out;
  out.concurrency = default_concurrency;
  std::vector<std::string> known;
  for (const Option& option : all_options()) known.push_back(option.doc.name);
  for (const auto& entry : given) {
    const std::string& name = entry.first;
    const std::string& value = entry.second;
    const auto option = std::find_if(all_options().begin(), all_options().end(),
                                     [&](const Option& it) { return it.doc.name == name; });
    if (option == all_options().end()) {
      return failure(ErrorKind::usage, fmt::format("backend http has no option '{}'", name),
                     fmt::format("known: {}", fmt::join(known, ", ")));
    }
    out.shown[name] = value;
    if (Result<void> set = option->set(value, &out); !set) return tl::unexpected(set.error());
  }
  if (out.url.text.empty()) {
    return failure(ErrorKind::usage, "backend http needs the server's URL",
                   "write --backend http:url=http://127.0.0.1:8000/v1");
  }
  if (given.contains("key-env") && given.contains("key-file")) {
    return failure(ErrorKind::usage, "backend http: key-env and key-file both name a key",
                   "give one of them");
  }
  return out;
}

}  // namespace assay::http
