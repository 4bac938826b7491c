/// Prepared statements of one connection, by their text; the least recently used goes first.
#pragma once

#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace stoa::host::sql {

template <class Prepared>
class StatementCache {
public:
    static constexpr std::size_t kCapacity = 256;

    /// nullptr when it is not there. Valid until the next `add` or `remove`.
    Prepared* find(std::string_view text) {
        const auto found = places_.find(text);
        if (found == places_.end()) {
            return nullptr;
        }
        entries_.splice(entries_.begin(), entries_, found->second);
        return &found->second->second;
    }

    /// `text` must not be there. Closes the oldest with `close(Prepared&)` when full.
    template <class Close>
    Prepared& add(std::string_view text, Prepared prepared, Close&& close) {
        if (entries_.size() >= kCapacity) {
            close(entries_.back().second);
            places_.erase(entries_.back().first);
            entries_.pop_back();
        }
        entries_.emplace_front(std::string{text}, std::move(prepared));
        places_.emplace(entries_.front().first, entries_.begin());
        return entries_.front().second;
    }

    void remove(std::string_view text) {
        const auto found = places_.find(text);
        if (found != places_.end()) {
            const auto entry = found->second;
            places_.erase(found);
            entries_.erase(entry);
        }
    }

    std::size_t size() const { return entries_.size(); }

private:
    std::list<std::pair<std::string, Prepared>> entries_;
    std::unordered_map<std::string_view, typename decltype(entries_)::iterator> places_;
};

}  // namespace stoa::host::sql
