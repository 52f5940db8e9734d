// Chat messages and tools: OpenAI's forms checked and brought into the form that templates expect.
#pragma once

#include "serve/api_error.h"
#include "serve/fields.h"

namespace assay::serve {

struct RequestLimits;

/// Messages of system, user, assistant and tool: text parts joined, the arguments of tool calls as
/// objects, "developer" as "system". Anything that is no text is refused by name.
ApiResult<Json> read_messages(const Json& messages, const RequestLimits& limits);

/// [{"type": "function", "function": {"name", "description", "parameters"}}], names checked.
ApiResult<Json> read_tools(const Json& tools, const RequestLimits& limits);

}  // namespace assay::serve
