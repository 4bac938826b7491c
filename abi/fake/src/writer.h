/// A writer of the ABI that fills a string.
#pragma once

#include <string>

#include <stoa/abi/core.h>

namespace stoa::fake {

class Writer {
public:
    Writer() : raw_{sizeof(stoa_writer), 0, &text_, write} {}
    Writer(const Writer&) = delete;
    Writer& operator=(const Writer&) = delete;
    const stoa_writer* raw() const { return &raw_; }
    const std::string& text() const { return text_; }

private:
    static stoa_status write(const stoa_writer* writer, const void* data, size_t size) {
        static_cast<std::string*>(writer->self)->append(static_cast<const char*>(data), size);
        return STOA_OK;
    }
    std::string text_;
    stoa_writer raw_;
};

}  // namespace stoa::fake
