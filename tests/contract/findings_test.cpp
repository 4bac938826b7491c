// stoa-validate on plugins that break one rule each, and on files that are no plugins at all.

#include <cppunit/extensions/HelperMacros.h>
#include <dlfcn.h>
#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <stoa/validate/finding.h>
#include <stoa/validate/manifest.h>

namespace stoa::validate {
namespace {

std::string bad(const std::string& name) { return std::string(STOA_TEST_BAD_PLUGINS) + "/" + name + ".so"; }

std::string read(const std::string& file) {
    std::ifstream stream(file, std::ios::binary);
    std::ostringstream text;
    text << stream.rdbuf();
    CPPUNIT_ASSERT_MESSAGE(file, stream.good() && !text.str().empty());
    return text.str();
}

std::string describe(const std::vector<Finding>& findings) {
    std::string text;
    for (const Finding& one : findings) {
        text += "[" + one.rule + "] " + one.subject + ": " + one.reason + "; ";
    }
    return text;
}

/// A file with these bytes, gone with the object.
class TemporaryFile {
public:
    explicit TemporaryFile(const std::string& bytes) {
        path_ = (std::filesystem::temp_directory_path() / "stoa-plugin-XXXXXX").string();
        const int fd = mkstemp(path_.data());
        CPPUNIT_ASSERT(fd >= 0);
        CPPUNIT_ASSERT_EQUAL(static_cast<ssize_t>(bytes.size()), write(fd, bytes.data(), bytes.size()));
        close(fd);
    }
    ~TemporaryFile() { std::filesystem::remove(path_); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

}  // namespace

class FindingsTest : public CppUnit::TestFixture {
    CPPUNIT_TEST_SUITE(FindingsTest);
    CPPUNIT_TEST(goodPluginsHaveNoFindings);
    CPPUNIT_TEST(eachBrokenRuleIsFound);
    CPPUNIT_TEST(aWarningDoesNotForbidLoading);
    CPPUNIT_TEST(librariesThatClashWithTheHostsAreFound);
    CPPUNIT_TEST(anotherVersionOfALibraryThatTheProcessHoldsIsFound);
    CPPUNIT_TEST(filesThatAreNoPluginsAreNamed);
    CPPUNIT_TEST(everyTruncationIsRefusedWithoutACrash);
    CPPUNIT_TEST(damagedHeadersNeverCrash);
    CPPUNIT_TEST(aManifestIsReadWithoutRunningThePlugin);
    CPPUNIT_TEST_SUITE_END();

public:
    void goodPluginsHaveNoFindings() {
        for (const std::string& file : {std::string(STOA_TEST_PLUGIN), bad("good")}) {
            const auto findings = validateFile(file);
            CPPUNIT_ASSERT_MESSAGE(describe(findings), findings.empty());
        }
    }

    void eachBrokenRuleIsFound() {
        struct Case {
            const char* file;
            const char* rule;
            const char* subject;
        };
        const Case cases[] = {
            {"no_manifest", "manifest", ".stoa.manifest"},
            {"no_entry", "entry", "stoa_plugin_entry"},
            {"exports", "exports", "helper_of_another_plugin"},
            {"unique", "unique", "_ZZ7countervE5count"},
            {"thread_local", "imports", "__cxa_thread_atexit"},
            {"exits", "imports", "exit"},
            {"imports_host", "imports", "stoa_host_internal"},
            {"soname", "soname", "libbad.so.1"},
            {"runpath", "runpath", "/somewhere"},
            {"nodelete", "nodelete", "DF_1_NODELETE"},
            {"lazy", "lazy", "DF_BIND_NOW"},
            {"textrel", "textrel", "DT_TEXTREL"},
            {"execstack", "execstack", "PT_GNU_STACK"},
        };
        for (const Case& one : cases) {
            const auto findings = validateFile(bad(one.file));
            CPPUNIT_ASSERT_MESSAGE(one.file, hasErrors(findings));
            CPPUNIT_ASSERT_MESSAGE(std::string(one.file) + ": " + describe(findings),
                                   1 == std::count_if(findings.begin(), findings.end(), [&](const Finding& found) {
                                       return found.rule == one.rule && found.subject == one.subject &&
                                              !found.reason.empty() && !found.cure.empty();
                                   }));
        }
    }

    void aWarningDoesNotForbidLoading() {
        const auto findings = validateFile(bad("sockets"));
        CPPUNIT_ASSERT_EQUAL_MESSAGE(describe(findings), std::size_t{1}, findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("socket"), findings[0].subject);
        CPPUNIT_ASSERT(!hasErrors(findings));
    }

    void librariesThatClashWithTheHostsAreFound() {
        const auto needed = neededLibraries(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT(!needed.empty());
        CPPUNIT_ASSERT(validateFile(STOA_TEST_PLUGIN, {.host_libraries = needed}).empty());
        const auto findings = validateFile(STOA_TEST_PLUGIN, {.host_libraries = {needed[0] + ".9"}});
        CPPUNIT_ASSERT_EQUAL(std::size_t{1}, findings.size());
        CPPUNIT_ASSERT_EQUAL(std::string("libraries"), findings[0].rule);
    }

    void anotherVersionOfALibraryThatTheProcessHoldsIsFound() {
        const std::string place = std::string(STOA_TEST_BAD_PLUGINS) + "/clash_";
        const auto clashes = [](const std::vector<std::string>& resident) {
            const auto findings = validateFile(bad("clash"), {.host_libraries = resident});
            return std::count_if(findings.begin(), findings.end(), [](const Finding& one) {
                return one.rule == "libraries" && one.subject == "libstoaclash.so.2" &&
                       one.severity == Severity::kError;
            });
        };
        CPPUNIT_ASSERT_EQUAL(std::ptrdiff_t{0}, clashes(residentLibraries()));
        for (const int version : {2, 1}) {
            const std::string file = place + std::to_string(version) + "/libstoaclash.so." + std::to_string(version);
            void* const library = dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
            CPPUNIT_ASSERT_MESSAGE(file, library != nullptr);
            const auto found = clashes(residentLibraries());
            dlclose(library);
            CPPUNIT_ASSERT_EQUAL_MESSAGE(file, std::ptrdiff_t{version == 1 ? 1 : 0}, found);
        }
    }

    void filesThatAreNoPluginsAreNamed() {
        const std::string plugin = read(STOA_TEST_PLUGIN);
        std::string class32 = plugin;
        class32[EI_CLASS] = ELFCLASS32;
        std::string big_endian = plugin;
        big_endian[EI_DATA] = ELFDATA2MSB;
        std::string machine = plugin;
        machine[18] = static_cast<char>(EM_RISCV);
        std::string object = plugin;
        object[16] = ET_REL;
        const std::pair<std::string, const char*> cases[] = {
            {"", "is not an ELF file"},
            {"#!/bin/sh\necho hello\n", "is not an ELF file"},
            {std::string(100'000, '\0'), "is not an ELF file"},
            {plugin.substr(0, 40), "is cut off"},
            {class32, "not a 64-bit"},
            {big_endian, "not a 64-bit"},
            {machine, "is for ELF machine"},
            {object, "is not a shared object"},
        };
        for (const auto& [bytes, expected] : cases) {
            const TemporaryFile file(bytes);
            const auto findings = validateFile(file.path());
            CPPUNIT_ASSERT_EQUAL_MESSAGE(expected, std::size_t{1}, findings.size());
            CPPUNIT_ASSERT_MESSAGE(findings[0].reason, findings[0].reason.find(expected) != std::string::npos);
            CPPUNIT_ASSERT(!readManifest(file.path()).has_value());
        }
        CPPUNIT_ASSERT(hasErrors(validateFile("/nonexistent/plugin.so")));
        CPPUNIT_ASSERT(hasErrors(validateFile("/tmp")));
        CPPUNIT_ASSERT(hasErrors(validateFile("/dev/null")));
        CPPUNIT_ASSERT_EQUAL(std::string("it is a program, not a plugin"), validateFile("/proc/self/exe").at(0).reason);
    }

    void everyTruncationIsRefusedWithoutACrash() {
        const std::string plugin = read(STOA_TEST_PLUGIN);
        // The section headers stand at the end, so that nothing but the whole file is one.
        for (std::size_t size = 0; size < plugin.size(); size += size < 512 ? 1 : 61) {
            const TemporaryFile file(plugin.substr(0, size));
            CPPUNIT_ASSERT_MESSAGE(std::to_string(size), hasErrors(validateFile(file.path())));
            CPPUNIT_ASSERT_MESSAGE(std::to_string(size), !readManifest(file.path()).has_value());
        }
    }

    void damagedHeadersNeverCrash() {
        const std::string plugin = read(STOA_TEST_PLUGIN);
        Elf64_Ehdr head;
        std::copy_n(plugin.data(), sizeof head, reinterpret_cast<char*>(&head));
        const auto try_damaged = [&](std::size_t at, unsigned char value) {
            std::string damaged = plugin;
            damaged[at] = static_cast<char>(value);
            const TemporaryFile file(damaged);
            validateFile(file.path());
            readManifest(file.path()).has_value();
        };
        for (const unsigned char value : {0x00, 0x7f, 0xff}) {
            for (std::size_t at = EI_NIDENT; at < sizeof head; ++at) {
                try_damaged(at, value);
            }
            for (std::size_t at = head.e_shoff; at < plugin.size(); at += 5) {
                try_damaged(at, value);
            }
            for (std::size_t at = head.e_phoff; at < head.e_phoff + 56U * head.e_phnum; at += 3) {
                try_damaged(at, value);
            }
        }
    }

    void aManifestIsReadWithoutRunningThePlugin() {
        const auto manifest = readManifest(STOA_TEST_PLUGIN);
        CPPUNIT_ASSERT_MESSAGE(manifest ? "" : manifest.error(), manifest.has_value());
        CPPUNIT_ASSERT_EQUAL(std::string("plain_c"), manifest->name);
        CPPUNIT_ASSERT_EQUAL(std::size_t{2}, manifest->routes.size());
        CPPUNIT_ASSERT_EQUAL(std::string("/api/v1/echoes/{name}"), manifest->routes[1].path);
    }
};

CPPUNIT_TEST_SUITE_REGISTRATION(FindingsTest);

}  // namespace stoa::validate
