/// What this host remembers of each plugin over restarts: `<state>/plugins/<name>/`.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace stoa::host::plugin {

/// A file of the store, as records name it.
struct Version {
    std::string version;
    std::string sha256;

    bool operator==(const Version&) const = default;
    /// "1.2.0+0123456789ab"
    std::string text() const { return version + "+" + sha256.substr(0, 12); }
};

/// `active.json`: which version runs, also after a restart.
struct ActiveRecord {
    Version active;
    std::string source_sha256;        ///< of the file given by --plugin when it was last looked at
    std::optional<Version> previous;  ///< what `stoactl rollback` goes back to
    std::string why;                  ///< "start", "upgrade", "rollback", "config"
    std::int64_t at_us = 0;
};

/// A line of `history.jsonl`.
struct HistoryEntry {
    std::int64_t at_us = 0;
    std::string what;     ///< "start", "upgrade", "rollback", "config", "refused", "withdrawn"
    Version version;      ///< that it was about
    std::string outcome;  ///< a sentence: why it was refused, the numbers of a canary, or empty
};

/// A version that a canary withdrew or an operator rolled back: not taken again without --force.
struct Quarantined {
    Version version;
    std::string why;
    std::int64_t at_us = 0;
};

/// [control] One per host. Files appear by rename: a kill at any moment leaves each one as it was or as it is to be.
/// Every function throws stoa::Error: STOA_INVALID for a file that is damaged, naming it, STOA_EXHAUSTED for a full
/// disk.
class Records {
public:
    /// Sweeps what a kill left half written.
    explicit Records(const std::filesystem::path& state);

    /// Nothing when the plugin never ran here.
    std::optional<ActiveRecord> active(const std::string& name) const;
    /// Synced when it returns: this is the moment that decides what runs after a crash.
    void activate(const std::string& name, const ActiveRecord& record) const;

    /// Oldest first; the last few hundred are kept.
    std::vector<HistoryEntry> history(const std::string& name) const;
    void remember(const std::string& name, const HistoryEntry& entry) const;

    std::optional<Quarantined> quarantined(const std::string& name, const std::string& sha256) const;
    void quarantine(const std::string& name, const Quarantined& entry) const;
    /// With --force: it may run again.
    void release(const std::string& name, const std::string& sha256) const;

private:
    std::vector<Quarantined> allQuarantined(const std::string& name) const;
    void writeQuarantine(const std::string& name, const std::vector<Quarantined>& entries) const;

    std::filesystem::path root_;
};

}  // namespace stoa::host::plugin
