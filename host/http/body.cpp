#include "host/http/body.h"

#include <atomic>
#include <utility>

namespace stoa::host::http {
namespace {

class TextBody : public BodySource {
public:
    explicit TextBody(std::string text) : size_(text.size()), text_(std::move(text)) {}
    void read(std::function<void(Chunk)> done) override {
        Chunk chunk;
        chunk.end = text_.empty();
        chunk.data = std::exchange(text_, {});
        done(std::move(chunk));
    }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::uint64_t size_;
    std::string text_;
};

/// Asks for piece after piece. Pieces that come at once are taken in a loop and not in a recursion.
class Collector : public std::enable_shared_from_this<Collector> {
public:
    using Done = std::function<void(stoa_status, std::string)>;
    Collector(std::shared_ptr<BodySource> source, std::uint64_t limit, Done done)
        : source_(std::move(source)), limit_(limit), done_(std::move(done)) {}

    void run() {
        bool again = true;
        while (again) {
            turn_.store(kAsked);
            source_->read([self = shared_from_this()](BodySource::Chunk chunk) { self->take(std::move(chunk)); });
            // Whoever of this loop and take() comes second goes on.
            again = turn_.exchange(kLeft) == kTaken && !finished_;
        }
    }

private:
    enum Turn { kAsked, kTaken, kLeft };

    void take(BodySource::Chunk chunk) {
        text_.append(chunk.data);
        if (text_.size() > limit_) {
            chunk.status = STOA_EXHAUSTED;
        }
        finished_ = chunk.end || chunk.status != STOA_OK;
        const bool finished = finished_;
        if (finished) {
            std::exchange(done_, nullptr)(chunk.status, std::move(text_));
        }
        if (turn_.exchange(kTaken) == kLeft && !finished) {
            run();
        }
    }

    std::shared_ptr<BodySource> source_;
    std::uint64_t limit_;
    Done done_;
    std::string text_;
    bool finished_ = false;
    std::atomic<Turn> turn_{kAsked};
};

}  // namespace

std::shared_ptr<BodySource> textBody(std::string text) { return std::make_shared<TextBody>(std::move(text)); }

void readAll(std::shared_ptr<BodySource> source, std::uint64_t limit,
             std::function<void(stoa_status, std::string)> done) {
    std::make_shared<Collector>(std::move(source), limit, std::move(done))->run();
}

}  // namespace stoa::host::http
