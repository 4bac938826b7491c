#include "host/plugin/records.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/json.h>

#include "host/base/atomic_file.h"

namespace stoa::host::plugin {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHistoryKept = 500;
constexpr std::uintmax_t kHistoryBytes = 512 << 10;

Json::Value toJson(const Version& version) {
    Json::Value json;
    json["version"] = version.version;
    json["sha256"] = version.sha256;
    return json;
}

Version versionOf(const Json::Value& json) { return {textOr(json, "version"), textOr(json, "sha256")}; }

Json::Value toJson(const HistoryEntry& entry) {
    Json::Value json = toJson(entry.version);
    json["atUs"] = static_cast<Json::Int64>(entry.at_us);
    json["what"] = entry.what;
    json["outcome"] = entry.outcome;
    return json;
}

std::optional<std::string> contentOf(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return in ? std::optional(std::string{std::istreambuf_iterator<char>(in), {}}) : std::nullopt;
}

/// The file as JSON of this type; nothing when it is not there.
std::optional<Json::Value> readJson(const fs::path& file, Json::ValueType type, const char* cure) {
    const auto text = contentOf(file);
    if (!text) {
        return std::nullopt;
    }
    auto json = parseJson(*text);
    if (!json || json->type() != type) {
        throw Error(STOA_INVALID, fmt::format("{} is damaged ({}): {}", file.native(),
                                              json ? "not what the host writes" : json.error(), cure));
    }
    return std::move(*json);
}

}  // namespace

Records::Records(const fs::path& state) : root_(state / "plugins") {
    std::error_code ignored;
    for (const auto& entry : fs::recursive_directory_iterator(root_, ignored)) {
        // writeAtomically writes beside the file and renames: what has another ending was cut off.
        const fs::path ending = entry.path().extension();
        if (entry.is_regular_file(ignored) && ending != ".json" && ending != ".jsonl") {
            fs::remove(entry.path(), ignored);
        }
    }
}

std::optional<ActiveRecord> Records::active(const std::string& name) const {
    const auto json = readJson(root_ / name / "active.json", Json::objectValue, "remove it to start from --plugin");
    if (!json) {
        return std::nullopt;
    }
    ActiveRecord record;
    record.active = versionOf(*json);
    record.source_sha256 = textOr(*json, "sourceSha256");
    if ((*json)["previous"].isObject()) {
        record.previous = versionOf((*json)["previous"]);
    }
    record.why = textOr(*json, "why");
    record.at_us = (*json)["atUs"].asInt64();
    return record;
}

void Records::activate(const std::string& name, const ActiveRecord& record) const {
    Json::Value json = toJson(record.active);
    json["sourceSha256"] = record.source_sha256;
    if (record.previous) {
        json["previous"] = toJson(*record.previous);
    }
    json["why"] = record.why;
    json["atUs"] = static_cast<Json::Int64>(record.at_us);
    fs::create_directories(root_ / name);
    writeAtomically(root_ / name / "active.json", writeJson(json) + "\n");
}

std::vector<HistoryEntry> Records::history(const std::string& name) const {
    std::vector<HistoryEntry> entries;
    std::istringstream lines(contentOf(root_ / name / "history.jsonl").value_or(""));
    for (std::string line; std::getline(lines, line);) {
        // The last line may have been cut off by a kill; it says nothing that active.json does not.
        if (const auto json = parseJson(line); json && json->isObject()) {
            entries.push_back(
                {(*json)["atUs"].asInt64(), textOr(*json, "what"), versionOf(*json), textOr(*json, "outcome")});
        }
    }
    return entries;
}

void Records::remember(const std::string& name, const HistoryEntry& entry) const {
    const fs::path file = root_ / name / "history.jsonl";
    fs::create_directories(root_ / name);
    std::error_code missing;
    if (const auto size = fs::file_size(file, missing); !missing && size > kHistoryBytes) {
        std::string text;
        const auto entries = history(name);
        for (std::size_t i = entries.size() > kHistoryKept ? entries.size() - kHistoryKept : 0; i < entries.size();
             ++i) {
            text += writeJson(toJson(entries[i])) + "\n";
        }
        writeAtomically(file, text);
    }
    // Not synced: it tells people what happened, and decides nothing.
    if (!(std::ofstream(file, std::ios::app) << writeJson(toJson(entry)) + "\n").flush()) {
        throw Error(STOA_EXHAUSTED, fmt::format("{} can't be written: is the disk full?", file.native()));
    }
}

std::vector<Quarantined> Records::allQuarantined(const std::string& name) const {
    std::vector<Quarantined> entries;
    const auto json = readJson(root_ / name / "quarantine.json", Json::arrayValue,
                               "remove it; versions that were withdrawn may then be loaded again");
    for (const Json::Value& each : json.value_or(Json::Value(Json::arrayValue))) {
        entries.push_back({versionOf(each), textOr(each, "why"), each["atUs"].asInt64()});
    }
    return entries;
}

void Records::writeQuarantine(const std::string& name, const std::vector<Quarantined>& entries) const {
    Json::Value json(Json::arrayValue);
    for (const Quarantined& each : entries) {
        Json::Value row = toJson(each.version);
        row["why"] = each.why;
        row["atUs"] = static_cast<Json::Int64>(each.at_us);
        json.append(std::move(row));
    }
    fs::create_directories(root_ / name);
    writeAtomically(root_ / name / "quarantine.json", writeJson(json) + "\n");
}

std::optional<Quarantined> Records::quarantined(const std::string& name, const std::string& sha256) const {
    const auto entries = allQuarantined(name);
    const auto found = std::find_if(entries.begin(), entries.end(),
                                    [&](const Quarantined& each) { return each.version.sha256 == sha256; });
    return found == entries.end() ? std::nullopt : std::optional(*found);
}

void Records::quarantine(const std::string& name, const Quarantined& entry) const {
    auto entries = allQuarantined(name);
    std::erase_if(entries, [&](const Quarantined& each) { return each.version.sha256 == entry.version.sha256; });
    entries.push_back(entry);
    writeQuarantine(name, entries);
}

void Records::release(const std::string& name, const std::string& sha256) const {
    auto entries = allQuarantined(name);
    if (std::erase_if(entries, [&](const Quarantined& each) { return each.version.sha256 == sha256; }) > 0) {
        writeQuarantine(name, entries);
    }
}

}  // namespace stoa::host::plugin
