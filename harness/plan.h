// A run before it starts: everything is resolved and checked, no weight has been read.
#pragma once

#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/completer.h"
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
};

/// One completion to make.
struct PlannedSample {
  std::size_t task = 0;
  std::size_t problem = 0;
  Request request;
  std::vector<TokenId> prompt_tokens;
  std::string prompt_sha256;  ///< of the ids, little-endian int32
};

struct RunPlan {
  RunOptions options;
  LoadedModel model;
  std::unique_ptr<PromptBuilder> prompts;
  ChainProfile profile;
  Sampling sampling;
  std::unique_ptr<Device> device;  ///< moves into the session when the run starts
  SessionOptions session;
  MemoryPlan memory;
  std::vector<PlannedTask> tasks;
  std::vector<PlannedSample> samples;  ///< in the order they will run
  nlohmann::json record;               ///< the journal's first record

  /// Most tokens that may be generated, and the bytes the journal may grow to.
  std::int64_t max_generated_tokens() const;
  std::int64_t journal_bytes_bound() const;
};

/// Throws Error: {usage} for names and combinations, {environment} for missing files, memory, or a
/// code task without its sandbox when it is the only task.
RunPlan make_plan(const RunOptions& options, const Listener& listener);

/// What --dry-run prints.
std::string describe_plan(const RunPlan& plan);

}  // namespace assay
