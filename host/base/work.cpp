#include "host/base/work.h"

#include <utility>

namespace stoa::host {
namespace {

thread_local Work* current = nullptr;
thread_local std::string error_outside;

}  // namespace

Work* currentWork() { return current; }

WorkScope::WorkScope(Work& work) : former_(std::exchange(current, &work)) {}

WorkScope::~WorkScope() { current = former_; }

void setLastError(std::string message) { (current ? current->last_error : error_outside) = std::move(message); }

const std::string& lastError() { return current ? current->last_error : error_outside; }

}  // namespace stoa::host
