/// A writer of the ABI that fills a string.
#pragma once

#include <exception>
#include <string>

#include <stoa/abi/core.h>

namespace stoa::detail {

class StringWriter {
public:
    StringWriter() : writer_{sizeof(stoa_writer), 0, this, &StringWriter::write} {}
    StringWriter(const StringWriter&) = delete;
    StringWriter& operator=(const StringWriter&) = delete;

    const stoa_writer* raw() const { return &writer_; }
    std::string take() { return std::move(text_); }

private:
    static stoa_status write(const stoa_writer* writer, const void* data, size_t size) {
        try {
            static_cast<StringWriter*>(writer->self)->text_.append(static_cast<const char*>(data), size);
            return STOA_OK;
        } catch (const std::exception&) {
            return STOA_EXHAUSTED;
        }
    }

    stoa_writer writer_;
    std::string text_;
};

}  // namespace stoa::detail
