/// A durable log in one SQLite file, shared by the hosts of one machine.
#pragma once

#include <memory>
#include <string>

#include "host/events/embedded/log_file.h"
#include "host/events/event_log.h"

namespace stoa::host::events::embedded {

/// `member` is the host's id. Throws STOA_UNAVAILABLE when the file can't be opened.
std::unique_ptr<EventLog> openEmbeddedLog(const std::string& path, const std::string& member,
                                          EmbeddedOptions options = {});

}  // namespace stoa::host::events::embedded
