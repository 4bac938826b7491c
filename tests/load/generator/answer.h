/// An HTTP/1.1 answer that arrives in pieces (RFC 9112): its status, its body, and where it ends.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace stoa::load {

class Answer {
public:
    enum class State { kIncomplete, kComplete, kBroken };

    /// Takes bytes until the answer is complete; returns how many of them belonged to it.
    std::size_t take(std::string_view bytes);
    State state() const { return state_; }
    int status() const { return status_; }
    const std::string& body() const { return body_; }
    /// The server closes the connection after this answer.
    bool closes() const { return closes_; }
    /// What the server says which request it answers (X-Correlation-ID); empty when it says nothing.
    const std::string& correlation() const { return correlation_; }

private:
    enum class Part { kStatus, kHeader, kBody, kChunkSize, kChunk, kChunkEnd, kTrailer };

    void line();
    void statusLine();
    void header();
    void headEnds();
    void chunkSize();
    void broken() { state_ = State::kBroken; }

    State state_ = State::kIncomplete;
    Part part_ = Part::kStatus;
    std::string line_, body_, correlation_;
    int status_ = 0;
    bool closes_ = false, chunked_ = false, sized_ = false;
    std::size_t left_ = 0;  ///< bytes of the body, or of the chunk
};

}  // namespace stoa::load
