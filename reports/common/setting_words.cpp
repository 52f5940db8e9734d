// Settings of a run in words.
#include <array>

#include "reports/common/words.h"

namespace assay {
namespace {

constexpr std::array kSettings = {
    Words{"model.name", "model", "The checkpoint's name."},
    Words{"model.arch", "architecture", "The kind of network."},
    Words{"model.sha256", "model file",
          "The first digits of the file's SHA-256: other digits, other "
          "bytes."},
    Words{"model.file_bytes", "model file, bytes", "Size of the weight files."},
    Words{"model.format", "file format", "How the checkpoint is stored."},
    Words{"model.parameters", "parameters", "Numbers in all weights together."},
    Words{"model.flops_per_token", "operations a token",
          "Multiplications and additions of the matrix products of one token; attention over the "
          "context is not counted."},
    Words{"model.weight_type", "weights' type", "How weights are stored; fewer bits, less memory."},
    Words{"device.name", "device", "The machine's name for its hardware."},
    Words{"device.cpu", "processor", "The CPU's own name."},
    Words{"device.gpu", "GPU", "The accelerator, where one ran."},
    Words{"device.isa", "instruction set", "The one that really ran."},
    Words{"device.threads", "threads", "Threads of the backend."},
    Words{"device.memory_bytes", "memory of the device, bytes", "Installed, not used."},
    Words{"device.os", "operating system", "Its name and version."},
    Words{"device.kernel", "kernel", "The operating system's kernel."},
    Words{"device.governor", "clock governor", "How the system sets the CPU's clock."},
    Words{"device.bandwidth_gb_per_s", "memory bandwidth, GB/s",
          "Measured over the model's weights with the run's threads."},
    Words{"device.cpu_mhz", "clock, MHz", "As it was when the run began."},
    Words{"device.load_average", "load", "What else the machine did: its load average."},
    Words{"device.peaks.fp32_gflops", "peak of fp32, GFLOP/s",
          "Measured: multiply-adds over registers with the run's instruction set and threads."},
    Words{"device.peaks.bf16_gflops", "peak of bf16, GFLOP/s", "Measured, where there is one."},
    Words{"device.peaks.int8_gops", "peak of int8, Gop/s",
          "Measured: dot products of bytes over registers."},
    Words{"device.gpu_state", "state of the GPU",
          "Driver, temperature, power and clocks when the run began and ended; – on a CPU."},
    Words{"device.temperature_c", "temperature, °C", "As it was when the run began."},
    Words{"backend.name", "backend", "The part of assay that computes."},
    Words{"backend.numerics", "numerics policy",
          "exact: the same bits on every machine; fast: any order of sums."},
    Words{"backend.gemm_library", "matrix library", "Serves prefill under fast; – is none."},
    Words{"backend.semantics", "dot products", "What is computed, to the bit."},
    Words{"backend.options", "backend options", "As given on the command line."},
    Words{"decoding.temperature", "temperature", "0 is greedy: always the likeliest token."},
    Words{"decoding.top_p", "top-p",
          "Samples from the likeliest tokens of this total probability."},
    Words{"decoding.top_k", "top-k", "Samples from so many likeliest tokens; 0: from all."},
    Words{"decoding.min_p", "min-p",
          "Leaves out tokens less likely than this share of the likeliest."},
    Words{"decoding.seed", "seed", "Of the sampler."},
    Words{"decoding.max_new_tokens", "token budget", "The most tokens a completion may have."},
    Words{"decoding.template_sha256", "chat template", "The first digits of its SHA-256."},
    Words{"decoding.batch", "batch", "Sequences decoded at once, at most."},
    Words{"decoding.context", "context", "Positions that a sequence may have."},
    Words{"identity.numerics", "policy of the result",
          "The numerics policy it was computed under."},
    Words{"identity.portable", "portable", "Whether the bits depend on no machine."},
    Words{"identity.semantics", "dot products of the result", "What is computed, to the bit."},
    Words{"identity.kv_type", "type of keys and values", "How attention's memory is stored."},
    Words{"identity.batch_invariant", "batch-invariant",
          "A sequence's result does not depend on what is decoded beside it."},
    Words{"identity.proofs", "transfer proofs", "Devices on which the same bits were proved."},
    Words{"tool.version", "assay version", "Of the program."},
    Words{"tool.commit", "assay commit", "The source it was built from."},
    Words{"tool.dirty", "changed source",
          "Whether the source had changes that were not committed."},
    Words{"tool.compiler", "compiler", "That built assay."},
    Words{"tool.build_type", "build type", "Only Release reports speed."},
    Words{"tool.sanitizers", "sanitizers", "Checks compiled in; speed is not reported with any."},
    Words{"task.protocol", "protocol", "How a problem becomes a prompt, and a text an answer."},
    Words{"task.dataset_sha256", "dataset", "The first digits of its SHA-256."},
    Words{"task.n_problems", "problems", "How many were to be done."},
    Words{"task.samples_per_problem", "samples a problem", "Completions of each problem."},
    Words{"task.max_new_tokens", "token budget", "The most tokens a completion may have."},
    Words{"task.chain_profile", "chain profile",
          "thinking: a part for thoughts is expected; plain: "
          "it is not."},
    Words{"task.skipped", "skipped", "Why the task did not run."},
    Words{"task.versions", "versions", "Of the graders and of the chain analysis."},
};

}  // namespace

std::span<const Words> setting_words() {
  return kSettings;
}

}  // namespace assay
