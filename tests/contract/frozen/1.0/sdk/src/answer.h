/// Puts answers into the host's response.
#pragma once

#include <stoa/host.h>
#include <stoa/problem.h>
#include <stoa/response.h>

namespace stoa::detail {

void setAnswer(const Capabilities& capabilities, stoa_response* into, const Response& response);
void setAnswer(const Capabilities& capabilities, stoa_response* into, const Problem& problem);

}  // namespace stoa::detail
