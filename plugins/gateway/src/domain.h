/// What the gateway lets through, to whom, and for how long; without input and output.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace gateway {

/// Whether a route's marks ("user service") name nobody but services: then it is not there for the outside.
bool isInternal(std::string_view auth);
/// What the host has to ask of the caller for a route with these marks: "public", "user" or "staff". With marks that
/// are not known: "staff", the strictest.
std::string requirement(std::string_view auth);

/// Headers that no service gets from outside. The host drops hop-by-hop headers and sets its own in any case.
std::vector<std::string> droppedHeaders();

/// Web origins whose pages may call (Fetch standard, CORS).
class Origins {
public:
    explicit Origins(std::vector<std::string> allowed) : allowed_(std::move(allowed)) {}
    bool allows(std::string_view origin) const;

private:
    std::vector<std::string> allowed_;
};

/// Milliseconds by route.
class Deadlines {
public:
    /// An empty method stands for all; a method that is named is the closer fit.
    void set(const std::string& method, const std::string& path, std::uint32_t milliseconds);
    /// 0: the host's own.
    std::uint32_t of(std::string_view method, std::string_view path) const;

private:
    std::map<std::string, std::uint32_t> milliseconds_;
};

}  // namespace gateway
