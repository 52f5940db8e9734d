#include "harness/bench.h"

#include <fmt/core.h>

#include <algorithm>
#include <charconv>
#include <nlohmann/json.hpp>
#include <random>

#include "core/clock.h"
#include "core/numerics/sampler.h"
#include "harness/engine.h"
#include "harness/records.h"
#include "model/transformer/session.h"

namespace assay {
namespace {

using nlohmann::json;

/// One measured row: which tokens are timed, after how many that are not.
struct Row {
  std::string phase;
  std::int64_t tokens = 0;
  std::int64_t depth = 0;
  std::int64_t batch = 1;
  std::int64_t prompt = 0;  ///< of a scenario
};

/// "512", "1k" (1024), "2k".
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  const std::string_view rest(parsed.ptr, text.data() + text.size());
  if (parsed.ec != std::errc() || value < 1 || (!rest.empty() && rest != "k")) return std::nullopt;
  return rest == "k" ? value * 1024 : value;
}

std::vector<Row> rows_of(const BenchOptions& options) {
  std::vector<Row> rows;
  for (const std::int64_t depth : options.depths) {
    for (const std::int64_t tokens : options.prefill) rows.push_back({"prefill", tokens, depth});
    for (const std::int64_t tokens : options.decode) {
      for (const std::int64_t batch : options.batches) {
        rows.push_back({"decode", tokens, depth, batch});
      }
    }
  }
  for (const Scenario& scenario : options.scenarios) {
    rows.push_back({"scenario", scenario.output, 0, 1, scenario.prompt});
  }
  return rows;
}

class Bench {
 public:
  Bench(Session& session, const ModelFile& model)
      : session_(session), model_(model), vocab_(session.config().vocab) {}

  /// Seconds of one repetition, from the one clock.
  double run(const Row& row) {
    if (row.phase == "decode") return run_decode(row);
    const SequenceId sequence = at_depth(row.depth);
    std::vector<float> logits(static_cast<std::size_t>(vocab_));
    const std::vector<TokenId> prompt =
        random_tokens(row.phase == "scenario" ? row.prompt : row.tokens);
    const double start = now_seconds();
    session_.prefill(sequence, prompt, false, logits);
    if (row.phase == "scenario") {
      for (std::int64_t i = 0; i < row.tokens; ++i) decode_step({sequence});
    }
    const double seconds = now_seconds() - start;
    session_.close(sequence);
    return seconds;
  }

  /// Weights and KV read while the row's timed part runs.
  double bytes_read(const Row& row) const {
    const auto weights = static_cast<double>(weights_read_bytes(model_));
    const ModelConfig& c = session_.config();
    const auto kv_token = static_cast<double>(2 * c.n_layers * c.n_kv_heads * c.head_dim *
                                              (session_.kv_type() == KvType::f16 ? 2 : 4));
    const auto tokens = static_cast<double>(row.tokens);
    const auto depth = static_cast<double>(row.depth + row.prompt);
    if (row.phase == "prefill") {
      const std::int64_t chunk = session_.prefill_chunk();
      const std::int64_t chunks = (row.tokens + chunk - 1) / chunk;
      return weights * static_cast<double>(chunks);
    }
    const double kv = kv_token * static_cast<double>(row.batch) * tokens * (depth + tokens / 2);
    return weights * tokens + kv;
  }

 private:
  std::vector<TokenId> random_tokens(std::int64_t n) {
    std::vector<TokenId> tokens(static_cast<std::size_t>(n));
    for (TokenId& token : tokens) token = static_cast<TokenId>(random_() % vocab_);
    return tokens;
  }

  SequenceId at_depth(std::int64_t depth) {
    const SequenceId sequence = session_.open();
    if (depth > 0) {
      std::vector<float> logits(static_cast<std::size_t>(vocab_));
      session_.prefill(sequence, random_tokens(depth), false, logits);
    }
    return sequence;
  }

  void decode_step(const std::vector<SequenceId>& sequences) {
    std::vector<DecodeItem> items;
    items.reserve(sequences.size());
    for (const SequenceId sequence : sequences) {
      items.push_back({sequence, static_cast<TokenId>(random_() % vocab_)});
    }
    // What a run does but the hash: the next tokens are drawn, greedily, and thrown away.
    const std::vector<numerics::DrawRequest> draws(
        items.size(), numerics::DrawRequest{.sampling = {}, .hash_logits = false});
    drawn_.resize(items.size());
    session_.decode_and_draw(items, draws, drawn_);
  }

  double run_decode(const Row& row) {
    std::vector<SequenceId> sequences;
    sequences.reserve(static_cast<std::size_t>(row.batch));
    for (std::int64_t i = 0; i < row.batch; ++i) sequences.push_back(at_depth(row.depth));
    const double start = now_seconds();
    for (std::int64_t i = 0; i < row.tokens; ++i) decode_step(sequences);
    const double seconds = now_seconds() - start;
    for (const SequenceId sequence : sequences) session_.close(sequence);
    return seconds;
  }

  Session& session_;
  const ModelFile& model_;
  std::int64_t vocab_;
  std::mt19937_64 random_{20260101};  // seeded: the same tokens in every build
  std::vector<numerics::Drawn> drawn_;
};

SessionOptions session_options(const BenchOptions& options, const ModelFile& model) {
  SessionOptions session;
  session.kv_type = default_kv_type(model);
  std::int64_t longest = 1;
  for (const Row& row : rows_of(options)) {
    longest = std::max(longest, row.depth + row.prompt + row.tokens);
    session.max_batch = std::max(session.max_batch, row.batch);
  }
  session.max_context = longest;
  return session;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const std::size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

json bench_record(const Row& row, const std::vector<double>& seconds, double bytes,
                  double bandwidth) {
  const auto tokens = static_cast<double>(row.tokens * row.batch);
  std::vector<double> rates;
  rates.reserve(seconds.size());
  for (const double s : seconds) rates.push_back(tokens / s);
  const double gb_per_s = bytes / median(seconds) / 1e9;
  json record = {{"type", "bench"},
                 {"phase", row.phase},
                 {"tokens", row.tokens},
                 {"depth", row.depth},
                 {"batch", row.batch},
                 {"tokens_per_s", median(rates)},
                 {"tokens_per_s_runs", rates},
                 {"gb_per_s", gb_per_s},
                 {"bandwidth_gb_per_s", bandwidth},
                 {"roofline_fraction", bandwidth > 0 ? json(gb_per_s / bandwidth) : json(nullptr)}};
  if (row.phase == "scenario") {
    record["prompt_tokens"] = row.prompt;
    record["seconds"] = median(seconds);
  }
  return record;
}

}  // namespace

Result<Scenario> parse_scenario(const std::string& text) {
  const std::size_t plus = text.find('+');
  const auto prompt = parse_count(std::string_view(text).substr(0, plus));
  const auto output = plus == std::string::npos
                          ? std::nullopt
                          : parse_count(std::string_view(text).substr(plus + 1));
  if (!prompt || !output) {
    return failure(ErrorKind::usage, fmt::format("'{}' is not a scenario", text),
                   "write PROMPT+OUTPUT in tokens, for example 1k+1k or 512+128");
  }
  return Scenario{*prompt, *output};
}

std::vector<json> run_bench(const BenchOptions& options, const Listener& listener) {
  const LoadedModel model = open_model(options.model, options.mirror, true, listener);
  std::unique_ptr<Device> device =
      open_device(options.backend, options.numerics, options.threads, *model.file);
  const std::unique_ptr<Session> session = value_or_throw(
      make_session(model.file, std::move(device), session_options(options, *model.file)));
  const DeviceInfo info = session->device_info();
  std::vector<json> records = {plan_record(model, options.backend, options.numerics, info,
                                           session->memory(), session->kv_type())};
  add_ceilings(*session, *model.file, &records.front());
  UsageMeter usage;
  usage.watch(*session);
  add_gpu(*session, &records.front());
  Bench bench(*session, *model.file);
  const std::vector<Row> rows = rows_of(options);
  RunTotals totals;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const Row& row = rows[i];
    // Beside each row: on shared machines the bandwidth itself moves.
    const double bandwidth = measure_bandwidth(*session, *model.file);
    std::vector<double> seconds;
    for (int repeat = 0; repeat <= options.repeat; ++repeat) {
      throw_if_cancelled(listener, "no row is kept of a bench that did not end");
      listener.progress(
          {fmt::format("{} {} at depth {}, batch {}", row.phase, row.tokens, row.depth, row.batch),
           static_cast<std::int64_t>(i) * (options.repeat + 1) + repeat,
           static_cast<std::int64_t>(rows.size()) * (options.repeat + 1), false, ""});
      const double elapsed = bench.run(row);
      if (repeat > 0) seconds.push_back(elapsed);  // the first is the warm-up
    }
    records.push_back(bench_record(row, seconds, bench.bytes_read(row), bandwidth));
  }
  records.push_back(usage.totals_record(totals, session.get()));
  return records;
}

}  // namespace assay
