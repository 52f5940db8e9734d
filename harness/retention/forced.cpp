#include "harness/retention/forced.h"

#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "core/json_access.h"
#include "core/numerics/sampler.h"
#include "core/statistics.h"
#include "evals/chain/layout.h"
#include "evals/chain/steps.h"
#include "harness/distillation.h"
#include "harness/divergence.h"
#include "harness/parallel.h"
#include "harness/recorded_run.h"
#include "harness/retention/chain_feed.h"
#include "harness/retention/mean_by_problem.h"
#include "model/transformer/session.h"

namespace assay {
namespace {

using nlohmann::json;

/// Positions decoded step by step for the noise floor: of each sample, and of the task.
constexpr std::size_t kNoisePerSample = 64;
constexpr std::size_t kNoisePositions = 256;

constexpr const char* kOneTokenizer =
    "forced retention needs two models of one tokenizer and chat template, and the run's datasets";

FedModel open_fed_model(const TaskPair& pair, const Journal& journal, const ForcedModel& model,
                        const Listener& listener) {
  RunOptions options = options_of_plan(pair.reference->plan);
  options.model = model.model;
  options.backend = model.backend;
  options.numerics = model.numerics;
  options.threads = model.threads;
  options.mirror = model.mirror;
  options.context.reset();
  options.samples = 1;
  options.batch = 1;
  options.chain_profile = pair.thinking() ? ProfileChoice::thinking : ProfileChoice::plain;
  std::erase_if(options.tasks, [&pair](const TaskSpec& task) { return task.name != pair.name; });
  FedModel out;
  out.plan = make_plan(options, listener);
  require_same_model(journal.plan, out.plan);
  out.device = out.plan.device->info();
  out.session = value_or_throw(
      make_session(out.plan.model.file, std::move(out.plan.device), out.plan.session));
  return out;
}

json fed_model_json(const FedModel& model) {
  const json& backend = model.plan.record.at("backend");
  return {{"model", model.plan.model.file->name},
          {"backend", backend.at("name")},
          {"options", backend.at("options")},
          {"numerics", backend.at("numerics")},
          {"isa", model.device.isa}};
}

/// Which of a completion's tokens one model draws again.
struct Kept {
  MeanByProblem steps;
  std::size_t step_count = 0;
  std::size_t tokens = 0;
  std::size_t kept = 0;

  void add(const std::string& problem, std::span<const std::optional<std::size_t>> steps_of,
           const std::vector<bool>& kept_tokens) {
    tokens += kept_tokens.size();
    kept += static_cast<std::size_t>(std::count(kept_tokens.begin(), kept_tokens.end(), true));
    std::vector<bool> whole;
    for (std::size_t i = 0; i < kept_tokens.size(); ++i) {
      if (!steps_of[i]) continue;
      if (whole.size() <= *steps_of[i]) whole.resize(*steps_of[i] + 1, true);
      if (!kept_tokens[i]) whole[*steps_of[i]] = false;
    }
    if (whole.empty()) return;
    step_count += whole.size();
    steps.add(problem, static_cast<double>(std::count(whole.begin(), whole.end(), true)) /
                           static_cast<double>(whole.size()));
  }
  json token_share() const {
    return tokens == 0 ? json() : json(static_cast<double>(kept) / static_cast<double>(tokens));
  }
};

/// Two models' logits over the same positions.
struct Agreement {
  std::size_t same_top = 0;
  std::vector<double> kl;

  void add(bool is_same_top, double divergence) {
    same_top += is_same_top ? 1 : 0;
    kl.push_back(divergence);
  }
  json top1() const {
    if (kl.empty()) return nullptr;
    return static_cast<double>(same_top) / static_cast<double>(kl.size());
  }
  json kl_json() const {
    if (kl.empty()) return nullptr;
    return {{"mean", mean_of(kl)}, {"p99", *quantile(kl, 0.99)}, {"positions", kl.size()}};
  }
};

class Forcing {
 public:
  /// `fed` is told how many positions were fed, often enough to show that the work lives.
  Forcing(FedModel& x, FedModel* reference, bool thinking, std::function<void(std::size_t)> fed)
      : x_(x),
        reference_(reference),
        thinking_(thinking),
        fed_(std::move(fed)),
        shared_(reference == nullptr ? x.vocab() : std::min(x.vocab(), reference->vocab())),
        hidden_(reference != nullptr &&
                x.session->config().hidden == reference->session->config().hidden) {}

  void feed(const RecordedSample& sample) {
    const auto ends = token_ends(*x_.plan.model.tokenizer, sample.tokens, sample.text.size());
    const auto steps = steps_of_tokens(sample.text, thinking_, ends);
    const std::uint64_t key = numerics::request_seed(x_.plan.sampling.seed, sample.problem,
                                                     static_cast<std::int32_t>(sample.sample));
    std::vector<bool> kept;
    std::vector<bool> kept_by_reference;
    std::vector<float> start;  // the reference's logits at the first positions
    ChainFeed feed_x(x_, sample, hidden_);
    std::optional<ChainFeed> feed_r;
    if (reference_ != nullptr) feed_r.emplace(*reference_, sample, hidden_);
    for (auto rows_x = feed_x.next(); !rows_x.empty(); rows_x = feed_x.next()) {
      const std::size_t from = kept.size();
      redraw(rows_x, x_.vocab(), sample, key, &kept);
      fed_(kept.size() - from);
      if (!feed_r) continue;
      const std::span<const float> rows_r = feed_r->next();
      redraw(rows_r, reference_->vocab(), sample, key, &kept_by_reference);
      compare(rows_r, rows_x, kept.size() - from);
      compare_hidden(feed_r->hidden(), feed_x.hidden());
      if (from < noise_due()) start.insert(start.end(), rows_r.begin(), rows_r.end());
    }
    of_x.add(sample.problem, steps, kept);
    const auto miss = std::find(kept.begin(), kept.end(), false);
    if (miss != kept.end()) {
      first.push_back(
          {{"problem", sample.problem}, {"sample", sample.sample}, {"token", miss - kept.begin()}});
    }
    if (!feed_r) return;
    of_reference.add(sample.problem, steps, kept_by_reference);
    feed_r.reset();
    measure_noise(sample, start);
  }

  Kept of_x;
  json first = json::array();  ///< the first token of each sample that X does not draw
  Kept of_reference;
  Agreement agreement;
  Agreement noise;
  DistillationLoss loss;

 private:
  void redraw(std::span<const float> rows, std::size_t vocab, const RecordedSample& sample,
              std::uint64_t key, std::vector<bool>* kept) {
    for (std::size_t at = 0; at < rows.size(); at += vocab) {
      const std::size_t position = kept->size();
      const TokenId drawn = sampler_.draw(rows.subspan(at, vocab), x_.plan.sampling, key,
                                          static_cast<std::int64_t>(position));
      kept->push_back(drawn == sample.tokens[position]);
    }
  }

  void compare(std::span<const float> reference, std::span<const float> x, std::size_t n) {
    struct Row {
      bool same_top = false;
      double kl = 0;
      double soft_kl = 0;
    };
    std::vector<Row> rows(n);
    const auto never = [] { return false; };
    parallel_for(n, x_.device.threads, never, [&](std::size_t i) {
      const auto row_r = reference.subspan(i * reference_->vocab(), shared_);
      const auto row_x = x.subspan(i * x_.vocab(), shared_);
      rows[i] = {numerics::argmax(row_r) == numerics::argmax(row_x), kl_divergence(row_r, row_x),
                 kl_divergence(row_r, row_x, loss.weights().temperature)};
    });
    for (const Row& row : rows) {
      agreement.add(row.same_top, row.kl);
      loss.add_divergence(row.soft_kl);
    }
  }

  void compare_hidden(std::span<const float> reference, std::span<const float> x) {
    const auto width = static_cast<std::size_t>(x_.session->config().hidden);
    for (std::size_t at = 0; hidden_ && at < x.size(); at += width) {
      loss.add_hidden(reference.subspan(at, width), x.subspan(at, width));
    }
  }

  std::size_t noise_due() const {
    return std::min(kNoisePerSample, kNoisePositions - std::min(kNoisePositions, noise.kl.size()));
  }

  void measure_noise(const RecordedSample& sample, std::span<const float> start) {
    const std::size_t vocab = reference_->vocab();
    const std::size_t n = std::min(noise_due(), start.size() / vocab);
    if (n == 0) return;
    const std::vector<float> decoded = decoded_logits(*reference_, sample, n);
    for (std::size_t i = 0; i < n; ++i) {
      const auto at_once = start.subspan(i * vocab, vocab);
      const auto stepwise = std::span(decoded).subspan(i * vocab, vocab);
      noise.add(numerics::argmax(at_once) == numerics::argmax(stepwise),
                kl_divergence(at_once, stepwise));
    }
  }

  FedModel& x_;
  FedModel* reference_;
  bool thinking_;
  std::function<void(std::size_t)> fed_;
  std::size_t shared_;  ///< ids that both have; one may pad its vocabulary further
  bool hidden_;         ///< both have hidden states of one width
  numerics::Sampler sampler_;
};

json loss_json(const DistillationLoss& loss, bool has_reference) {
  json out = loss.to_json();
  out["why"] = !has_reference              ? json("it needs the reference's model")
               : out.at("value").is_null() ? json("the hidden states have different widths")
                                           : json();
  return out;
}

/// Cuts completions to what both contexts hold; the number of tokens cut off.
std::size_t cut_to_contexts(std::vector<RecordedSample>* samples, const FedModel& x,
                            const FedModel* reference) {
  std::int64_t context = x.session->max_context();
  if (reference != nullptr) context = std::min(context, reference->session->max_context());
  std::size_t cut = 0;
  for (RecordedSample& sample : *samples) {
    const std::int64_t room = std::max<std::int64_t>(0, context - std::ssize(sample.prompt));
    if (std::ssize(sample.tokens) <= room) continue;
    cut += sample.tokens.size() - static_cast<std::size_t>(room);
    sample.tokens.resize(static_cast<std::size_t>(room));
  }
  std::erase_if(*samples, [](const RecordedSample& sample) { return sample.tokens.empty(); });
  return cut;
}

/// One of them may have more ids at its end, for padding.
void require_same_tokenizer(const FedModel& x, const FedModel& reference) {
  const auto& a = x.plan.model.tokenizer->spec().tokens;
  const auto& b = reference.plan.model.tokenizer->spec().tokens;
  const auto shared = static_cast<std::ptrdiff_t>(std::min(a.size(), b.size()));
  if (std::equal(a.begin(), a.begin() + shared, b.begin())) return;
  throw Error(ErrorKind::environment, "the two models have different vocabularies", kOneTokenizer);
}

/// The reference's completions of the pairs.
std::vector<RecordedSample> samples_to_feed(const TaskPair& pair, const FedModel& x,
                                            std::optional<std::int64_t> limit) {
  std::set<SamplePlace> paired;
  for (const PairedSample& it : pair.samples) paired.insert(place_of(*it.reference));
  std::vector<RecordedSample> out = recorded_samples(*pair.reference, x.plan, kOneTokenizer);
  std::erase_if(out, [&](const RecordedSample& sample) {
    return sample.task != pair.name || !paired.contains({sample.problem, sample.sample});
  });
  if (limit && *limit < std::ssize(out)) out.resize(static_cast<std::size_t>(*limit));
  return out;
}

}  // namespace

std::vector<std::optional<std::size_t>> steps_of_tokens(std::string_view text, bool thinking,
                                                        std::span<const std::size_t> ends) {
  const chain::Layout layout = chain::layout_of(text, thinking);
  const std::vector<chain::Step> steps =
      chain::steps_of(text, thinking ? layout.thinking : layout.answer);
  const std::size_t chain_end =
      thinking && layout.close_tag ? layout.close_tag->end : std::string_view::npos;
  std::vector<std::optional<std::size_t>> out;
  std::size_t step = 0;
  std::size_t begin = 0;
  for (const std::size_t end : ends) {
    while (step + 1 < steps.size() && steps[step + 1].span.begin <= begin) ++step;
    out.push_back(begin < chain_end ? std::optional(step) : std::nullopt);
    begin = end;
  }
  return out;
}

json forced_retention(const TaskPair& pair, const ForcedOptions& options,
                      const Listener& listener) {
  FedModel x = open_fed_model(pair, *pair.run, options.x, listener);
  std::optional<FedModel> reference;
  if (options.reference) {
    reference = open_fed_model(pair, *pair.reference, *options.reference, listener);
    require_same_tokenizer(x, *reference);
  }
  FedModel* of_reference = reference ? &*reference : nullptr;
  std::vector<RecordedSample> samples = samples_to_feed(pair, x, options.limit);
  const std::size_t beyond = cut_to_contexts(&samples, x, of_reference);
  std::int64_t total = 0;
  for (const RecordedSample& sample : samples) total += std::ssize(sample.tokens);
  std::int64_t done = 0;
  Forcing forcing(x, of_reference, pair.thinking(), [&](std::size_t positions) {
    done += static_cast<std::int64_t>(positions);
    listener.progress({"feeding the chains of " + pair.name, done, total, false, ""});
    throw_if_cancelled(listener, "repeat the command; nothing was written");
  });
  for (const RecordedSample& sample : samples) forcing.feed(sample);
  json out = {{"samples", samples.size()},
              {"tokens", forcing.of_x.tokens},
              {"steps", forcing.of_x.step_count},
              {"step_share", forcing.of_x.steps.to_json()},
              {"token_share", forcing.of_x.token_share()},
              {"first", std::move(forcing.first)},
              {"top1_agreement", forcing.agreement.top1()},
              {"kl", forcing.agreement.kl_json()},
              {"self", nullptr},
              {"distillation_loss", loss_json(forcing.loss, reference.has_value())},
              {"x", fed_model_json(x)},
              {"reference", reference ? fed_model_json(*reference) : json()},
              {"tokens_beyond_context", beyond},
              {"why", reference ? json() : json("agreement and divergence need its model, too")}};
  if (reference) {
    out["self"] = {{"step_share", forcing.of_reference.steps.to_json()},
                   {"token_share", forcing.of_reference.token_share()},
                   {"top1_agreement", forcing.noise.top1()},
                   {"kl", forcing.noise.kl_json()}};
  }
  return out;
}

}  // namespace assay
