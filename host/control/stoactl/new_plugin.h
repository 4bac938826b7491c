/// `stoactl new NAME`: a folder with a complete plugin, made from abi/template.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stoa::stoactl {

/// A file of the template: its path in the folder, and its text. Both speak of a service called "newcomer".
struct TemplateFile {
    std::string_view path;
    std::string_view text;
};

/// Compiled in (embed_template.cmake), in the order of their paths.
std::span<const TemplateFile> templateFiles();

/// Why this can't be the name of a new service; empty when it can.
std::string nameProblem(std::string_view name);

/// `text` with the service's name in the place of the template's: newcomer becomes loyalty_points, Newcomer
/// LoyaltyPoints.
std::string renamed(std::string_view text, std::string_view name);

/// Writes `parent`/`name` and returns the paths of its files, relative to it. Throws stoa::Error: STOA_INVALID for a
/// name that can't be, STOA_CONFLICT when the folder exists (nothing is ever overwritten), STOA_UNAVAILABLE when it
/// can't be written; nothing is left behind then.
std::vector<std::string> writePlugin(const std::filesystem::path& parent, const std::string& name);

/// For people: what was written, and what to do with it.
std::string account(const std::filesystem::path& parent, const std::string& name,
                    const std::vector<std::string>& files);

}  // namespace stoa::stoactl
