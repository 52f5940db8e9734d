// A run before it starts: everything is resolved and checked, no weight has been read.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/completer.h"
#include "core/endpoint.h"
#include "core/eval.h"
#include "core/plugins.h"
#include "core/session.h"
#include "harness/engine.h"
#include "harness/options.h"
#include "harness/progress.h"
#include "model/prompt_builder.h"
#include "model/transformer/session.h"

namespace assay {

struct PlannedTask {
  const DatasetPlugin* dataset = nullptr;
  std::unique_ptr<Eval> eval;
  PromptOptions prompt_options;
  std::vector<Problem> problems;
  std::string dataset_sha256;
  std::int64_t max_new_tokens = 0;
  std::string skipped;  ///< why this task does not run; empty: it does
  std::int64_t n_problems = 0;
  /// Of a dry run: what the run would fetch first; `problems` are empty then. Empty: all is here.
  std::string unfetched;
};

/// The numerics and identity of what a server computes.
inline constexpr const char* kBestEffort = "best effort";

/// One completion to make.
struct PlannedSample {
  std::size_t task = 0;
  std::size_t problem = 0;
  Request request;
  std::vector<TokenId> prompt_tokens;  ///< empty: an endpoint without a local template
  /// Of the ids, little-endian int32; without them of the prompt as JSON.
  std::string prompt_sha256;
};

struct RunPlan {
  RunOptions options;
  /// Of an endpoint: the local vocabulary and template, whose weights are nobody's; or neither.
  LoadedModel model;
  std::unique_ptr<PromptBuilder> prompts;  ///< null: no local vocabulary
  ChainProfile profile;
  Sampling sampling;
  /// One of the two: a device, which moves into the session when the run starts, or a server.
  std::unique_ptr<Device> device;
  std::unique_ptr<Endpoint> endpoint;
  SessionOptions session;
  MemoryPlan memory;
  std::vector<PlannedTask> tasks;
  std::vector<PlannedSample> samples;  ///< in the order they will run
  nlohmann::json record;               ///< the journal's first record

  /// What the model is called: the file's name, or the served model's.
  std::string model_name() const;
  /// Most tokens that may be generated, and the bytes the journal may grow to.
  std::int64_t max_generated_tokens() const;
  std::int64_t journal_bytes_bound() const;
};

/// Throws Error: {usage} for names and combinations, {environment} for missing files, memory, or a
/// code task without its sandbox when it is the only task.
RunPlan make_plan(const RunOptions& options, const Listener& listener);

/// What --sampling custom draws with. Throws Error{usage}: no temperature, values out of range.
Sampling custom_sampling(const RunOptions& options);

/// What --dry-run prints.
std::string describe_plan(const RunPlan& plan);

}  // namespace assay
