#include "tests/load/generator/answer.h"

#include <algorithm>
#include <cctype>
#include <charconv>

namespace stoa::load {
namespace {

constexpr std::size_t kMaxLine = 64 * 1024;

std::string lower(std::string_view text) {
    std::string result(text);
    std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) { return std::tolower(c); });
    return result;
}

bool number(std::string_view text, std::size_t& value, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
    return error == std::errc{} && end != text.data();
}

}  // namespace

std::size_t Answer::take(std::string_view bytes) {
    std::size_t used = 0;
    while (used < bytes.size() && state_ == State::kIncomplete) {
        if (part_ == Part::kBody || part_ == Part::kChunk) {
            const std::size_t some = std::min(left_, bytes.size() - used);
            body_.append(bytes.substr(used, some));
            used += some;
            left_ -= some;
            if (left_ == 0) {
                part_ == Part::kChunk ? void(part_ = Part::kChunkEnd) : void(state_ = State::kComplete);
            }
            continue;
        }
        const std::size_t end = bytes.find('\n', used);
        line_.append(bytes.substr(used, end == std::string_view::npos ? end : end - used));
        used = end == std::string_view::npos ? bytes.size() : end + 1;
        if (line_.size() > kMaxLine) {
            broken();
        } else if (end != std::string_view::npos) {
            if (!line_.empty() && line_.back() == '\r') {
                line_.pop_back();
            }
            line();
            line_.clear();
        }
    }
    return used;
}

void Answer::line() {
    switch (part_) {
        case Part::kStatus:
            return statusLine();
        case Part::kHeader:
            return line_.empty() ? headEnds() : header();
        case Part::kChunkSize:
            return chunkSize();
        case Part::kChunkEnd:
            part_ = Part::kChunkSize;
            return line_.empty() ? void() : broken();
        case Part::kTrailer:
            state_ = line_.empty() ? State::kComplete : state_;
            return;
        case Part::kBody:
        case Part::kChunk:
            return;
    }
}

void Answer::statusLine() {
    std::size_t status = 0;
    if (!line_.starts_with("HTTP/1.1 ") || !number(std::string_view(line_).substr(9), status, 10)) {
        return broken();
    }
    status_ = static_cast<int>(status);
    part_ = Part::kHeader;
}

void Answer::header() {
    const std::size_t colon = line_.find(':');
    if (colon == std::string::npos) {
        return broken();
    }
    const std::string name = lower(std::string_view(line_).substr(0, colon));
    std::string value = lower(std::string_view(line_).substr(colon + 1));
    value.erase(0, value.find_first_not_of(' '));
    if (name == "content-length") {
        sized_ = number(value, left_, 10);
    } else if (name == "transfer-encoding") {
        chunked_ = value == "chunked";
    } else if (name == "connection") {
        closes_ = value == "close";
    } else if (name == "x-correlation-id") {
        correlation_ = value;
    }
}

void Answer::headEnds() {
    if (status_ >= 100 && status_ < 200) {
        part_ = Part::kStatus;  // an interim answer: the real one follows
    } else if (status_ == 204 || status_ == 304 || (sized_ && left_ == 0 && !chunked_)) {
        state_ = State::kComplete;
    } else if (chunked_) {
        part_ = Part::kChunkSize;
    } else if (sized_) {
        part_ = Part::kBody;
    } else {
        broken();  // a body that ends with the connection can't be told from one that was cut off
    }
}

void Answer::chunkSize() {
    if (!number(line_, left_, 16)) {
        return broken();
    }
    part_ = left_ == 0 ? Part::kTrailer : Part::kChunk;
}

}  // namespace stoa::load
