/// When Beast's parser may be asked again for a chunked body.
#pragma once

#include <cstddef>

namespace stoa::host::http {

/// After it has said need_more, Beast asserts that it is shown no less than what can end a body, "0\r\n\r\n", and a
/// peer that sends byte by byte must not end a build that has assertions. Nothing is lost by waiting: that much has to
/// come.
class ChunkFeeder {
public:
    bool mayAsk(std::size_t bytes) const { return !starved_ || bytes >= kShortestEnd; }
    void told(bool need_more) { starved_ = need_more; }

private:
    static constexpr std::size_t kShortestEnd = 5;
    bool starved_ = false;
};

}  // namespace stoa::host::http
