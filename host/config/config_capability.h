/// "stoa.config/1": the plugin's own settings, as they were when its generation began.
#pragma once

#include <memory>

#include "host/plugin/capability.h"

namespace stoa::host::config {

std::unique_ptr<plugin::Capability> configCapability();

}  // namespace stoa::host::config
