/// A service's OpenAPI document as the host serves it.
#pragma once

#include <json/value.h>

#include <stoa/validate/manifest.h>

namespace stoa::host::app {

/// The plugin's own document, and in each operation what the manifest's marks and the host add to it: who may call
/// (`security`, unless the plugin says it itself) and the header Idempotency-Key. Null when the plugin has none.
Json::Value serviceDocument(const validate::Manifest& manifest);

}  // namespace stoa::host::app
