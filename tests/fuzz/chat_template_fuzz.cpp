// Any bytes as a chat template: refused or rendered within its budget, never a crash or a leak.
#include <cstddef>
#include <cstdint>
#include <string>

#include "model/chat_template.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto compiled =
      assay::ChatTemplate::compile(std::string(reinterpret_cast<const char*>(data), size));
  if (!compiled) return 0;
  assay::TemplateInputs inputs;
  inputs.messages = {{"system", "Be brief."},
                     {"user", "2 + 2? \xC3\xA9\xFF"},
                     {"assistant", "<think>\nhm\n</think>\n\n4"}};
  inputs.bos_token = "<s>";
  inputs.eos_token = "</s>";
  // Whether it renders is the template's affair.
  (void)compiled->render(inputs);
  return 0;
}
