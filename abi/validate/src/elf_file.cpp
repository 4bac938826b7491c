#include "elf_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <fmt/format.h>

namespace stoa::validate {
namespace {

constexpr std::uint64_t kLargestFile = std::uint64_t{1} << 30;
constexpr std::size_t kMostSections = 20'000;
constexpr std::size_t kMostEntries = 200'000;

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
constexpr const char* kMachineName = "AArch64";
#else
#error "name this machine's EM_ constant here"
#endif

/// Looks at the first bytes before libelf does, to say in words what the file is.
std::string checkHead(int fd) {
    Elf64_Ehdr head{};
    const ssize_t size = pread(fd, &head, sizeof head, 0);
    if (size < SELFMAG || std::memcmp(head.e_ident, ELFMAG, SELFMAG) != 0) {
        return "is not an ELF file; give the .so that stoa_add_plugin built";
    }
    if (static_cast<std::size_t>(size) < sizeof head) {
        return "is cut off within its ELF header; copy it again";
    }
    if (head.e_ident[EI_CLASS] != ELFCLASS64 || head.e_ident[EI_DATA] != ELFDATA2LSB) {
        return "is not a 64-bit little-endian ELF file; build it for this machine";
    }
    if (head.e_machine != kMachine) {
        return fmt::format("is for ELF machine {}, this machine is {} ({}); build it for this machine", head.e_machine,
                           kMachine, kMachineName);
    }
    if (head.e_type != ET_DYN) {
        return "is not a shared object; link it with -shared (stoa_add_plugin does)";
    }
    return {};
}

}  // namespace

void CloseElf::operator()(Elf* elf) const {
    elf_end(elf);
    ::close(fd);
}

tl::expected<ElfFile, std::string> ElfFile::open(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        return tl::unexpected(fmt::format("can't be opened: {}; check the path and its permissions",
                                          std::error_code(errno, std::generic_category()).message()));
    }
    ElfFile file;
    struct stat status {};
    std::string error;
    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode)) {
        error = "is not a regular file; give the plugin's .so";
    } else if (static_cast<std::uint64_t>(status.st_size) > kLargestFile) {
        error = "is larger than 1 GiB; strip it";
    } else {
        error = checkHead(fd);
    }
    if (!error.empty()) {
        ::close(fd);
        return tl::unexpected(error);
    }
    elf_version(EV_CURRENT);
    // Read, not mapped: a file that is cut off while it is looked at must not end the process.
    file.elf_ = {elf_begin(fd, ELF_C_READ, nullptr), CloseElf{fd}};
    if (!file.elf_) {
        ::close(fd);
        return tl::unexpected(fmt::format("can't be read as ELF: {}", elf_errmsg(-1)));
    }
    error = file.read();
    if (!error.empty()) {
        return tl::unexpected(error);
    }
    return file;
}

std::string ElfFile::read() {
    std::size_t count = 0;
    if (elf_getphdrnum(elf_.get(), &count) != 0 || count > kMostSections) {
        return "is damaged: its program headers can't be read; copy or build it again";
    }
    for (std::size_t i = 0; i < count; ++i) {
        GElf_Phdr segment;
        if (gelf_getphdr(elf_.get(), static_cast<int>(i), &segment) == nullptr) {
            return "is damaged: its program headers can't be read; copy or build it again";
        }
        segments_.push_back(segment);
    }
    if (elf_getshdrnum(elf_.get(), &count) != 0 || elf_getshdrstrndx(elf_.get(), &names_) != 0 || count == 0 ||
        count > kMostSections) {
        return "is damaged or cut off: its section headers can't be read; copy or build it again";
    }
    for (std::size_t i = 1; i < count; ++i) {
        Elf_Scn* section = elf_getscn(elf_.get(), i);
        GElf_Shdr header;
        if (section == nullptr || gelf_getshdr(section, &header) == nullptr) {
            return "is damaged or cut off: its section headers can't be read; copy or build it again";
        }
        const std::string error = header.sh_type == SHT_DYNAMIC  ? readDynamic(section, header)
                                  : header.sh_type == SHT_DYNSYM ? readSymbols(section, header)
                                                                 : std::string{};
        if (!error.empty()) {
            return error;
        }
    }
    return {};
}

std::string ElfFile::readDynamic(Elf_Scn* section, const GElf_Shdr& header) {
    // The loader goes by the segment; a section that says something else would be a lie.
    for (const GElf_Phdr& segment : segments_) {
        if (segment.p_type == PT_DYNAMIC && segment.p_offset != header.sh_offset) {
            return "is damaged: its dynamic section and segment differ; build it again";
        }
    }
    strings_ = header.sh_link;
    Elf_Data* data = elf_getdata(section, nullptr);
    const std::size_t entries = data == nullptr ? kMostEntries + 1 : data->d_size / sizeof(Elf64_Dyn);
    if (entries > kMostEntries) {
        return "is damaged or cut off: its dynamic section can't be read; copy or build it again";
    }
    for (std::size_t i = 0; i < entries; ++i) {
        GElf_Dyn entry;
        if (gelf_getdyn(data, static_cast<int>(i), &entry) == nullptr || entry.d_tag == DT_NULL) {
            break;
        }
        dynamic_.push_back(entry);
    }
    return {};
}

std::string ElfFile::readSymbols(Elf_Scn* section, const GElf_Shdr& header) {
    Elf_Data* data = elf_getdata(section, nullptr);
    const std::size_t entries = data == nullptr ? kMostEntries + 1 : data->d_size / sizeof(Elf64_Sym);
    if (entries > kMostEntries) {
        return "is damaged or cut off: its dynamic symbols can't be read; copy or build it again";
    }
    for (std::size_t i = 1; i < entries; ++i) {
        GElf_Sym symbol;
        const char* name = nullptr;
        if (gelf_getsym(data, static_cast<int>(i), &symbol) != nullptr) {
            name = elf_strptr(elf_.get(), header.sh_link, symbol.st_name);
        }
        if (name == nullptr) {
            return "is damaged: a dynamic symbol has no name; build it again";
        }
        symbols_.push_back({name, static_cast<unsigned>(GELF_ST_BIND(symbol.st_info)),
                            static_cast<unsigned>(GELF_ST_TYPE(symbol.st_info)), symbol.st_shndx != SHN_UNDEF});
    }
    return {};
}

std::string ElfFile::dynamicString(std::uint64_t offset) const {
    const char* text = strings_ == 0 ? nullptr : elf_strptr(elf_.get(), strings_, offset);
    return text == nullptr ? "" : text;
}

tl::expected<std::string, std::string> ElfFile::section(std::string_view name, std::size_t limit) const {
    Elf_Scn* section = nullptr;
    while ((section = elf_nextscn(elf_.get(), section)) != nullptr) {
        GElf_Shdr header;
        if (gelf_getshdr(section, &header) == nullptr) {
            break;
        }
        const char* text = elf_strptr(elf_.get(), names_, header.sh_name);
        if (text == nullptr || name != text) {
            continue;
        }
        if (header.sh_type != SHT_PROGBITS || header.sh_size > limit) {
            return tl::unexpected(
                fmt::format("has a section {} that holds no data or more than {} bytes", name, limit));
        }
        const Elf_Data* data = elf_rawdata(section, nullptr);
        if (data == nullptr || (data->d_size > 0 && data->d_buf == nullptr)) {
            break;
        }
        return std::string(static_cast<const char*>(data->d_buf), data->d_size);
    }
    return tl::unexpected(fmt::format("has no readable section {}; build it with stoa_add_plugin", name));
}

}  // namespace stoa::validate
