// Python's jinja2 as the oracle of chat templates.
#pragma once

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "model/chat_template.h"

namespace assay::testing {

struct OracleCase {
  std::string name;  ///< for messages
  std::string source;
  TemplateInputs inputs;
};

/// The interpreter of ASSAY_TEST_PYTHON, if it is set.
std::optional<std::string> python_of_ci();

/// Renders every case with jinja2 and with ChatTemplate and expects the same text, or that both
/// refuse. Returns in how many cases both gave text.
int expect_same_as_jinja2(const std::vector<OracleCase>& cases);

}  // namespace assay::testing

#define ASSAY_REQUIRE_TEST_PYTHON()                                                    \
  if (!::assay::testing::python_of_ci()) {                                             \
    GTEST_SKIP() << "ASSAY_TEST_PYTHON is not set: it names a Python that has jinja2"; \
  }
