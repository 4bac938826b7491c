/// Bodies that come piece by piece.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "host/http/message.h"

namespace stoa::host::http {

/// A text as a source: one piece and the end.
std::shared_ptr<BodySource> textBody(std::string text);

/// Reads `source` to its end. `done` runs once, on the thread of the last piece, with what was read; STOA_EXHAUSTED
/// beyond `limit` bytes.
void readAll(std::shared_ptr<BodySource> source, std::uint64_t limit,
             std::function<void(stoa_status status, std::string text)> done);

}  // namespace stoa::host::http
