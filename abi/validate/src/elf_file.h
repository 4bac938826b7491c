/// An ELF file, read and never mapped or run. Everything is bounds-checked: the file may be hostile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gelf.h>
#include <tl/expected.hpp>

namespace stoa::validate {

/// A symbol of the dynamic table.
struct Symbol {
    std::string name;
    unsigned binding;  ///< STB_GLOBAL …
    unsigned type;     ///< STT_FUNC …
    bool defined;
};

/// Ends libelf's handle, then closes the file under it.
struct CloseElf {
    int fd = -1;
    void operator()(Elf* elf) const;
};

class ElfFile {
public:
    /// Opens a shared object for this machine. The error says what the file is instead, and what to do.
    static tl::expected<ElfFile, std::string> open(const std::string& path);

    /// The bytes of the section `name`, of at most `limit` bytes.
    tl::expected<std::string, std::string> section(std::string_view name, std::size_t limit) const;

    const std::vector<GElf_Dyn>& dynamic() const { return dynamic_; }
    const std::vector<Symbol>& symbols() const { return symbols_; }
    const std::vector<GElf_Phdr>& segments() const { return segments_; }
    /// A string of the dynamic string table, such as the one that a DT_NEEDED entry points to; empty when it is bad.
    std::string dynamicString(std::uint64_t offset) const;

private:
    ElfFile() = default;
    std::string read();
    std::string readDynamic(Elf_Scn* section, const GElf_Shdr& header);
    std::string readSymbols(Elf_Scn* section, const GElf_Shdr& header);

    std::unique_ptr<Elf, CloseElf> elf_;
    std::size_t names_ = 0;    // index of the section with the sections' names
    std::size_t strings_ = 0;  // index of the dynamic string table
    std::vector<GElf_Dyn> dynamic_;
    std::vector<Symbol> symbols_;
    std::vector<GElf_Phdr> segments_;
};

}  // namespace stoa::validate
