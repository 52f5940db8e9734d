#include "tests/model/chat_template/jinja_oracle.h"

#include <fmt/core.h>

#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tests/support/test_data.h"

namespace assay::testing {
namespace {

// Ordered: a dict's order of insertion shows in its text.
nlohmann::ordered_json to_json(const OracleCase& test) {
  auto messages = nlohmann::ordered_json::array();
  for (const Message& message : test.inputs.messages) {
    messages.push_back({{"role", message.role}, {"content", message.content}});
  }
  auto variables = nlohmann::ordered_json::object();
  if (!test.inputs.bos_token.empty()) variables["bos_token"] = test.inputs.bos_token;
  if (!test.inputs.eos_token.empty()) variables["eos_token"] = test.inputs.eos_token;
  if (test.inputs.enable_thinking) variables["enable_thinking"] = *test.inputs.enable_thinking;
  return {{"template", test.source},
          {"messages", std::move(messages)},
          {"add_generation_prompt", test.inputs.add_generation_prompt},
          {"date", test.inputs.date_iso},
          {"variables", std::move(variables)}};
}

nlohmann::ordered_json ask_jinja2(const std::vector<OracleCase>& cases) {
  auto question = nlohmann::ordered_json::array();
  for (const OracleCase& test : cases) question.push_back(to_json(test));
  const TempDir dir;
  write_text(dir.path() / "in.json", question.dump());
  const std::string command =
      fmt::format("'{}' '{}' < '{}' > '{}'", *python_of_ci(), ASSAY_JINJA_ORACLE,
                  (dir.path() / "in.json").string(), (dir.path() / "out.json").string());
  // NOLINTNEXTLINE(bugprone-command-processor): a developer's own interpreter
  if (std::system(command.c_str()) != 0) {
    ADD_FAILURE() << "the oracle does not run: " << command;
    return nlohmann::ordered_json::array();
  }
  return nlohmann::ordered_json::parse(read_text(dir.path() / "out.json"));
}

Result<std::string> render(const OracleCase& test) {
  const Result<ChatTemplate> compiled = ChatTemplate::compile(test.source);
  if (!compiled) return tl::unexpected<Error>(compiled.error());
  return compiled->render(test.inputs);
}

}  // namespace

std::optional<std::string> python_of_ci() {
  const char* python = std::getenv("ASSAY_TEST_PYTHON");
  if (python == nullptr || *python == '\0') return std::nullopt;
  return python;
}

int expect_same_as_jinja2(const std::vector<OracleCase>& cases) {
  const nlohmann::ordered_json answers = ask_jinja2(cases);
  if (answers.size() != cases.size()) {
    ADD_FAILURE() << answers.size() << " answers for " << cases.size() << " cases";
    return 0;
  }
  int rendered = 0;
  for (std::size_t i = 0; i < cases.size(); ++i) {
    SCOPED_TRACE(cases[i].name);
    const Result<std::string> ours = render(cases[i]);
    if (answers[i]["ok"].get<bool>()) {
      if (!ours) {
        ADD_FAILURE() << ours.error().line();
        continue;
      }
      EXPECT_EQ(*ours, answers[i]["text"].get<std::string>());
      ++rendered;
    } else {
      EXPECT_FALSE(ours) << "jinja2 refuses (" << answers[i]["error"].get<std::string>()
                         << "), we give: " << *ours;
    }
  }
  return rendered;
}

}  // namespace assay::testing
