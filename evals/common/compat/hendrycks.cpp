#include "evals/common/compat/hendrycks.h"

#include "evals/common/compat/latex_repairs.h"
#include "evals/common/compat/python_text.h"

namespace assay::evals::compat {
namespace {

std::optional<std::string> hendrycks_extract(std::string_view text, const CompatTask& /*task*/) {
  return last_boxed(text);
}

CompatComparison hendrycks_equal(std::string_view gold, std::string_view prediction) {
  const auto a = hendrycks_normalised(gold);
  const auto b = hendrycks_normalised(prediction);
  // An exception in either makes it compare the texts as they came.
  const bool same = a && b ? *a == *b : gold == prediction;
  if (same) return {Verdict::equal, rung::identical};
  return {};
}

}  // namespace

std::optional<std::string> hendrycks_normalised(std::string_view answer,
                                                const HendrycksVariant& variant) {
  std::string text(answer);
  replace_all(text, "\n", "");
  replace_all(text, "\\!", "");
  replace_all(text, "\\\\", "\\");
  replace_all(text, "tfrac", "frac");
  replace_all(text, "dfrac", "frac");
  replace_all(text, "\\left", "");
  replace_all(text, "\\right", "");
  replace_all(text, "^{\\circ}", "");
  replace_all(text, "^\\circ", "");
  replace_all(text, "\\$", "");
  const auto units = split(text, "\\text{ ");  // "5\text{ cm}"
  if (units.size() > 2) return std::nullopt;
  text = std::string(units[0]);
  replace_all(text, "\\%", "");
  if (variant.bare_percent) replace_all(text, "%", "");
  replace_all(text, " .", " 0.");
  replace_all(text, "{.", "{0.");
  if (text.empty()) return text;
  if (text[0] == '.') text.insert(0, "0");
  text = without_short_left_side(text);
  const auto rooted = braced_roots(text);
  if (!rooted) return std::nullopt;
  text = *rooted;
  replace_all(text, " ", "");
  const auto fractions = braced_fractions(text);
  if (!fractions) return std::nullopt;
  text = *fractions;
  if (text == "0.5") text = "\\frac{1}{2}";
  return slash_to_fraction(text, false);
}

CompatGrader hendrycks_grader() {
  return {"hendrycks", "MATH release: last \\boxed{}, strings equal after its normalisation",
          hendrycks_extract, gold_as_is, hendrycks_equal};
}

}  // namespace assay::evals::compat
