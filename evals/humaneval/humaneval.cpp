// humaneval: Python functions, graded by running their tests (HumanEval, mini-code).
//
// Three protocols, never mixed in one score:
//  chat-think    the default, for chat models with and without a thinking part: the whole function
//                is asked for; the last code block after the last </think> counts.
//  chat-prefill  the assistant's turn begins with the prompt in an open code block; up to its end.
//  completion    the raw prompt, no template; up to the stop strings of Chen et al. 2021.
// Code that stands in a file already (assay score) is read under further names:
//  samples       HumanEval's own rule: behind the prompt, or with the prompt's imports and helpers.
//  standalone    Reflexion's and LDB's: alone, behind common imports.
//  evalplus, simple-evals, lm-eval   how these harnesses read a chat completion.
// A program that fails, crashes or runs out of time is wrong; a sandbox that fails is no verdict.
#include <algorithm>
#include <optional>
#include <thread>

#include "core/plugins.h"
#include "evals/common/answer_zone.h"
#include "evals/common/sandbox/sandbox.h"
#include "evals/humaneval/code_tests.h"
#include "evals/humaneval/extract_code.h"
#include "evals/humaneval/extract_compat.h"

namespace assay {
namespace {

const std::vector<std::string>& completion_stops() {
  static const std::vector<std::string> stops = {"\nclass", "\ndef", "\n#", "\nif", "\nprint"};
  return stops;
}

const std::vector<std::string>& prefill_stops() {
  static const std::vector<std::string> stops = {"\n```"};
  return stops;
}

const std::string& text_of(const Problem& problem, const char* field) {
  return problem.extra.at(field).get_ref<const std::string&>();
}

evals::CodeTests& code_tests() {
  static evals::CodeTests tests;
  return tests;
}

class HumanEval : public Eval {
 public:
  std::string name() const override { return "humaneval"; }
  std::vector<std::string> protocols() const override {
    return {"chat-think", "chat-prefill", "completion"};
  }
  std::vector<std::string> stored_protocols() const override {
    return {"samples", "standalone", "evalplus", "simple-evals", "lm-eval"};
  }
  std::int64_t default_max_new_tokens(bool thinking) const override {
    return thinking ? 32'768 : 1'024;
  }

  Prompt prompt(const Problem& problem, const PromptOptions& options) const override {
    Prompt prompt;
    if (options.protocol == "completion") {
      prompt.raw = problem.question;
      prompt.stop_strings = completion_stops();
      return prompt;
    }
    const std::string task = "\n\n```python\n" + problem.question + "```";
    if (options.protocol == "chat-prefill") {
      prompt.messages.push_back({"user", "Complete this Python function." + task});
      prompt.assistant_prefix = "Here is the completed function:\n\n```python\n" + problem.question;
      prompt.stop_strings = prefill_stops();
      return prompt;
    }
    prompt.messages.push_back({"user",
                               "Complete this Python function. Write the whole function, with the "
                               "imports it needs, in one "
                               "```python code block." +
                                   task});
    return prompt;
  }

  Grade grade(const Problem& problem, const std::string& text,
              const PromptOptions& options) const override {
    Grade grade;
    const evals::AnswerZone zone = answer_zone(text, options);
    grade.details["unclosed"] = zone.unclosed;
    const auto program =
        extract(problem, std::string_view(text).substr(zone.begin), options.protocol);
    if (!program) {
      grade.rung = "no answer";
      return grade;
    }
    grade.answer_found = true;
    grade.extracted = program->program;
    grade.details["span"] = {zone.begin + program->begin, zone.begin + program->end};
    code_tests().run(problem, *program, grade);
    return grade;
  }

  std::optional<std::string> unavailable() const override {
    const auto& error = sandbox::PythonSandbox::shared().unavailable();
    return error ? std::optional(error->line()) : std::nullopt;
  }

  int grade_parallelism() const override {
    return static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  }

 private:
  /// Only a chat answer has a thinking part; a continuation is code from its first byte.
  static evals::AnswerZone answer_zone(const std::string& text, const PromptOptions& options) {
    for (const char* chat : {"chat-think", "samples", "evalplus", "simple-evals"}) {
      if (options.protocol == chat) return evals::answer_zone(text, options.thinking);
    }
    return {};
  }

  static std::optional<evals::ExtractedProgram> extract(const Problem& problem,
                                                        std::string_view text,
                                                        const std::string& protocol) {
    const std::string& prompt = problem.question;
    const std::string& entry_point = text_of(problem, "entry_point");
    if (protocol == "completion") {
      return evals::program_from_continuation(text, prompt, entry_point, completion_stops());
    }
    if (protocol == "chat-prefill") {
      return evals::program_from_continuation(text, prompt, entry_point, prefill_stops());
    }
    if (protocol == "samples") return evals::program_from_sample(text, prompt, entry_point);
    if (protocol == "standalone") return evals::program_standing_alone(text, prompt, entry_point);
    if (protocol == "evalplus") return evals::program_as_evalplus(text, prompt, entry_point);
    if (protocol == "simple-evals") return evals::program_as_simple_evals(text, prompt);
    if (protocol == "lm-eval") return evals::program_as_lm_eval(text, prompt);
    return evals::program_from_chat(text, prompt, entry_point);
  }
};

}  // namespace

EvalPlugin make_eval_humaneval() {
  return {"humaneval", "Python functions, tests run in a sandbox",
          []() -> std::unique_ptr<Eval> { return std::make_unique<HumanEval>(); }};
}

}  // namespace assay
