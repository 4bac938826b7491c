// The rules of loading and unloading, checked on a plugin's file.

#include <link.h>

#include <algorithm>

#include <fmt/format.h>

#include <stoa/abi/core.h>
#include <stoa/validate/finding.h>

#include "elf_file.h"
#include "manifest_file.h"

namespace stoa::validate {
namespace {

constexpr const char* kEntry = "stoa_plugin_entry";
constexpr std::size_t kMostPerRule = 10;
constexpr const char* kBuildRule = "build it with stoa_add_plugin of CMake, which links it so";

/// Functions that change the whole process, or own what the host owns.
struct Import {
    const char* name;
    Severity severity;
    const char* reason;
    const char* cure;
};
constexpr const char* kNoProcess = "a plugin starts no process: the host's threads and descriptors would leak into it";
constexpr const char* kNoExit = "ends the host and every other plugin in it";
constexpr const char* kNoSocket = "a plugin owns no socket; the host could neither drain nor limit it";
constexpr const char* kNoThread = "a thread that outlives stop() makes unloading impossible";
constexpr Import kImports[] = {
    {"__cxa_thread_atexit", Severity::kError, "a thread_local with a destructor pins the library for ever",
     "keep per-thread state trivial, or in the instance"},
    {"__cxa_thread_atexit_impl", Severity::kError, "a thread_local with a destructor pins the library for ever",
     "keep per-thread state trivial, or in the instance"},
    {"exit", Severity::kError, kNoExit, "answer with a status"},
    {"_exit", Severity::kError, kNoExit, "answer with a status"},
    {"quick_exit", Severity::kError, kNoExit, "answer with a status"},
    {"atexit", Severity::kError, "the host would call into the plugin after it is gone", "clean up in destroy()"},
    {"signal", Severity::kError, "signals belong to the host", "remove it"},
    {"sigaction", Severity::kError, "signals belong to the host", "remove it"},
    {"fork", Severity::kError, kNoProcess, "call a service instead"},
    {"vfork", Severity::kError, kNoProcess, "call a service instead"},
    {"system", Severity::kError, kNoProcess, "call a service instead"},
    {"popen", Severity::kError, kNoProcess, "call a service instead"},
    {"posix_spawn", Severity::kError, kNoProcess, "call a service instead"},
    {"setlocale", Severity::kError, "the locale belongs to the whole process", "remove it"},
    {"setenv", Severity::kError, "the environment belongs to the whole process", "use stoa.config/1"},
    {"putenv", Severity::kError, "the environment belongs to the whole process", "use stoa.config/1"},
    {"dlopen", Severity::kWarning, "what it opens stays when the plugin goes", "link it, or ask for a capability"},
    {"socket", Severity::kWarning, kNoSocket, "use stoa.client/1 or stoa.external/1"},
    {"bind", Severity::kWarning, kNoSocket, "use stoa.http/1"},
    {"pthread_create", Severity::kWarning, kNoThread, "use a timer or a job; otherwise join it in stop()"},
};
constexpr std::string_view kStdThread = "_ZNSt6thread15_M_start_thread";

/// Clients of servers that the host talks to; a plugin reaches them through capabilities.
constexpr std::string_view kHostLibraries[] = {"libPoco", "librdkafka", "libpq",    "libsqlite3", "libmongoc",
                                               "libssl",  "libcrypto",  "libboost", "libcurl"};

class Validation {
public:
    Validation(const std::string& path, const Surroundings& surroundings) : surroundings_(surroundings) { run(path); }
    std::vector<Finding> take() {
        std::stable_partition(findings_.begin(), findings_.end(),
                              [](const Finding& finding) { return finding.severity == Severity::kError; });
        return std::move(findings_);
    }

private:
    void run(const std::string& path) {
        const auto file = ElfFile::open(path);
        if (!file) {
            split("file", "format", file.error());
            return;
        }
        if (isProgram(*file)) {
            error("file", "program", "it is a program, not a plugin", "give the .so that stoa_add_plugin built");
            return;
        }
        checkExports(*file);
        checkImports(*file);
        checkDynamic(*file);
        checkLibraries(*file);
        checkSegments(*file);
        checkManifest(*file);
    }

    void add(Finding finding) { findings_.push_back(std::move(finding)); }
    void error(const char* rule, const std::string& subject, const std::string& reason, const std::string& cure) {
        add({Severity::kError, rule, subject, reason, cure});
    }

    /// A sentence of the form "reason; cure".
    void split(const char* rule, const std::string& subject, const std::string& sentence) {
        const std::size_t semicolon = sentence.rfind("; ");
        const bool both = semicolon != std::string::npos;
        error(rule, subject, sentence.substr(0, semicolon),
              both ? sentence.substr(semicolon + 2) : "correct manifest.json or what it names, and rebuild");
    }

    static bool isProgram(const ElfFile& file) {
        return std::any_of(file.dynamic().begin(), file.dynamic().end(), [](const GElf_Dyn& entry) {
            return entry.d_tag == DT_FLAGS_1 && (entry.d_un.d_val & DF_1_PIE) != 0;
        });
    }

    void checkExports(const ElfFile& file) {
        bool entry = false;
        std::size_t extra = 0;
        for (const Symbol& symbol : file.symbols()) {
            if (!symbol.defined || symbol.binding == STB_LOCAL) {
                continue;
            }
            if (symbol.binding == STB_GNU_UNIQUE) {
                error("unique", symbol.name, "a GNU-unique symbol makes the loader keep the library for ever",
                      "compile with -fno-gnu-unique and link with the version script (stoa_add_plugin does)");
            } else if (symbol.name == kEntry) {
                entry = symbol.type == STT_FUNC;
            } else if (++extra <= kMostPerRule) {
                error("exports", symbol.name,
                      "only stoa_plugin_entry may be exported: others bind to what else is loaded, and keep the "
                      "library mapped",
                      kBuildRule);
            }
        }
        if (extra > kMostPerRule) {
            error("exports", fmt::format("{} more", extra - kMostPerRule), "only stoa_plugin_entry may be exported",
                  kBuildRule);
        }
        if (!entry) {
            error("entry", kEntry, "the function is not exported", "add STOA_PLUGIN(YourClass) to one source file");
        }
    }

    void checkImports(const ElfFile& file) {
        for (const Symbol& symbol : file.symbols()) {
            if (symbol.defined) {
                continue;
            }
            if (symbol.name.rfind("stoa_", 0) == 0) {
                error("imports", symbol.name, "the host exports no symbols; the library could not be loaded",
                      "ask stoa_host.capability for the table");
            }
            for (const Import& import : kImports) {
                if (symbol.name == import.name) {
                    add({import.severity, "imports", symbol.name, import.reason, import.cure});
                }
            }
            if (std::string_view(symbol.name).substr(0, kStdThread.size()) == kStdThread) {
                add({Severity::kWarning, "imports", "std::thread", kNoThread,
                     "use a timer or a job; otherwise join it in stop()"});
            }
        }
    }

    void checkDynamic(const ElfFile& file) {
        bool now = false;
        bool changes_text = false;  // old linkers say it in one place, newer ones in two
        for (const GElf_Dyn& entry : file.dynamic()) {
            const std::uint64_t value = entry.d_un.d_val;
            const bool flags = entry.d_tag == DT_FLAGS;
            const bool flags_1 = entry.d_tag == DT_FLAGS_1;
            now = now || entry.d_tag == DT_BIND_NOW || (flags && (value & DF_BIND_NOW) != 0) ||
                  (flags_1 && (value & DF_1_NOW) != 0);
            if (flags_1 && (value & DF_1_NODELETE) != 0) {
                error("nodelete", "DF_1_NODELETE", "the library could never be unloaded", "link without -z nodelete");
            }
            if (flags_1 && (value & DF_1_GLOBAL) != 0) {
                error("global", "DF_1_GLOBAL", "its symbols would be seen by every other library",
                      "link without -z global");
            }
            changes_text = changes_text || entry.d_tag == DT_TEXTREL || (flags && (value & DF_TEXTREL) != 0);
            if (flags && (value & DF_STATIC_TLS) != 0) {
                error("static-tls", "DF_STATIC_TLS", "loading it fails when the process has no static TLS left",
                      "compile without -ftls-model=initial-exec");
            }
            if (entry.d_tag == DT_SONAME) {
                error("soname", file.dynamicString(value),
                      "with a SONAME the loader takes two generations for one library", "link without -soname");
            }
            if (entry.d_tag == DT_RPATH || entry.d_tag == DT_RUNPATH) {
                error("runpath", file.dynamicString(value), "it would load libraries from where it was built",
                      "link without -rpath");
            }
        }
        if (changes_text) {
            error("textrel", "DT_TEXTREL", "its code is changed while loading; hardened systems refuse that",
                  "compile everything with -fPIC");
        }
        if (!now) {
            error("lazy", "DF_BIND_NOW", "a missing symbol would be found in the middle of a request",
                  "link with -z now");
        }
    }

    void checkLibraries(const ElfFile& file) {
        for (const GElf_Dyn& entry : file.dynamic()) {
            if (entry.d_tag != DT_NEEDED) {
                continue;
            }
            const std::string library = file.dynamicString(entry.d_un.d_val);
            const std::string stem = library.substr(0, library.find(".so") + 3);
            for (const std::string& held : surroundings_.host_libraries) {
                if (held != library && held.substr(0, stem.size()) == stem) {
                    error("libraries", library,
                          fmt::format("the host holds {}; both together interpose and crash", held),
                          "build the plugin against the host's version, or link it in statically");
                }
            }
            for (const std::string_view prefix : kHostLibraries) {
                if (library.rfind(prefix, 0) == 0) {
                    add({Severity::kWarning, "libraries", library,
                         "a plugin reaches servers and networks through capabilities alone",
                         "remove it from the link"});
                }
            }
        }
    }

    void checkSegments(const ElfFile& file) {
        for (const GElf_Phdr& segment : file.segments()) {
            if (segment.p_type == PT_GNU_STACK && (segment.p_flags & PF_X) != 0) {
                error("execstack", "PT_GNU_STACK", "it asks for an executable stack", "link with -z noexecstack");
            }
            if (segment.p_type == PT_LOAD && (segment.p_flags & PF_W) != 0 && (segment.p_flags & PF_X) != 0) {
                error("writable-code", "PT_LOAD", "a segment is writable and executable; hardened systems refuse that",
                      "link with -z separate-code");
            }
        }
    }

    void checkManifest(const ElfFile& file) {
        const auto manifest = manifestOf(file);
        if (!manifest) {
            split("manifest", ".stoa.manifest", manifest.error());
            return;
        }
        if (manifest->abi_major != STOA_ABI_MAJOR || manifest->abi_minor > STOA_ABI_MINOR) {
            error("abi", "abi",
                  fmt::format("it is for ABI {}.{}, here is {}.{}", manifest->abi_major, manifest->abi_minor,
                              STOA_ABI_MAJOR, STOA_ABI_MINOR),
                  "build it against these headers, or take the stoa-validate and host that it was built for");
        }
    }

    const Surroundings& surroundings_;
    std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> validateFile(const std::string& path, const Surroundings& surroundings) {
    return Validation(path, surroundings).take();
}

std::vector<std::string> residentLibraries() {
    std::vector<std::string> libraries;
    dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* list) {
            const std::string_view path = info->dlpi_name == nullptr ? "" : info->dlpi_name;
            const std::string_view name = path.substr(path.rfind('/') + 1);
            if (name.find(".so") != std::string_view::npos) {
                static_cast<std::vector<std::string>*>(list)->emplace_back(name);
            }
            return 0;
        },
        &libraries);
    return libraries;
}

std::vector<std::string> neededLibraries(const std::string& path) {
    std::vector<std::string> needed;
    if (const auto file = ElfFile::open(path)) {
        for (const GElf_Dyn& entry : file->dynamic()) {
            if (entry.d_tag == DT_NEEDED) {
                needed.push_back(file->dynamicString(entry.d_un.d_val));
            }
        }
    }
    return needed;
}

}  // namespace stoa::validate
