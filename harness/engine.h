// Opening what a command works with: the model by name or path, a backend's device.
#pragma once

#include <memory>
#include <string>

#include "core/device.h"
#include "core/plugins.h"
#include "harness/fetch/fetch.h"
#include "harness/options.h"
#include "harness/progress.h"
#include "model/model_file.h"
#include "model/tokenizer.h"

namespace assay {

struct LoadedModel {
  std::shared_ptr<const ModelFile> file;
  std::string sha256;  ///< empty when it was not asked for
  /// Null: there is none. On the heap, so that what points to it survives a move.
  std::unique_ptr<const Tokenizer> tokenizer;
};

/// A GGUF file, a Hugging Face directory, or a name of `assay list models`, which is fetched if the
/// cache does not hold it. Throws Error.
LoadedModel open_model(const std::string& name_or_path, const std::string& mirror, bool with_sha256,
                       const Listener& listener);
/// Fills in `sha256`; reads the whole file, so it comes after all that may be refused. Throws
/// Error.
void hash_model(LoadedModel* model, const Listener& listener);
/// Whether open_model would find it: a path, or a name of `assay list models`.
bool is_known_model(const std::string& name_or_path);
/// Throws Error{environment} where opening it would fetch it: for what promises to fetch nothing.
void require_model_here(const std::string& name_or_path);
/// What `fetch` needs, from the environment and the command line; its progress goes to the
/// listener, which must outlive it. Throws Error.
fetch::Options fetch_options(const std::string& mirror, const Listener& listener);

/// The tokenizer, or Error{environment} that says why there is none.
const Tokenizer& require_tokenizer(const LoadedModel& model);

/// A device able to compute all of the model's weight types under the policy. Throws Error: {usage}
/// for a policy it cannot give or an unknown option, {environment} for what this machine lacks.
std::unique_ptr<Device> open_device(const BackendSpec& spec, Numerics numerics, int threads,
                                    const ModelFile& model);

}  // namespace assay
