#include "host/control/stoactl/table.h"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/observe/json_text.h"

namespace stoa::stoactl {
namespace {

struct Column {
    std::string_view key;
    std::string_view title;
};

struct Layout {
    std::string_view command;
    std::array<Column, 10> columns;
    std::string_view empty;  ///< instead of a table without rows
};

constexpr Layout kLayouts[] = {
    {"plugins",
     {{{"name", "NAME"},
       {"version", "VERSION"},
       {"generation", "GEN"},
       {"state", "STATE"},
       {"since", "SINCE"},
       {"requests", "REQUESTS"},
       {"errors", "ERRORS"},
       {"in_flight", "IN FLIGHT"},
       {"memory_bytes", "MEMORY"},
       {"waits_for", "WAITS FOR"}}},
     "no plugin is loaded"},
    {"routes",
     {{{"listener", "LISTENER"},
       {"method", "METHOD"},
       {"path", "PATH"},
       {"service", "SERVICE"},
       {"auth", "AUTH"},
       {"operation", "OPERATION"}}},
     "no route is served"},
    {"topics",
     {{{"name", "TOPIC"}, {"partitions", "PARTITIONS"}, {"records", "RECORDS"}, {"groups", "LAG BY GROUP"}}},
     "there are no topics"},
    {"parked",
     {{{"service", "SERVICE"},
       {"position", "POSITION"},
       {"topic", "TOPIC"},
       {"key", "KEY"},
       {"event_id", "EVENT"},
       {"tries", "TRIES"},
       {"next_try", "NEXT TRY"},
       {"reason", "REASON"}}},
     "nothing is parked"},
    {"dlq list",
     {{{"id", "ID"},
       {"key", "KEY"},
       {"event_id", "EVENT"},
       {"tries", "TRIES"},
       {"time", "TIME"},
       {"reason", "REASON"}}},
     "there are no dead letters"},
    {"history",
     {{{"time", "TIME"}, {"what", "WHAT"}, {"version", "VERSION"}, {"sha256", "FILE"}, {"outcome", "OUTCOME"}}},
     "nothing has been loaded yet"},
    {"config", {{{"path", "KEY"}, {"value", "VALUE"}, {"origin", "FROM"}}}, "there is no configuration"},
};

std::string groupText(const Json::Value& group) {
    return fmt::format("{}={}", textOr(group, "group"), group["lag"].isIntegral() ? group["lag"].asInt64() : 0);
}

/// One cell: text as it is, lists with commas, anything else as JSON.
std::string cell(const Json::Value& value) {
    std::string text;
    if (value.isNull()) {
        return "-";
    }
    if (value.isArray()) {
        for (const Json::Value& item : value) {
            text += text.empty() ? "" : ", ";
            text += item.isObject() && item.isMember("lag") ? groupText(item) : cell(item);
        }
    } else {
        host::observe::appendPrintable(text, value.isString() ? value.asString() : writeJson(value));
    }
    return text.empty() ? "-" : text;
}

/// Bytes are for programs; people read larger units.
std::string bytesText(double bytes) {
    constexpr double kMebibyte = 1 << 20;
    return bytes < kMebibyte ? fmt::format("{:.0f} KiB", bytes / 1024) : fmt::format("{:.1f} MiB", bytes / kMebibyte);
}

std::string cell(const Column& column, const Json::Value& value) {
    return column.key == "memory_bytes" && value.isNumeric() ? bytesText(value.asDouble()) : cell(value);
}

/// Columns on a terminal: continuation bytes of UTF-8 take none.
std::size_t widthOf(const std::string& text) {
    return static_cast<std::size_t>(
        std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string table(std::span<const Column> columns, const Json::Value& rows) {
    std::vector<std::vector<std::string>> cells(1);
    for (const Column& column : columns) {
        cells[0].emplace_back(column.title);
    }
    for (const Json::Value& row : rows) {
        auto& line = cells.emplace_back();
        for (const Column& column : columns) {
            line.push_back(cell(column, row.isObject() ? row[std::string(column.key)] : Json::Value()));
        }
    }
    std::vector<std::size_t> widths(columns.size(), 0);
    for (const auto& line : cells) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            widths[i] = std::max(widths[i], widthOf(line[i]));
        }
    }
    std::string out;
    for (const auto& line : cells) {
        for (std::size_t i = 0; i < line.size(); ++i) {
            out += line[i];
            if (i + 1 < line.size()) {
                out.append(widths[i] - widthOf(line[i]) + 2, ' ');
            }
        }
        out += '\n';
    }
    return out;
}

const Layout* layoutOf(std::string_view command) {
    const auto* found = std::find_if(std::begin(kLayouts), std::end(kLayouts),
                                     [&](const Layout& layout) { return layout.command == command; });
    return found == std::end(kLayouts) ? nullptr : found;
}

std::string rows(const Layout& layout, const Json::Value& list) {
    if (list.empty()) {
        return std::string(layout.empty) + "\n";
    }
    const auto end = std::find_if(layout.columns.begin(), layout.columns.end(),
                                  [](const Column& column) { return column.key.empty(); });
    return table({layout.columns.begin(), end}, list);
}

void namesAndValues(std::string& out, const Json::Value& object, std::string_view indent) {
    std::size_t width = 0;
    for (const std::string& name : object.getMemberNames()) {
        width = std::max(width, name.size());
    }
    for (const std::string& name : object.getMemberNames()) {
        const Json::Value& value = object[name];
        if (value.isObject()) {
            out += fmt::format("{}{}\n", indent, name);
            namesAndValues(out, value, std::string(indent) + "  ");
        } else if (!(value.isString() && value.asString().empty())) {
            out += fmt::format("{}{:<{}}  {}\n", indent, name, width, cell(value));
        }
    }
}

/// What happened in a sentence, and what one should know besides.
std::string summary(const Json::Value& result) {
    std::string out = cell(result["summary"]) + "\n";
    for (const char* list : {"warnings", "notes"}) {
        for (const Json::Value& line : result[list]) {
            out += fmt::format("{}: {}\n", std::string_view(list) == "notes" ? "note" : "warning", cell(line));
        }
    }
    return out;
}

}  // namespace

std::string render(std::string_view command, const Json::Value& result) {
    const Layout* layout = layoutOf(command);
    if (layout != nullptr && result.isArray()) {
        return rows(*layout, result);
    }
    if (!result.isObject()) {
        return result.isNull() ? "done\n" : cell(result) + "\n";
    }
    if (result["summary"].isString()) {
        return summary(result);
    }
    Json::Value rest = result;
    Json::Value plugins;
    if (command == "status") {
        rest.removeMember("plugins", &plugins);
    }
    std::string out;
    namesAndValues(out, rest, "");
    if (plugins.isArray()) {
        out += "\n" + rows(*layoutOf("plugins"), plugins);
    }
    return out.empty() ? "done\n" : out;
}

std::string renderProgress(const Json::Value& step) {
    if (!step.isObject()) {
        return cell(step);
    }
    std::string text = textOr(step, "address");
    text += (text.empty() ? "" : " ") + cell(step["step"]);
    if (step["ms"].isIntegral()) {
        text = fmt::format("{:>7} ms  {}", step["ms"].asInt64(), text);
    }
    if (!textOr(step, "detail").empty()) {
        text += ": " + cell(step["detail"]);
    }
    return text;
}

}  // namespace stoa::stoactl
