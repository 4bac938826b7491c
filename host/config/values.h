/// Every value, set or default, by its dotted path and type.
#pragma once

#include <set>
#include <string>

#include "host/config/layers.h"

namespace stoa::host::config {

/// Reading a path that is no key, or of another type, is a mistake of this program: std::logic_error.
class Values {
public:
    explicit Values(const Layers& layers) : layers_(layers) {}

    std::string text(const std::string& path) const { return value(path).asString(); }
    std::int64_t integer(const std::string& path) const { return value(path).asInt64(); }
    int small(const std::string& path) const { return value(path).asInt(); }
    double number(const std::string& path) const { return value(path).asDouble(); }
    bool boolean(const std::string& path) const { return value(path).asBool(); }
    Milliseconds duration(const std::string& path) const { return Milliseconds{value(path).asInt64()}; }
    std::vector<Milliseconds> durations(const std::string& path) const;
    Address address(const std::string& path) const;
    /// The whole of a kObject.
    Json::Value object(const std::string& path) const;

    Json::Value value(const std::string& path) const;
    /// How people see it: as written, with its origin.
    Value shown(const Path& path) const;
    const Layers& layers() const { return layers_; }
    /// Names that stand for "*" directly below `path`.
    std::set<std::string> names(const Path& path) const;
    /// Keys without "*" that nobody has read: for the test that the typed configuration lacks none.
    std::vector<std::string> unread() const;

private:
    const Layers& layers_;
    mutable std::set<std::string> read_;
};

/// The typed configuration; `values` included.
Config bind(const Values& values);
Plugin bindPlugin(const Values& values, const std::string& name);

}  // namespace stoa::host::config
