#include "harness/options.h"

#include <gmock/gmock.h>

namespace assay {
namespace {

using ::testing::HasSubstr;

TEST(BackendSpec, NameAlone) {
  const BackendSpec spec = value_or_throw(parse_backend_spec("cpu"));
  EXPECT_EQ(spec.name, "cpu");
  EXPECT_TRUE(spec.options.empty());
}

TEST(BackendSpec, Options) {
  const BackendSpec spec = value_or_throw(parse_backend_spec("cpu:gemm=onednn,isa=avx2"));
  EXPECT_EQ(spec.options.at("gemm"), "onednn");
  EXPECT_EQ(spec.options.at("isa"), "avx2");
}

TEST(BackendSpec, UnknownNameListsTheKnown) {
  const auto spec = parse_backend_spec("cpuu");
  ASSERT_FALSE(spec);
  EXPECT_EQ(spec.error().kind(), ErrorKind::usage);
  EXPECT_THAT(spec.error().line(), HasSubstr("unknown backend 'cpuu'"));
  EXPECT_THAT(spec.error().line(), HasSubstr("did you mean 'cpu'"));
  EXPECT_THAT(spec.error().line(), HasSubstr("reference"));
}

TEST(BackendSpec, BrokenOptionsAreNamed) {
  for (const char* text : {"cpu:gemm", "cpu:=x", "cpu:gemm=", "cpu:"}) {
    const auto spec = parse_backend_spec(text);
    ASSERT_FALSE(spec) << text;
    EXPECT_EQ(spec.error().kind(), ErrorKind::usage);
  }
}

TEST(TaskSpecs, SeveralWithTheirOptions) {
  const auto tasks =
      value_or_throw(parse_task_specs("mini-math:first=3,protocol=x,mini-code,mini-aime:limit=2"));
  ASSERT_EQ(tasks.size(), 3U);
  EXPECT_EQ(tasks[0].name, "mini-math");
  EXPECT_EQ(tasks[0].first, 3);
  EXPECT_EQ(tasks[0].protocol, "x");
  EXPECT_FALSE(tasks[1].first);
  EXPECT_FALSE(tasks[2].first);
  EXPECT_EQ(tasks[2].limit, 2);
}

TEST(TaskSpecs, MistakesAreNamed) {
  const auto line = [](const char* text) {
    const auto tasks = parse_task_specs(text);
    EXPECT_FALSE(tasks) << text;
    return tasks ? std::string() : tasks.error().line();
  };
  EXPECT_THAT(line("nosuch"), HasSubstr("unknown task 'nosuch'; known: "));
  EXPECT_THAT(line("mini-mat"), HasSubstr("did you mean 'mini-math'"));
  EXPECT_THAT(line("mini-math:first=0"), HasSubstr("first=0 is not a positive number"));
  EXPECT_THAT(line("mini-math:first=1x"), HasSubstr("first=1x"));
  EXPECT_THAT(line("mini-math:last=1"), HasSubstr("no option 'last'"));
  EXPECT_THAT(line("mini-math,mini-math"), HasSubstr("named twice"));
  EXPECT_THAT(line(""), HasSubstr("unknown task ''"));
}

}  // namespace
}  // namespace assay
