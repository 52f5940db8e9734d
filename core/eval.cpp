#include "core/eval.h"

namespace assay {

std::string_view verdict_name(Verdict verdict) {
  switch (verdict) {
    case Verdict::equal:
      return "equal";
    case Verdict::not_equal:
      return "not_equal";
    case Verdict::undecided:
      return "undecided";
  }
  return "undecided";
}

}  // namespace assay
