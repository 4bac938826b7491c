#include "host/app/file_body.h"

#include <openssl/evp.h>

#include <array>
#include <fstream>
#include <utility>

#include <fmt/format.h>

#include <stoa/base64.h>

namespace stoa::host::app {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kPiece = 256 << 10;

class FileBody : public http::BodySource {
public:
    explicit FileBody(const fs::path& file) : size_(fs::file_size(file)), in_(file, std::ios::binary), left_(size_) {
        if (!in_) {
            throw Error(STOA_UNAVAILABLE, file.native() + " can't be read");
        }
    }
    void read(std::function<void(Chunk)> done) override {
        Chunk chunk;
        chunk.data.resize(std::min<std::uint64_t>(kPiece, left_));
        in_.read(chunk.data.data(), static_cast<std::streamsize>(chunk.data.size()));
        if (!in_) {
            chunk = {STOA_UNAVAILABLE, {}, true};  // it became shorter meanwhile
        } else {
            left_ -= chunk.data.size();
            chunk.end = chunk.data.empty();
        }
        done(std::move(chunk));
    }
    std::optional<std::uint64_t> size() const override { return size_; }

private:
    std::uint64_t size_;
    std::ifstream in_;
    std::uint64_t left_;
};

class Receiver : public std::enable_shared_from_this<Receiver> {
public:
    Receiver(std::shared_ptr<http::BodySource> source, const fs::path& file, std::shared_ptr<DiskLane> lane,
             std::function<void(Received)> done)
        : source_(std::move(source)),
          lane_(std::move(lane)),
          done_(std::move(done)),
          out_(file, std::ios::binary | std::ios::trunc),
          context_(EVP_MD_CTX_new(), EVP_MD_CTX_free) {
        fs::permissions(file, fs::perms::owner_read | fs::perms::owner_write);
        EVP_DigestInit_ex(context_.get(), EVP_sha256(), nullptr);
    }

    void next() {
        source_->read([self = shared_from_this()](http::BodySource::Chunk chunk) {
            auto piece = std::make_shared<http::BodySource::Chunk>(std::move(chunk));
            if (!self->lane_->submit([self, piece] { self->take(*piece); })) {
                self->end({STOA_EXHAUSTED, "this host takes as many files as it can: try again later"});
            }
        });
    }

private:
    void take(const http::BodySource::Chunk& piece) {
        if (piece.status != STOA_OK) {
            end({piece.status, "the file did not arrive completely"});
            return;
        }
        EVP_DigestUpdate(context_.get(), piece.data.data(), piece.data.size());
        out_.write(piece.data.data(), static_cast<std::streamsize>(piece.data.size()));
        if (piece.end) {
            out_.close();
        }
        if (!out_) {
            end({STOA_EXHAUSTED, "the file could not be written: see whether the disk of the state directory is full"});
        } else if (piece.end) {
            std::array<std::uint8_t, 32> digest;
            EVP_DigestFinal_ex(context_.get(), digest.data(), nullptr);
            end({STOA_OK, hex(digest)});
        } else {
            next();
        }
    }

    void end(Received received) {
        if (const auto done = std::exchange(done_, nullptr)) {
            done(std::move(received));
        }
    }

    std::shared_ptr<http::BodySource> source_;
    std::shared_ptr<DiskLane> lane_;
    std::function<void(Received)> done_;
    std::ofstream out_;
    std::unique_ptr<EVP_MD_CTX, void (*)(EVP_MD_CTX*)> context_;
};

}  // namespace

bool DiskLane::submit(std::function<void()> job) {
    const std::lock_guard lock(mutex_);
    return pool_ && pool_->submit(std::move(job));
}

void DiskLane::close() {
    std::unique_ptr<plugin::WorkerPool> pool;
    {
        const std::lock_guard lock(mutex_);
        pool = std::move(pool_);
    }
}

std::shared_ptr<http::BodySource> sendFile(const fs::path& file) {
    std::error_code missing;
    const auto size = fs::file_size(file, missing);
    if (missing || size > static_cast<std::uint64_t>(kMaxPluginFile)) {
        throw Error(missing ? STOA_NOT_FOUND : STOA_EXHAUSTED,
                    fmt::format("{} {}", file.native(), missing ? "can't be read" : "is larger than 256 MiB"));
    }
    return std::make_shared<FileBody>(file);
}

void receiveFile(std::shared_ptr<http::BodySource> source, const fs::path& file, std::shared_ptr<DiskLane> lane,
                 std::function<void(Received)> done) {
    std::make_shared<Receiver>(std::move(source), file, std::move(lane), std::move(done))->next();
}

}  // namespace stoa::host::app
