// Filters on sequences, for the table in filters.cpp.
#pragma once

#include <cstdint>
#include <string>

#include "model/jinja/runtime.h"

namespace assay::jinja {

Value length_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value first_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value last_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value join_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value list_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value items_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value dictsort_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value map_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value select_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value reject_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value selectattr_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value rejectattr_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value reverse_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value sort_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value unique_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value min_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value max_filter(Runtime& runtime, const Value& input, const Arguments& arguments);
Value sum_filter(Runtime& runtime, const Value& input, const Arguments& arguments);

/// str.replace at the budget's expense; refused before the memory is taken.
std::string checked_replace(Runtime& runtime, const std::string& text, const std::string& from,
                            const std::string& to, std::int64_t limit);

/// str.join: the items' texts with `separator` between them.
Value join_texts(Runtime& runtime, const std::string& separator, const std::vector<Value>& items);

}  // namespace assay::jinja
