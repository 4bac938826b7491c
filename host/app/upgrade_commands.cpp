// What stoactl asks about versions of plugins: upgrade, rollback, history, new settings.

#include <algorithm>

#include <fmt/format.h>

#include <stoa/json.h>

#include "host/app/parts.h"
#include "host/config/override.h"

namespace stoa::host::app {
namespace {

using control::CommandError;
using control::Progress;
using control::Turn;

constexpr const char* kWhat = "a new configuration";

Step reportTo(Progress& progress) {
    return [&progress, began = std::chrono::steady_clock::now()](const std::string& step, const std::string& detail) {
        const auto took = std::chrono::steady_clock::now() - began;
        Json::Value line;
        line["step"] = step;
        line["detail"] = detail;
        line["ms"] = static_cast<Json::Int64>(std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
        progress.report(line);
    };
}

Json::Value historyRows(const PluginSet& plugins, const Json::Value& arguments) {
    Json::Value rows(Json::arrayValue);
    for (const plugin::HistoryEntry& entry : plugins.records().history(textOr(arguments, "service"))) {
        Json::Value row;
        row["time"] = formatTime(fromMicros(entry.at_us));
        row["what"] = entry.what;
        row["version"] = entry.version.version;
        row["sha256"] = entry.version.sha256.substr(0, 12);
        row["outcome"] = entry.outcome;
        rows.append(std::move(row));
    }
    return rows;
}

/// The plugins whose section differs from the one they run with, of all or of the one that is named.
std::vector<std::string> changedPlugins(PluginSet& plugins, const config::Config& fresh, const std::string& only) {
    std::vector<std::string> changed;
    for (const std::string& name : plugins.names()) {
        if ((only.empty() || only == name) && fresh.plugin(name).section != plugins.section(name).section) {
            changed.push_back(name);
        }
    }
    return changed;
}

/// Keys beyond the plugins' sections that the files now say otherwise: they belong to a start.
Json::Value needRestart(const config::Config& running, const config::Config& fresh) {
    Json::Value keys(Json::arrayValue);
    for (std::size_t i = 0; i < fresh.values.size(); ++i) {
        const config::Value& now = fresh.values[i];
        const auto before = std::find_if(running.values.begin(), running.values.end(),
                                         [&](const config::Value& each) { return each.path == now.path; });
        if (!now.path.starts_with("plugins.") && before != running.values.end() && before->text != now.text) {
            keys.append(now.path);
        }
    }
    return keys;
}

}  // namespace

Json::Value Host::Parts::setConfig(const Json::Value& arguments, const Step& step) {
    const std::string name = textOr(arguments, "service");
    if (!plugins->find(name)) {
        throw CommandError("not_found", fmt::format("this host runs no {}", name),
                           "`stoactl plugins` lists what it runs");
    }
    std::vector<std::string> assignments;
    for (const Json::Value& each : arguments["values"]) {
        assignments.push_back(each.asString());
    }
    // The turn first: the file of values has one writer at a time, too.
    const auto turn = plugins->turn(name, kWhat);
    try {
        config::Override values(config.state, name, assignments);
        const config::Config fresh = reload();
        Json::Value result;
        result["changed"] = Json::Value(Json::arrayValue);
        if (!changedPlugins(*plugins, fresh, name).empty()) {
            result["changed"].append(plugins->reconfigure(*turn, fresh.plugin(name), step));
        } else {
            result["note"] =
                "nothing changed: these values are in force already, or an environment variable or a flag is "
                "stronger; see `stoactl config`";
        }
        values.keep();
        return result;
    } catch (const config::ConfigError& mistake) {
        throw CommandError("invalid", mistake.what(), "nothing was changed");
    }
}

Json::Value Host::Parts::reloadConfig(const Json::Value& arguments, const Step& step) {
    try {
        const config::Config fresh = reload();
        Json::Value result;
        result["changed"] = Json::Value(Json::arrayValue);
        for (const std::string& name : changedPlugins(*plugins, fresh, textOr(arguments, "service"))) {
            const auto turn = plugins->turn(name, kWhat);
            // Read again: somebody may have set something else before it was our turn.
            result["changed"].append(plugins->reconfigure(*turn, reload().plugin(name), step));
        }
        result["need_restart"] = needRestart(config, fresh);
        return result;
    } catch (const config::ConfigError& mistake) {
        throw CommandError("invalid", mistake.what(), "nothing was changed: mend the file and try again");
    }
}

/// They take turns by service (Turns), so that a canary of one does not keep the others waiting.
void Host::Parts::addUpgradeCommands() {
    const auto changing = [this](const std::string& name, auto command) {
        control->add(
            name,
            [command](const Json::Value& arguments, Progress& progress) {
                return Json::Value(command(arguments, reportTo(progress)));
            },
            Turn::kAnytime);
    };
    control->add(
        "upgrade",
        [this](const Json::Value& arguments, Progress& progress) {
            return arguments.isMember("fleet")
                       ? upgradeFleet(arguments, progress)
                       : plugins->upgrade(textOr(arguments, "file"), upgradeOptions(arguments), reportTo(progress));
        },
        Turn::kAnytime);
    changing("rollback", [this](const Json::Value& arguments, const Step& step) {
        return plugins->rollBack(textOr(arguments, "service"), step);
    });
    changing("history", [this](const Json::Value& arguments, const Step&) { return historyRows(*plugins, arguments); });
    changing("config set",
             [this](const Json::Value& arguments, const Step& step) { return setConfig(arguments, step); });
    changing("config reload",
             [this](const Json::Value& arguments, const Step& step) { return reloadConfig(arguments, step); });
}

}  // namespace stoa::host::app
