/// When Beast's parser may be asked again for a chunked body.
#pragma once

#include <cstddef>
#include <string_view>

namespace stoa::host::http {

/// Once Beast has seen the line of the last chunk it asserts, when it is asked again, that it is shown all that ends a
/// body, "0\r\n\r\n"; a peer that sends byte by byte must not end a build that has assertions. Less is only possible
/// where no chunk came before, and Beast could only say need_more.
class ChunkFeeder {
public:
    bool mayAsk(std::string_view rest) const {
        constexpr std::string_view kShortestEnd = "0\r\n\r\n";
        const bool last_chunk = starved_ && !begun_ && rest.find("\r\n") != std::string_view::npos;
        return !last_chunk || rest.size() >= kShortestEnd.size();
    }
    void told(bool need_more, std::size_t taken) {
        starved_ = need_more;
        begun_ = begun_ || taken > 0;
    }

private:
    bool starved_ = false;
    bool begun_ = false;
};

}  // namespace stoa::host::http
