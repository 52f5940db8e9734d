// A run against a server: what the harness lends the endpoint, and what its records say instead of
// a device, weights and memory.
#pragma once

#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "core/endpoint.h"
#include "harness/plan.h"

namespace assay {

bool is_endpoint(const BackendSpec& spec);

/// The vocabulary and template that --model named; without --model a stand-in without either.
LoadedModel open_vocabulary(const RunOptions& options, const Listener& listener);

/// Tokenizer and prompts may be null and must outlive the result. Throws Error{usage}.
std::unique_ptr<Endpoint> open_endpoint(const RunOptions& options, const Tokenizer* tokenizer,
                                        const PromptBuilder* prompts, bool has_template);

/// Everything of a plan record but decoding{} and tasks[].
nlohmann::json endpoint_plan_record(const RunPlan& plan, const EndpointFacts& facts);

/// What a run will ask, for the probes. Lengths without a vocabulary are estimated.
EndpointNeeds endpoint_needs(const RunPlan& plan);

/// What --dry-run prints.
std::string describe_endpoint_plan(const RunPlan& plan);

/// A totals record of which only what a client can know is left.
nlohmann::json endpoint_totals(nlohmann::json totals, bool tokens_known);

/// Puts into a sample record what only an endpoint's has, and null for what it cannot know.
void add_reply(const EndpointCompletion& completion, nlohmann::json* record);

}  // namespace assay
