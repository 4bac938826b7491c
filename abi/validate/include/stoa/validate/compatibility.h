/// Can callers and readers of the version that serves live with the next one? Routes, bodies, answers, events and
/// settings of two manifests against each other.
///
/// What the old version accepted the new one accepts; what the new one answers and publishes is valid for readers of
/// the old one, who ignore members that they don't know. Schemas are compared as sets of values: each finding is a
/// value that one has and the other must have too. Where that can't be decided (two patterns, alternatives that
/// overlap) it is a finding.
#pragma once

#include <vector>

#include <stoa/validate/finding.h>
#include <stoa/validate/manifest.h>

namespace stoa::validate {

/// Everything found, errors first; subject is the operation, topic or setting, pointer leads into its schema. Pure, any
/// thread, bounded in time. The rules are listed in the README of this folder.
std::vector<Finding> checkCompatibility(const Manifest& running, const Manifest& next);

}  // namespace stoa::validate
