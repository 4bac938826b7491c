#include "host/plugin/store.h"

#include <openssl/evp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include <stoa/base64.h>
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

std::string hashOf(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    if (!in) {
        throw Error(STOA_NOT_FOUND, file.native() + " can't be read");
    }
    const std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
    EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
    std::array<char, 64 << 10> buffer;
    while (in.read(buffer.data(), buffer.size()), in.gcount() > 0) {
        EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(in.gcount()));
    }
    if (in.bad()) {
        throw Error(STOA_UNAVAILABLE, file.native() + " could not be read to its end");
    }
    std::array<std::uint8_t, 32> digest;
    EVP_DigestFinal_ex(context.get(), digest.data(), nullptr);
    return hex(digest);
}

Store::Store(const fs::path& state) : root_(state / "store"), copies_(state / "gen" / std::to_string(getpid())) {
    // Copies of processes that are gone: the host holds the lock of its state directory, so nobody else uses them.
    std::error_code ignored;
    fs::remove_all(state / "gen", ignored);
    fs::create_directories(copies_);
    fs::create_directories(root_);
    for (const auto& entry : fs::recursive_directory_iterator(root_)) {
        // copyAtomically writes beside the file and renames: what has another ending was cut off.
        if (entry.is_regular_file() && entry.path().extension() != ".so") {
            fs::remove(entry.path(), ignored);
        }
    }
}

Staged Store::stage(const fs::path& file) {
    if (!fs::exists(file)) {
        throw Error(STOA_NOT_FOUND, fmt::format("there is no file {}", file.native()));
    }
    Staged staged;
    staged.manifest = manifestOf(file);
    refuseFindings(file);
    staged.sha256 = hashOf(file);
    const std::string& name = staged.manifest->name;
    const fs::path directory = root_ / name / directoryName(*staged.manifest, staged.sha256);
    staged.file = directory / (name + ".so");
    if (!fs::exists(staged.file)) {
        fs::create_directories(directory);
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
    return {file, sha256, manifestOf(file)};
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

fs::path Store::copyFor(const Staged& staged, std::uint64_t generation) const {
    const fs::path copy = copies_ / fmt::format("{}.{}.so", staged.manifest->name, generation);
    copyAtomically(staged.file, copy, 0500, Durability::kScratch);
    if (hashOf(copy) != staged.sha256) {
        throw Error(STOA_INVALID,
                    fmt::format("{} is damaged: remove it and stage the plugin again", staged.file.native()));
    }
    return copy;
}

}  // namespace stoa::host::plugin
