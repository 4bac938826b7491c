// stoa-validate: may these files be loaded as plugins?

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include <fmt/format.h>

#include <stoa/json.h>
#include <stoa/validate/compatibility.h>
#include <stoa/validate/expand_only.h>
#include <stoa/validate/finding.h>
#include <stoa/validate/manifest.h>

#include "signature.h"

namespace {

using stoa::validate::Finding;
using stoa::validate::Severity;

constexpr const char* kUsage =
    "usage: stoa-validate [--json] [--errors-only] [--host PROGRAM] [--against OLD] FILE…\n"
    "\n"
    "Says whether a host may load these plugins, and runs none of them.\n"
    "  --json           one JSON object a line and file\n"
    "  --errors-only    leaves warnings out, and says nothing of a file without errors\n"
    "  --host PROGRAM   also looks for libraries that clash with those of this host\n"
    "  --against OLD    also whether FILE can take over from OLD while that serves: the migrations that it has\n"
    "                   beyond, and what callers, readers of its answers and events, and its settings rely on\n"
    "Also says whose signature lies beside FILE; a host with security.plugin_keys checks it.\n"
    "Exit code: 0 nothing found, 1 warnings, 2 errors (must not be loaded), 3 wrong usage.\n";

struct Options {
    bool json = false;
    bool errors_only = false;
    stoa::validate::Surroundings surroundings;
    std::string against;
    std::vector<std::string> files;
};

/// Returns false for wrong usage.
bool read(int argc, char** argv, Options& options) {
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--json") {
            options.json = true;
        } else if (word == "--errors-only") {
            options.errors_only = true;
        } else if (word == "--host" && i + 1 < argc) {
            options.surroundings.host_libraries = stoa::validate::neededLibraries(argv[++i]);
        } else if (word == "--against" && i + 1 < argc) {
            options.against = argv[++i];
        } else if (word.empty() || word.front() == '-') {
            return false;
        } else {
            options.files.push_back(word);
        }
    }
    return !options.files.empty();
}

const char* name(Severity severity) { return severity == Severity::kError ? "error" : "warning"; }

void printJson(const std::string& file, const std::vector<Finding>& findings) {
    Json::Value line;
    line["file"] = file;
    line["loadable"] = !stoa::validate::hasErrors(findings);
    line["findings"] = Json::Value(Json::arrayValue);
    for (const Finding& finding : findings) {
        Json::Value one;
        one["severity"] = name(finding.severity);
        one["rule"] = finding.rule;
        one["subject"] = finding.subject;
        one["reason"] = finding.reason;
        one["cure"] = finding.cure;
        if (!finding.pointer.empty()) {
            one["pointer"] = finding.pointer;
        }
        if (finding.line != 0) {
            one["statement"] = finding.statement;
            one["line"] = finding.line;
        }
        line["findings"].append(one);
    }
    if (const auto manifest = stoa::validate::readManifest(file)) {
        line["name"] = manifest->name;
        line["version"] = manifest->version;
        line["manifestSha256"] = manifest->sha256;
    }
    const auto signer = stoa::validate::signerOf(file);
    line["signedBy"] = signer && *signer ? Json::Value(**signer) : Json::Value();
    fmt::print("{}\n", stoa::writeJson(line));
}

void printText(const std::string& file, const std::vector<Finding>& findings, bool quiet) {
    for (const Finding& finding : findings) {
        const std::string place = finding.pointer.empty() ? "" : " " + finding.pointer;
        const std::string statement = finding.statement.empty() ? "" : fmt::format(" ({})", finding.statement);
        fmt::print("{}: {} [{}] {}{}: {}{}. Cure: {}.\n", file, name(finding.severity), finding.rule, finding.subject,
                   place, finding.reason, statement, finding.cure);
    }
    if (quiet || stoa::validate::hasErrors(findings)) {
        return;
    }
    if (const auto manifest = stoa::validate::readManifest(file)) {
        const auto signer = stoa::validate::signerOf(file);
        fmt::print("{}: may be loaded: {} {}, {}, {} routes, publishes {} topics, subscribes to {}\n", file,
                   manifest->name, manifest->version, signer && *signer ? "signed by " + **signer : "unsigned",
                   manifest->routes.size(), manifest->publishes.size(), manifest->subscribes.size());
    }
}

/// What stands between the running file and the next one; nothing when either can't be read, which is said elsewhere.
std::vector<Finding> takeOver(const std::string& running, const std::string& next) {
    const auto old_manifest = stoa::validate::readManifest(running);
    const auto new_manifest = stoa::validate::readManifest(next);
    if (!old_manifest) {
        return {
            {Severity::kError, "against", running, old_manifest.error(), "give the file of the version that serves"}};
    }
    if (!new_manifest) {
        return {};
    }
    auto findings = stoa::validate::checkMigrations(*old_manifest, *new_manifest);
    const auto contract = stoa::validate::checkCompatibility(*old_manifest, *new_manifest);
    findings.insert(findings.end(), contract.begin(), contract.end());
    return findings;
}

std::vector<Finding> findingsOf(const std::string& file, const Options& options) {
    auto findings = stoa::validate::validateFile(file, options.surroundings);
    if (!options.against.empty()) {
        const auto more = takeOver(options.against, file);
        findings.insert(findings.end(), more.begin(), more.end());
    }
    if (const auto signer = stoa::validate::signerOf(file); !signer) {
        findings.push_back({Severity::kWarning, "signature", file + ".sig", signer.error(),
                            "sign the file again with `stoactl sign`; hosts with security.plugin_keys refuse it"});
    }
    const auto is_error = [](const Finding& one) { return one.severity == Severity::kError; };
    const auto warnings = std::stable_partition(findings.begin(), findings.end(), is_error);
    if (options.errors_only) {
        findings.erase(warnings, findings.end());
    }
    return findings;
}

}  // namespace

int main(int argc, char** argv) {
    Options options;
    if (argc == 2 && std::string(argv[1]) == "--help") {
        std::fputs(kUsage, stdout);
        return 0;
    }
    if (!read(argc, argv, options)) {
        std::fputs(kUsage, stderr);
        return 3;
    }
    int worst = 0;
    for (const std::string& file : options.files) {
        const auto findings = findingsOf(file, options);
        options.json ? printJson(file, findings) : printText(file, findings, options.errors_only);
        worst = std::max(worst, stoa::validate::hasErrors(findings) ? 2 : findings.empty() ? 0 : 1);
    }
    return worst;
}
