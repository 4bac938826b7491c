#include "host/control/stoactl/new_plugin.h"

#include <algorithm>
#include <cctype>
#include <fstream>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::stoactl {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kTemplateName = "newcomer";
constexpr std::size_t kLongestName = 40;

/// The name becomes a namespace and a target of CMake: words of C++, names that the C library has at global scope, and
/// targets that every build has already.
constexpr std::string_view kTaken[] = {
    "abs",      "access",   "all",       "and",       "asm",     "auto",       "bool",     "break",    "case",
    "catch",    "char",     "class",     "clean",     "clock",   "const",      "continue", "decltype", "default",
    "delete",   "depend",   "div",       "do",        "double",  "edit_cache", "else",     "enum",     "exit",
    "explicit", "export",   "extern",    "false",     "float",   "for",        "free",     "friend",   "goto",
    "help",     "if",       "index",     "inline",    "install", "int",        "json",     "link",     "log",
    "long",     "main",     "mutable",   "namespace", "new",     "not",        "operator", "or",       "package",
    "pause",    "private",  "protected", "public",    "random",  "read",       "register", "remove",   "rename",
    "requires", "return",   "round",     "select",    "short",   "signal",     "signed",   "sizeof",   "sleep",
    "stat",     "static",   "std",       "stoa",      "strict",  "struct",     "switch",   "system",   "template",
    "test",     "this",     "throw",     "time",      "true",    "try",        "typedef",  "typeid",   "typename",
    "union",    "unsigned", "using",     "virtual",   "void",    "volatile",   "wait",     "while",    "write",
    "xor",
};

std::string replaced(std::string text, std::string_view from, std::string_view to) {
    for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
        text.replace(at, from.size(), to);
    }
    return text;
}

/// loyalty_points as a type: LoyaltyPoints.
std::string typeName(std::string_view name) {
    std::string type;
    bool capital = true;
    for (const char character : name) {
        if (character == '_') {
            capital = true;
        } else {
            type += capital ? static_cast<char>(std::toupper(static_cast<unsigned char>(character))) : character;
            capital = false;
        }
    }
    return type;
}

void writeFile(const fs::path& path, const std::string& text) {
    fs::create_directories(path.parent_path());
    std::ofstream file(path, std::ios::binary);
    file << text;
    file.close();
    if (!file) {
        throw Error(STOA_UNAVAILABLE, fmt::format("{} can't be written; is there room?", path.string()));
    }
}

/// Makes the folder, and it was not there before.
void claim(const fs::path& folder) {
    std::error_code failure;
    const bool made = fs::create_directory(folder, failure);
    if (!made && (!failure || fs::exists(folder))) {
        throw Error(STOA_CONFLICT, fmt::format("{} is there already, and nothing is overwritten; choose another name, "
                                               "or another place with --dir PATH",
                                               folder.string()));
    }
    if (!made) {
        throw Error(STOA_UNAVAILABLE, fmt::format("{} can't be made ({}); name a folder that exists with --dir PATH",
                                                  folder.string(), failure.message()));
    }
}

}  // namespace

std::string nameProblem(std::string_view name) {
    const bool letters = std::all_of(name.begin(), name.end(), [](char character) {
        return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '_';
    });
    if (name.empty() || name.size() > kLongestName || !letters || name.front() < 'a' || name.back() == '_' ||
        name.find("__") != std::string_view::npos) {
        return fmt::format(
            "\"{}\" can't be a service's name: up to {} lower-case letters, digits and single "
            "underscores, the first one a letter",
            name, kLongestName);
    }
    if (std::find(std::begin(kTaken), std::end(kTaken), name) != std::end(kTaken)) {
        return fmt::format("\"{}\" means something else to C++ or CMake; choose another name, {}_service", name, name);
    }
    return {};
}

std::string renamed(std::string_view text, std::string_view name) {
    return replaced(replaced(std::string(text), kTemplateName, name), typeName(kTemplateName), typeName(name));
}

std::vector<std::string> writePlugin(const fs::path& parent, const std::string& name) {
    if (const std::string problem = nameProblem(name); !problem.empty()) {
        throw Error(STOA_INVALID, problem);
    }
    const fs::path folder = parent / name;
    claim(folder);
    std::vector<std::string> written;
    try {
        for (const TemplateFile& file : templateFiles()) {
            written.push_back(renamed(file.path, name));
            writeFile(folder / written.back(), renamed(file.text, name));
        }
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(folder, ignored);
        throw;
    }
    return written;
}

std::string account(const fs::path& parent, const std::string& name, const std::vector<std::string>& files) {
    const std::string folder = (parent / name).lexically_normal().string();
    std::string text = fmt::format("{} is a plugin with {} files:\n", folder, files.size());
    for (const std::string& file : files) {
        text += fmt::format("  {}/{}\n", folder, file);
    }
    return text + fmt::format(
                      "next:\n"
                      "  cmake -G Ninja -S {0} -B {0}/build && cmake --build {0}/build && ctest --test-dir {0}/build\n"
                      "  stoa-host --plugin={0}/build/plugins/{1}.so --set http.internal=127.0.0.1:8082\n"
                      "  curl http://127.0.0.1:8082/api/v1/{1}\n",
                      folder, name);
}

}  // namespace stoa::stoactl
