// What a template finds without defining it: filters, tests, functions and methods.
#pragma once

#include <string_view>

#include "model/jinja/runtime.h"
#include "model/jinja/value.h"

namespace assay::jinja {

using Filter = Value (*)(Runtime&, const Value& input, const Arguments&);
using Test = bool (*)(Runtime&, const Value& input, const Arguments&);

/// By name; null if there is none.
Filter find_filter(std::string_view name);
Test find_test(std::string_view name);
/// False: the parser refuses the template.
bool is_filter(std::string_view name);
bool is_test(std::string_view name);
/// Names that Jinja defines and this subset does not.
bool is_refused_name(std::string_view name);

/// Functions of the environment, by name: range, dict, namespace, raise_exception, strftime_now.
const Entries& global_functions();

/// The method of a built-in type bound to its object, or nothing where Python has no such
/// attribute. Fails by name for those that Python has and this subset has not.
bool bind_method(Runtime& runtime, const Value& self, std::string_view name, Value* bound);

/// `date_iso` ("2026-01-31" or "2026-01-31T13:05:09") written as `format` says, in English.
std::string format_date(Runtime& runtime, std::string_view format);

}  // namespace assay::jinja
