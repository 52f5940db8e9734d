// The blind rating sheet: chains for people to rate, without anything that would tell them what the
// program or the answer key says.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "harness/chain/chain_file.h"

namespace assay {

/// What raters fill in, one column each.
struct SheetQuestion {
  std::string_view name;
  std::string_view text;
};
std::span<const SheetQuestion> sheet_questions();

struct RatingSheet {
  std::string sheet;  ///< CSV: chain, question, text, then the empty columns of sheet_questions()
  std::string key;    ///< CSV: chain, id, where: to be kept from the raters
};

/// Rows in an order that depends only on the texts (by their SHA-256), so that neither the file's
/// order nor a model's name shows. RFC 4180; a cell that a spreadsheet would read as a formula gets
/// an apostrophe before it; control characters are replaced.
RatingSheet rating_sheet(std::span<const ChainText> chains);

/// One cell, quoted and made harmless.
std::string csv_cell(std::string_view text);

}  // namespace assay
