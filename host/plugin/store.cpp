#include "host/plugin/store.h"

#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <stoa/error.h>
#include <stoa/validate/finding.h>

#include "host/base/atomic_file.h"

namespace stoa::host::plugin {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kShortHash = 12;

std::string directoryName(const validate::Manifest& manifest, const std::string& sha256) {
    return manifest.version + "+" + sha256.substr(0, kShortHash);
}

std::shared_ptr<const validate::Manifest> manifestOf(const fs::path& file) {
    auto manifest = validate::readManifest(file.native());
    if (!manifest) {
        throw Error(STOA_INVALID, fmt::format("{}: {}", file.native(), manifest.error()));
    }
    return std::make_shared<const validate::Manifest>(std::move(*manifest));
}

void refuseFindings(const fs::path& file) {
    std::string reasons;
    const validate::Surroundings here{validate::residentLibraries()};
    for (const validate::Finding& finding : validate::validateFile(file.native(), here)) {
        if (finding.severity == validate::Severity::kError) {
            reasons += fmt::format("\n  {}: {} ({})", finding.subject, finding.reason, finding.cure);
        }
    }
    if (!reasons.empty()) {
        throw Error(STOA_INVALID, fmt::format("{} may not be loaded:{}", file.native(), reasons));
    }
}

}  // namespace

Store::Store(const fs::path& state, security::PluginTrust trust)
    : root_(state / "store"), copies_(state / "gen" / std::to_string(getpid())), trust_(std::move(trust)) {
    // Copies of processes that are gone: the host holds the lock of its state directory, so nobody else uses them.
    std::error_code ignored;
    fs::remove_all(state / "gen", ignored);
    fs::create_directories(copies_);
    fs::create_directories(root_);
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
        // copyAtomically writes beside the file and renames: what has another ending was cut off.
        const fs::path ending = entry.path().extension();
        if (entry.is_regular_file() && ending != ".so" && ending != ".sig") {
            fs::remove(entry.path(), ignored);
        }
    }
}

std::shared_ptr<const validate::Manifest> Store::look(const fs::path& file) {
    if (!fs::exists(file)) {
        throw Error(STOA_NOT_FOUND, fmt::format("there is no file {}", file.native()));
    }
    return manifestOf(file);
}

Staged Store::stage(const fs::path& file) {
    Staged staged;
    staged.manifest = look(file);
    staged.sha256 = hashOf(file);
    const security::Vouched vouched = trust_.check(file, {staged.sha256, staged.manifest->sha256});
    staged.signer = vouched.signer;
    refuseFindings(file);
    const std::string& name = staged.manifest->name;
    const fs::path directory = root_ / name / directoryName(*staged.manifest, staged.sha256);
    staged.file = directory / (name + ".so");
    fs::create_directories(directory);
    // The signature first: a file that is there has the signature with which it came.
    if (vouched.signature.empty()) {
        fs::remove(security::signatureFileOf(staged.file));
    } else {
        writeAtomically(security::signatureFileOf(staged.file), vouched.signature, 0400);
    }
    if (!fs::exists(staged.file)) {
        copyAtomically(file, staged.file);
    }
    if (hashOf(staged.file) != staged.sha256) {
        throw Error(STOA_INVALID, fmt::format("{} changed while it was copied: try again", file.native()));
    }
    return staged;
}

Staged Store::find(const std::string& name, const std::string& version, const std::string& sha256) const {
    const fs::path file = root_ / name / (version + "+" + sha256.substr(0, kShortHash)) / (name + ".so");
    if (!fs::exists(file) || hashOf(file) != sha256) {
        throw Error(STOA_NOT_FOUND, fmt::format("the store has no {} {} with hash {}: upgrade to a file instead", name,
                                                version, sha256.substr(0, kShortHash)));
    }
    const auto manifest = manifestOf(file);
    return {file, sha256, manifest, trust_.check(file, {sha256, manifest->sha256}).signer};
}

void Store::collect(const std::string& name, const std::set<std::string>& wanted, std::size_t keep) const {
    std::vector<std::pair<fs::file_time_type, fs::path>> versions;
    std::size_t kept = 0;
    std::error_code ignored;
    for (const auto& entry : fs::directory_iterator(root_ / name, ignored)) {
        const std::string directory = entry.path().filename().native();
        const std::string short_hash = directory.substr(directory.rfind('+') + 1);
        const bool named = std::any_of(wanted.begin(), wanted.end(),
                                       [&](const std::string& sha256) { return sha256.starts_with(short_hash); });
        if (named) {
            ++kept;
        } else {
            versions.emplace_back(entry.last_write_time(ignored), entry.path());
        }
    }
    std::sort(versions.rbegin(), versions.rend());
    for (const auto& [written, path] : versions) {
        if (kept++ >= keep) {
            fs::remove_all(path, ignored);  // what can't be removed now is tried after the next upgrade
        }
    }
}

void Store::verify(const Staged& staged) const { verify(staged.file, staged); }

void Store::verify(const fs::path& bytes, const Staged& staged) const {
    if (hashOf(bytes) != staged.sha256) {
        throw Error(STOA_INVALID,
                    fmt::format("{} is damaged: remove it and stage the plugin again", staged.file.native()));
    }
    // Whoever may write to the store may have put another file there with its hash; a key may have been taken away.
    trust_.check(staged.file, {staged.sha256, staged.manifest->sha256});
}

fs::path Store::copyFor(const Staged& staged, std::uint64_t generation) const {
    const fs::path copy = copies_ / fmt::format("{}.{}.so", staged.manifest->name, generation);
    copyAtomically(staged.file, copy, 0500, Durability::kScratch);
    verify(copy, staged);
    return copy;
}

}  // namespace stoa::host::plugin
