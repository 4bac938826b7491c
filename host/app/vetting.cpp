// What is asked of a new version before it is let into the process.

#include <fmt/format.h>

#include <stoa/validate/compatibility.h>
#include <stoa/validate/expand_only.h>

#include "host/app/plugin_set.h"
#include "host/observe/log.h"

namespace stoa::host::app {
namespace {

std::string textOf(const validate::Finding& finding) {
    return fmt::format("{}: {} ({})", finding.subject, finding.reason, finding.cure);
}

/// The errors among the findings, a line each; the rest goes to `warnings`.
std::string errorsOf(const std::vector<validate::Finding>& findings, std::vector<std::string>& warnings) {
    std::string errors;
    for (const validate::Finding& finding : findings) {
        if (finding.severity == validate::Severity::kError) {
            errors += "\n  " + textOf(finding);
        } else {
            warnings.push_back(textOf(finding));
        }
    }
    return errors;
}

std::filesystem::path probeProgram() {
    return std::filesystem::read_symlink("/proc/self/exe").parent_path() / "stoa-probe";
}

}  // namespace

std::vector<std::string> PluginSet::checkAgainst(const validate::Manifest& running, const validate::Manifest& next,
                                                 bool allow_breaking) {
    std::vector<std::string> warnings;
    const std::string migrations = errorsOf(validate::checkMigrations(running, next), warnings);
    if (!migrations.empty()) {
        throw Error(STOA_INVALID, "its migrations would break the version that serves meanwhile:" + migrations);
    }
    const std::string contract = errorsOf(validate::checkCompatibility(running, next), warnings);
    if (contract.empty()) {
        return warnings;
    }
    if (!allow_breaking) {
        throw Error(STOA_INVALID,
                    "it would break callers or readers of the version that serves (--allow-breaking "
                    "publishes it all the same):" +
                        contract);
    }
    observe::warn("a version that breaks the contract of the one before is let in",
                  {{"service", next.name}, {"version", next.version}, {"findings", contract}});
    warnings.push_back("let in by --allow-breaking:" + contract);
    return warnings;
}

probe::ProbeResult PluginSet::probed(const plugin::Staged& staged) {
    const config::Upgrade& wanted = surroundings_.config.upgrade;
    probe::ProbeOptions options;
    options.program = probeProgram();
    store_.verify(staged);
    options.file = staged.file;
    options.settings = section(staged.manifest->name).settings;
    options.timeout = wanted.probe_timeout;
    options.memory_bytes = static_cast<std::uint64_t>(wanted.probe_memory);
    probe::ProbeResult result = probe::probe(options);
    if (!result.passed) {
        std::string lines;
        for (const std::string& line : result.last_log_lines) {
            lines += "\n  | " + line;
        }
        throw Error(STOA_INVALID,
                    fmt::format("it failed in the probe, at \"{}\": {}{}", result.stage, result.reason, lines));
    }
    return result;
}

}  // namespace stoa::host::app
