// stoa-manifest: a plugin's folder → compiled manifest, and the source that embeds it into the plugin.

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "source.h"

namespace {

constexpr const char* kUsage =
    "usage: stoa-manifest FOLDER [--output FILE.json] [--embed FILE.c]\n"
    "\n"
    "Reads FOLDER/manifest.json and the OpenAPI document, event schemas and migrations that it names,\n"
    "checks them, and merges them into one compiled manifest.\n"
    "  --output FILE.json   where it goes; standard output when absent\n"
    "  --embed FILE.c       also writes a C source that puts FILE.json into the section .stoa.manifest\n"
    "Exit code: 0 done, 1 the sources are wrong, 2 wrong usage.\n";

void write(const std::filesystem::path& file, const std::string& text) {
    std::ofstream stream(file, std::ios::binary | std::ios::trunc);
    stream << text;
    stream.close();
    if (!stream) {
        throw stoa::validate::SourceError(fmt::format("{}: can't be written", file.string()));
    }
}

/// The section is read-only and kept by the linker though nothing refers to it (R: SHF_GNU_RETAIN).
std::string embedding(const std::filesystem::path& json) {
    return fmt::format(
        "__asm__(\".section .stoa.manifest,\\\"aR\\\",%progbits\\n\"\n"
        "        \".balign 16\\n\"\n"
        "        \".incbin \\\"{}\\\"\\n\"\n"
        "        \".previous\\n\");\n"
        "typedef int stoa_manifest_is_embedded;\n",
        std::filesystem::absolute(json).string());
}

}  // namespace

int main(int argc, char** argv) {
    std::string folder;
    std::string output;
    std::string embed;
    for (int i = 1; i < argc; ++i) {
        const std::string word = argv[i];
        if (word == "--help") {
            std::fputs(kUsage, stdout);
            return 0;
        }
        std::string& target = word == "--output" ? output : word == "--embed" ? embed : folder;
        const bool option = &target != &folder;
        if ((option && ++i == argc) || (!option && (word.front() == '-' || !folder.empty()))) {
            std::fputs(kUsage, stderr);
            return 2;
        }
        target = argv[i];
    }
    if (folder.empty() || (!embed.empty() && output.empty())) {
        std::fputs(kUsage, stderr);
        return 2;
    }
    try {
        const std::string manifest = stoa::validate::compileManifest(folder);
        if (output.empty()) {
            std::fputs((manifest + "\n").c_str(), stdout);
            return 0;
        }
        write(output, manifest);
        if (!embed.empty()) {
            write(embed, embedding(output));
        }
        return 0;
    } catch (const std::exception& error) {
        std::fputs(fmt::format("stoa-manifest: {}\n", error.what()).c_str(), stderr);
        return 1;
    }
}
