// `assay tokenize`: text to token ids and back.
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "harness/engine.h"
#include "tool/command.h"

namespace assay::tool {
namespace {

struct TokenizeFlags {
  ModelFlags model;
  bool no_special = false;
  bool bos = false;
  bool ids = false;
};

std::vector<TokenId> parse_ids(const std::string& text, const Tokenizer& tokenizer) {
  const nlohmann::json array = nlohmann::json::parse(text, nullptr, false);
  if (!array.is_array()) {
    throw Error(ErrorKind::usage, "standard input is not a JSON array of ids",
                "for example: echo '[1, 2, 3]' | assay tokenize --model M --ids");
  }
  std::vector<TokenId> ids;
  for (const nlohmann::json& item : array) {
    const bool fits = item.is_number_integer() && item >= 0 && item < tokenizer.vocab_size();
    if (!fits || !tokenizer.valid(item.get<TokenId>())) {
      throw Error(ErrorKind::usage, item.dump() + " is not an id of this vocabulary",
                  "ids are 0 to " + std::to_string(tokenizer.vocab_size() - 1));
    }
    ids.push_back(item.get<TokenId>());
  }
  return ids;
}

int tokenize(const TokenizeFlags& flags) {
  TerminalListener terminal;
  const LoadedModel model =
      open_model(flags.model.model, flags.model.mirror, false, terminal.listener());
  const Tokenizer& tokenizer = require_tokenizer(model);
  const std::string input{std::istreambuf_iterator<char>(std::cin),
                          std::istreambuf_iterator<char>()};
  if (flags.ids) {
    print(tokenizer.decode(parse_ids(input, tokenizer), true));
    return 0;
  }
  std::vector<TokenId> ids = tokenizer.encode(input, !flags.no_special);
  if (flags.bos) {
    if (tokenizer.spec().bos < 0) {
      throw Error(ErrorKind::usage, model.file->name + " has no BOS token", "leave out --bos");
    }
    if (!ids.empty() && ids.front() == tokenizer.spec().bos) {
      throw Error(ErrorKind::usage, "two BOS tokens: the text begins with one already",
                  "leave out --bos, or add --no-special");
    }
    ids.insert(ids.begin(), tokenizer.spec().bos);
  }
  print(nlohmann::json(ids).dump() + "\n");
  return 0;
}

}  // namespace

void add_tokenize_command(CLI::App& app, Action& action) {
  auto flags = std::make_shared<TokenizeFlags>();
  CLI::App* command = app.add_subcommand("tokenize", "Text on stdin to a JSON array of token ids");
  flags->model.add_to(*command);
  command->add_flag("--no-special", flags->no_special,
                    "Read control tokens in the text as plain text");
  command->add_flag("--bos", flags->bos, "Put the BOS token first");
  command->add_flag("--ids", flags->ids, "Ids in (a JSON array), text out");
  command->footer(
      "Examples:\n"
      "  printf 'Hello' | assay tokenize --model smollm2-135m\n"
      "  echo '[19556]' | assay tokenize --model smollm2-135m --ids\n"
      "A GGUF file that holds a vocabulary and no weights is enough.");
  command->callback([flags, &action] { action = [flags] { return tokenize(*flags); }; });
}

}  // namespace assay::tool
