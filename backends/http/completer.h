// The http backend: many requests at once over one set of connections, each retried by itself,
// each delivered once.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "backends/http/body.h"
#include "backends/http/exchange.h"
#include "backends/http/reply.h"
#include "backends/http/stop_cut.h"
#include "core/endpoint.h"

namespace assay::http {

/// What one completion on its way is.
struct Flight;

class HttpEndpoint final : public Endpoint {
 public:
  HttpEndpoint(Options options, EndpointRequest request);
  ~HttpEndpoint() override;

  Result<EndpointFacts> connect() override;
  void prepare(const EndpointNeeds& needs) override;
  Result<nlohmann::json> probe(const EndpointNeeds& needs,
                               const std::function<void(const std::string&)>& tell,
                               const std::function<bool()>& cancelled) override;
  nlohmann::json identity() const override;
  std::map<std::string, std::string> public_options() const override { return options_.shown; }
  std::int64_t concurrency() const override { return options_.concurrency; }
  Result<void> accepts(const Prompt& prompt) const override;
  std::vector<std::string> planned_probes() const override;

  RunTotals answer(const RequestSource& source, const EndpointSink& sink,
                   const std::function<bool()>& cancelled) override;

  /// One completion by itself, with the seed as given: what probes ask. Waits.
  EndpointCompletion complete(const Prompt& prompt, const Sampling& sampling, std::uint64_t seed,
                              std::int64_t max_new_tokens, const std::function<bool()>& cancelled);
  /// Greedy, with the prompt's stop strings left to the server alone.
  EndpointCompletion complete_as_sent(const Prompt& prompt, std::int64_t max_new_tokens,
                                      const std::function<bool()>& cancelled);

  const Options& options() const { return options_; }
  const EndpointFacts& facts() const { return facts_; }
  const LocalVocabulary& vocabulary() const { return vocabulary_; }
  double now() const { return clock_(); }

 private:
  using Flights = std::vector<std::unique_ptr<Flight>>;

  void launch(Flight& flight);
  void give_up(Flight& flight);
  void take_bytes(Flight& flight, std::string_view bytes);
  void watch_time(Flight& flight);
  void land(Flight& flight, CURLcode code);
  void fail(Flight& flight, Failure failure);
  void succeed(Flight& flight);
  EndpointCompletion take_completion(Flight& flight);
  std::string joined_text(const Reply& reply) const;
  void collect_ended();
  bool step(Flights& flights);
  std::unique_ptr<Flight> make_flight(Request request, std::uint64_t seed);

  Options options_;
  LocalVocabulary vocabulary_;
  std::function<double()> clock_;
  EndpointFacts facts_;
  Dialect dialect_;
  bool opened_by_prompt_ = false;
  bool stops_here_ = true;  ///< stop strings are applied to the text as it comes
  net::MultiHandle multi_;
  /// Completions in a row that found no server: then nobody waits for retries any more.
  int lost_in_a_row_ = 0;
  std::vector<std::pair<double, double>> prefills_;  ///< of delivered completions, in seconds
  std::vector<std::pair<double, double>> decodes_;
  RunTotals totals_;
};

}  // namespace assay::http
