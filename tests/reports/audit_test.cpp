#include "reports/audit/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "core/json_access.h"
#include "reports/audit/embedded.h"
#include "reports/audit/project.h"
#include "reports/audit/verdict.h"
#include "reports/common/report.h"
#include "tests/reports/fixture.h"

namespace assay::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// Formats as the harness would give them, of even bits: enough for arithmetic by hand.
std::vector<WeightSizes> sizes(const ModelShape& shape) {
  const auto row = [&shape](const char* name, int bits, double real) {
    const auto bytes = [real](std::int64_t weights) {
      return static_cast<std::int64_t>(static_cast<double>(weights) * real / 8);
    };
    return WeightSizes{name, bits, true, bytes(shape.parameters()), bytes(shape.weights_read())};
  };
  return {row("F16", 16, 16), row("Q8_0", 8, 8.5), row("Q4_K_M", 4, 4.9), row("Q4_0", 4, 4.5),
          row("Q2_K", 2, 2.625)};
}

json audit_of(const json& claims, const std::vector<NamedReport>& reports = {}) {
  const ClaimsFile file = value_or_throw(parse_claims(claims.dump(), "claims.json"));
  return audit_claims({&file, reports, {}, sizes});
}

json one(json claim, const std::vector<NamedReport>& reports = {}) {
  if (!claim.contains("source")) claim["source"] = "a test";
  return audit_of({{"claims", {claim}}}, reports)["claims"][0];
}

json speed_claim(const char* device, double value) {
  return {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"device", device}}},
          {"metric", "decode_tokens_per_s"},
          {"value", value},
          {"conditions", "unstated"}};
}

double bound(const json& claim, const std::string& name) {
  for (const json& row : claim["bounds"]) {
    if (row["name"] == name) return row["value"].get<double>();
  }
  return -1;
}

TEST(Shapes, CountTheWeightsOfKnownModels) {
  const ModelShape* r1 = find_shape(known_shapes(), "DeepSeek R1 Distill Qwen 1.5B");
  ASSERT_NE(r1, nullptr);
  EXPECT_EQ(r1->parameters(), 1777088000);
  EXPECT_EQ(r1->weights_read(), 1543714304);
  EXPECT_EQ(r1->kv_bytes_per_token(), 28672);
  EXPECT_EQ(find_shape(known_shapes(), "Meta-Llama-3-8B-Instruct")->parameters(), 8030261248);
  EXPECT_EQ(find_shape(known_shapes(), "qwen2.5-coder-0.5b-instruct-q4_k_m")->name,
            "qwen2.5-coder-0.5b");
  EXPECT_EQ(find_shape(known_shapes(), "gpt-9"), nullptr);
}

TEST(Devices, AreDatasheetsAndFindable) {
  EXPECT_GE(known_devices().size(), 20);
  for (const DeviceProfile& device : known_devices()) {
    EXPECT_EQ(device_json(device)["kind"], "datasheet");
    EXPECT_FALSE(device.source.empty()) << device.name;
    EXPECT_EQ(find_device(known_devices(), device.name), &device);
  }
  EXPECT_EQ(find_device(known_devices(), "RTX 3060")->bandwidth_gb_per_s, 360);
  EXPECT_EQ(find_device(known_devices(), "rk3588")->bandwidth_gb_per_s, 34);
  EXPECT_EQ(find_device(known_devices(), "a17")->bandwidth_gb_per_s, 51.2);
  EXPECT_EQ(find_device(known_devices(), "raspberry pi 5")->bandwidth_gb_per_s, 17);
  EXPECT_EQ(find_device(known_devices(), ""), nullptr);
  const json measured = {{"name", "x"},
                         {"kind", "measured"},
                         {"memory_bytes", 1},
                         {"bandwidth_gb_per_s", 1},
                         {"source", "me"}};
  EXPECT_THAT(parse_device(measured, "x").error().line(), HasSubstr("must be \"datasheet\""));
}

TEST(Audit, ASpeedAboveTheRooflineIsImpossiblePerPrecision) {
  const json a17 = one(speed_claim("a17-pro", 120));
  EXPECT_EQ(a17["verdict"], "impossible");
  EXPECT_EQ(a17["scope"], "at 3 bits and more (and in Q2_K), single stream, without speculation");
  EXPECT_THAT(a17["why"].get<std::string>(), HasSubstr("at 2.21 bits and less"));
  const json rtx = one(speed_claim("rtx-3060", 200));
  EXPECT_EQ(rtx["scope"], "at 16 bits and more, single stream, without speculation");
  EXPECT_NEAR(bound(rtx, "F16"), 116.6, 0.05);
  EXPECT_NEAR(bound(rtx, "Q8_0"), 219.5, 0.1);
  EXPECT_NEAR(bound(rtx, "Q4_K_M"), 380.7, 0.1);
  EXPECT_THAT(rtx["bounds"][0]["arithmetic"].get<std::string>(),
              AllOf(HasSubstr("360 GB/s / 3.087 GB"), HasSubstr("172 % of it")));
  json fp16 = speed_claim("rtx-3060", 200);
  fp16["subject"]["precision"] = "fp16";
  EXPECT_EQ(one(fp16)["scope"], "at fp16, single stream, without speculation");
  const json slow = one(speed_claim("rtx-3060", 50));
  EXPECT_EQ(slow["verdict"], "not tested");
}

TEST(Audit, ARequestIsReadAsItsAnswer) {
  json claim = speed_claim("rk3588-lpddr4x", 16);
  claim["metric"] = "request_seconds";
  claim["prompt_tokens"] = 1000;
  claim["output_tokens"] = 1000;
  claim["subject"]["precision"] = "Q4";
  const json out = one(claim);
  EXPECT_EQ(out["verdict"], "impossible");
  EXPECT_EQ(out["scope"], "at Q4, single stream, without speculation");
  EXPECT_NEAR(bound(out, "Q4_0"), 39.2, 0.05);
  claim["metric"] = "prefill_tokens_per_s";
  claim["value"] = 62.5;
  const json prefill = one(claim);
  EXPECT_EQ(prefill["verdict"], "not tested");
  EXPECT_THAT(prefill["why"].get<std::string>(), HasSubstr("plausible as prefill"));
}

TEST(Audit, SizesFollowFromTheShape) {
  json claim = {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"precision", "fp16"}}},
                {"metric", "file_bytes"},
                {"value", 3.0e9},
                {"resolution", 0.05e9}};
  EXPECT_EQ(one(claim)["verdict"], "contradicted");
  claim["value"] = 3.554e9;
  EXPECT_EQ(one(claim)["verdict"], "supported");
  claim["subject"]["precision"] = "Q4";
  claim["value"] = 0.8e9;
  const json q4 = one(claim);
  EXPECT_EQ(q4["verdict"], "contradicted");
  EXPECT_THAT(q4["why"].get<std::string>(), HasSubstr("3.60 bits"));
  claim["value"] = 1.05e9;
  EXPECT_EQ(one(claim)["verdict"], "supported under named conditions");
  claim["metric"] = "memory_suffices_bytes";
  claim["context"] = 4096;
  claim["value"] = 0.5e9;
  EXPECT_EQ(one(claim)["verdict"], "impossible");
  claim["value"] = 4e9;
  EXPECT_EQ(one(claim)["verdict"], "not tested") << "without scratch it is a floor";
}

json score_claim(double value) {
  return {{"subject", {{"model", "deepseek-r1-distill-qwen-1.5b"}, {"task", "mini-math"}}},
          {"metric", "score"},
          {"value", value}};
}

TEST(Audit, AScoreIsJudgedByIntervals) {
  json claim = score_claim(0.802);
  EXPECT_EQ(one(claim)["verdict"], "not tested");
  claim["evidence"] = {{{"value", 0.831}, {"n", 500}, {"conditions", "32k"}, {"source", "x"}}};
  const json close = one(claim);
  EXPECT_EQ(close["verdict"], "supported under named conditions");
  EXPECT_EQ(close["scope"], "32k");
  claim["value"] = 0.689;
  const json far = one(claim);
  EXPECT_EQ(far["verdict"], "contradicted");
  EXPECT_THAT(far["scope"].get<std::string>(), HasSubstr("x has 83.1 (79.6 to 86.1)"));
  claim["evidence"][0]["verified"] = false;
  EXPECT_EQ(one(claim)["verdict"], "not tested") << "from memory decides nothing";
  // On the same problems only the draw of the answers differs: 1.2 standard errors.
  json pair = score_claim(0.289);
  pair["n"] = 30;
  pair["samples_per_problem"] = 64;
  pair["conditions"] = "as published";
  pair["evidence"] = {
      {{"value", 0.307}, {"n", 30}, {"samples_per_problem", 64}, {"source", "open-r1"}}};
  EXPECT_EQ(one(pair)["verdict"], "supported");
  EXPECT_THAT(one(pair)["bounds"][0]["arithmetic"].get<std::string>(), HasSubstr("1.2 of them"));
}

TEST(Audit, UndefinedStaysUndefinedWithItsInterval) {
  const json out = one({{"subject", "deepseek-r1-distill-qwen-1.5b"},
                        {"metric", "chain_retention"},
                        {"value", 0.85},
                        {"undefined", "no scheme"},
                        {"n", 10}});
  EXPECT_EQ(out["verdict"], "undefined");
  EXPECT_THAT(out["why"].get<std::string>(), HasSubstr("(54 to 96 %)"));
}

TEST(Audit, FactsAreComparedWithWhatStandsThere) {
  json claim = {{"subject", "deepseek-r1-distill-qwen-1.5b"},
                {"metric", "licence"},
                {"value", "Apache-2.0"},
                {"evidence", {{{"value", "MIT"}, {"source", "the card"}}}}};
  EXPECT_EQ(one(claim)["verdict"], "contradicted");
  claim["value"] = "MIT";
  EXPECT_EQ(one(claim)["verdict"], "supported");
}

NamedReport run_report(int right) {
  JournalBuilder run;
  run.plan()["model"]["name"] = "DeepSeek-R1-Distill-Qwen-1.5B";
  run.add_task("mini-math", 40, 1);
  for (int i = 0; i < 40; ++i) {
    SampleSpec spec;
    spec.problem = i;
    if (i >= right) spec.outcome = "wrong_complete";
    run.add_sample(spec);
  }
  run.add_totals();
  return {"/home/someone/report.json", build_report(run.journal())};
}

TEST(Audit, AReportIsMeasuredBesideTheClaim) {
  const json far = one(score_claim(0.9), {run_report(20)});
  EXPECT_EQ(far["verdict"], "contradicted");
  EXPECT_EQ(far["measured"]["value"], 0.5);
  EXPECT_EQ(far["measured"]["ci95"].size(), 2);
  EXPECT_THAT(far.dump(), Not(HasSubstr("someone")));
  const json near = one(score_claim(0.55), {run_report(20)});
  EXPECT_EQ(near["verdict"], "supported under named conditions");
  EXPECT_THAT(near["scope"].get<std::string>(), HasSubstr("pass@1 of 40 problems x 1"));
  json other = score_claim(0.9);
  other["subject"]["model"] = "llama-3-8b-instruct";
  EXPECT_TRUE(one(other, {run_report(20)})["measured"].is_null());
  const json speed = one(speed_claim("rtx-3060", 50), {run_report(20)});
  EXPECT_EQ(speed["measured"]["same_device"], false);
  EXPECT_EQ(speed["verdict"], "not tested") << "another device decides nothing";
}

std::string error_of(const std::string& text) {
  const auto out = parse_claims(text, "bad.json");
  if (out) return "read";
  EXPECT_EQ(out.error().kind(), ErrorKind::environment);
  EXPECT_EQ(out.error().line().find('\n'), std::string::npos);
  return out.error().line();
}

TEST(Claims, WhatIsWrongIsNamed) {
  const json good = {{"claims", {score_claim(0.5)}}};
  const auto with = [&good](const char* pointer, const json& value) {
    json bad = good;
    bad["claims"][0]["source"] = "s";
    bad[json::json_pointer(pointer)] = value;
    return error_of(bad.dump());
  };
  EXPECT_THAT(error_of("{"), HasSubstr("bad.json: not JSON"));
  EXPECT_THAT(error_of("[]"), HasSubstr("holds no claims"));
  EXPECT_THAT(error_of("{\"claims\":[1]}"), HasSubstr("claims[0] is not an object"));
  EXPECT_THAT(error_of(good.dump()), HasSubstr("claims[0].source must be a text"));
  EXPECT_THAT(with("/schema_version", 7), HasSubstr("schema version 7, this assay reads 1"));
  EXPECT_THAT(with("/claims/0/metric", "wibble"),
              AllOf(HasSubstr("claims[0].metric is unknown: 'wibble'"), HasSubstr("score")));
  EXPECT_THAT(with("/claims/0/value", 80.2), HasSubstr("write 0.802 for 80.2 %"));
  EXPECT_THAT(with("/claims/0/value", "x"), HasSubstr("must be a number from 0 to 1"));
  EXPECT_THAT(with("/claims/0/value", -1), HasSubstr("must be a number"));
  EXPECT_THAT(with("/claims/0/subject", 3), HasSubstr("subject must be a model's name"));
  EXPECT_THAT(with("/claims/0/subject/precision", "17 bits"), HasSubstr("precision is unknown"));
  EXPECT_THAT(error_of(std::string(5 << 20, ' ')), HasSubstr("larger than 4 MiB"));
  EXPECT_THAT(error_of(R"({"claims":[{"value":1e999}]})"), HasSubstr("bad.json"));
  json huge = good;
  huge["claims"][0]["source"] = "s";
  huge["claims"][0]["metric"] = "decode_tokens_per_s";
  huge["claims"][0]["value"] = 1e300;
  EXPECT_THAT(error_of(huge.dump()), HasSubstr("must be a number from 0 to 1e+18"));
}

TEST(Claims, AreReadAsPeopleWriteThem) {
  const ClaimsFile file = value_or_throw(parse_claims(
      R"([{"subject":"deepseek-r1-distill-qwen-1.5b on rtx-3060","metric":"tokens_per_s",
           "value":200,"source":"s","unit":"tok/s"}])",
      "x"));
  EXPECT_EQ(file.claims[0].model, "deepseek-r1-distill-qwen-1.5b");
  EXPECT_EQ(file.claims[0].device, "rtx-3060");
  EXPECT_EQ(file.claims[0].metric, "decode_tokens_per_s");
  EXPECT_EQ(file.claims[0].conditions, "unstated");
  ASSERT_EQ(file.notes.size(), 1);
  EXPECT_THAT(file.notes[0], HasSubstr("'unit' is no member of a claim"));
}

TEST(Claims, HostileTextStaysText) {
  json claim = score_claim(0.5);
  const std::string evil = "</script><img onerror=x>\x1b[31m\n::error::|`@you";
  for (const char* name : {"claim", "source", "reading", "note", "id"}) claim[name] = evil;
  claim["conditions"] = evil;
  const json audit = audit_of({{"title", evil}, {"claims", {claim}}});
  EXPECT_THAT(audit_text(audit, 100, true), AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("::"))));
  EXPECT_THAT(audit_html(audit), AllOf(Not(HasSubstr("<img")), Not(HasSubstr("\x1b"))));
  EXPECT_THAT(audit_markdown(audit), AllOf(Not(HasSubstr("@you")), HasSubstr("\\<img")));
}

TEST(ShippedClaims, EveryOneHasAVerdictAndItsArithmetic) {
  for (const EmbeddedText& file : embedded_claims()) {
    const ClaimsFile claims = value_or_throw(parse_claims(file.text, std::string(file.name)));
    EXPECT_TRUE(claims.notes.empty()) << claims.notes.front();
    const json audit = audit_claims({&claims, {}, {}, sizes});
    EXPECT_TRUE(audit_objects(audit));
    for (const json& claim : audit["claims"]) {
      const std::string id = claim["id"];
      EXPECT_FALSE(claim["why"].get<std::string>().empty()) << id;
      const std::string verdict = claim["verdict"];
      const bool decided = verdict == kContradicted || verdict == kImpossible ||
                           verdict == kSupported || verdict == kConditional;
      EXPECT_TRUE(!decided || !claim["bounds"].empty()) << id << " " << verdict;
    }
  }
}

TEST(ShippedClaims, TheArticle) {
  const ClaimsFile claims = value_or_throw(load_claims("r1-distill-qwen-1.5b"));
  const json audit = audit_claims({&claims, {}, {}, sizes});
  const std::map<std::string, std::string> expected = {
      {"article-math", "supported under named conditions"},
      {"article-humaneval", "not tested"},
      {"article-retention-rating", "undefined"},
      {"article-retention-semantic", "undefined"},
      {"article-llama-math", "contradicted"},
      {"article-parameters", "contradicted"},
      {"article-fp16-bytes", "contradicted"},
      {"article-q4-bytes", "contradicted"},
      {"article-llama-fp16-bytes", "contradicted"},
      {"article-rtx3060", "impossible"},
      {"article-a17", "impossible"},
      {"article-llama-rtx3060", "impossible"},
      {"article-rk3588-answer", "impossible"},
      {"article-rk3588-prefill", "not tested"},
      {"article-rk3588-peak", "not tested"},
      {"article-base-math-qwen2.5", "contradicted"},
      {"article-context", "contradicted"},
      {"article-licence", "contradicted"},
      {"article-800k", "supported under named conditions"},
      {"article-800k-reasoning", "contradicted"},
      {"article-near-7b", "undefined"},
      {"official-aime24", "supported"},
      {"official-math500", "supported under named conditions"},
      {"open-r1-llama8b", "contradicted"}};
  std::map<std::string, std::string> found;
  for (const json& claim : audit["claims"]) {
    if (expected.contains(claim["id"])) found[claim["id"]] = claim["verdict"];
  }
  EXPECT_EQ(found, expected);
}

TEST(Project, FitsOrNotAndTheBound) {
  ProjectRequest request;
  request.shape = find_shape(known_shapes(), "deepseek-r1-distill-qwen-1.5b");
  request.device = find_device(known_devices(), "rtx-3060");
  request.sizes_of = sizes;
  request.own.is_real = false;
  request.scratch_bytes = 100;
  const json out = project_model(request);
  EXPECT_EQ(out["projection"], true);
  EXPECT_EQ(out["best_precision"], "F16");
  EXPECT_EQ(out["rows"][0]["kv_bytes"], 4096 * 28672);
  EXPECT_EQ(out["rows"][0]["total_bytes"], 3554176000 + 4096 * 28672 + 100);
  EXPECT_NEAR(out["rows"][0]["bound_tokens_per_s"].get<double>(), 116.6, 0.05);
  EXPECT_EQ(out["guide"][0]["from_gib"], 3.5);
  EXPECT_THAT(project_text(out), HasSubstr("projection, nothing was measured"));
  request.shape = find_shape(known_shapes(), "llama-3-8b-instruct");
  const json large = project_model(request);
  EXPECT_EQ(large["rows"][0]["fits"], false);
  EXPECT_TRUE(large["rows"][0]["bound_tokens_per_s"].is_null());
  EXPECT_EQ(large["best_precision"], "Q8_0");
}

TEST(Project, APhonesAppGetsAPartOfTheMemory) {
  ProjectRequest request;
  request.shape = find_shape(known_shapes(), "llama-3-8b-instruct");
  request.device = find_device(known_devices(), "a17-pro");
  request.sizes_of = sizes;
  request.own.is_real = false;
  const json out = project_model(request);
  EXPECT_EQ(out["device"]["app_memory_bytes"], 4294967296);
  EXPECT_EQ(out["best_precision"], "Q2_K") << "4.5 GB of Q4_0 do not fit into 4 GiB";
  EXPECT_THAT(project_text(out), HasSubstr("4.29 GB for one app"));
  const DeviceProfile* board = find_device(known_devices(), "rk3588");
  EXPECT_THAT(board->note, Not(HasSubstr("claim"))) << "a projection has none";
}

json proof() {
  const json side = {{"model", {{"name", "m"}, {"sha256", "00"}}},
                     {"backend", {{"name", "cpu"}}},
                     {"device", {{"name", "fast machine"}}},
                     {"isa", "neon"}};
  json here = side;
  here["device"]["name"] = "board";
  return {{"bit_equal", true},
          {"transfers", true},
          {"positions", 10},
          {"run", side},
          {"positions_bit_equal", 10},
          {"here", here},
          {"why", nullptr},
          {"coverage", {{"samples", 2}, {"samples_recorded", 2}}}};
}

TEST(Transfer, AProofIsReadAndShown) {
  const TransferProof out = value_or_throw(parse_transfer_proof(proof().dump(), "p.json"));
  EXPECT_TRUE(out.transfers);
  EXPECT_THAT(transfer_in_words(out),
              AllOf(HasSubstr("its scores hold here"), HasSubstr("board (cpu, neon)"),
                    HasSubstr("fast machine")));
  json lie = proof();
  lie["positions_bit_equal"] = 9;
  EXPECT_THAT(parse_transfer_proof(lie.dump(), "p.json").error().line(),
              HasSubstr("claims a transfer with 9 of 10 positions equal"));
  EXPECT_FALSE(parse_transfer_proof("{}", "p.json").has_value());
  EXPECT_FALSE(parse_transfer_proof("x", "p.json").has_value());
  EXPECT_FALSE(is_transfer_proof(build_report(finished_run().journal())));
}

}  // namespace
}  // namespace assay::testing
