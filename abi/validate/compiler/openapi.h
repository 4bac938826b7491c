/// OpenAPI 3.1 → what a manifest's routes need.
#pragma once

#include <map>
#include <set>
#include <string>

#include <json/value.h>

#include "document.h"

namespace stoa::validate {

/// One operation, ready for a route of the compiled manifest.
struct Operation {
    std::string method;
    std::string path;
    std::string pointer;     ///< where it stands
    Json::Value parameters;  ///< list of {name, in, required, type, schema, example?}
    Json::Value body;        ///< {contentTypes, required, schema?, example}, or null
    Json::Value responses;   ///< JSON schemas by status
};

/// Every operation by its operationId. Compiles every schema of the document on the way, and checks every example.
/// Throws SourceError.
std::map<std::string, Operation> readOperations(const Document& document);

}  // namespace stoa::validate
