#include <stoa/abi/draft/memory.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <limits>
#include <string>

#include "host/base/work.h"
#include "host/observe/capabilities.h"
#include "host/observe/metrics.h"

namespace stoa::host::observe {
namespace {

class MemoryBinding : public plugin::Binding {
public:
    MemoryBinding(Metrics& metrics, const plugin::Environment& environment)
        : limit_(environment.config.isObject() && environment.config["memory_limit"].isInt64()
                     ? environment.config["memory_limit"].asInt64()
                     : 0),
          gauge_(metrics.gauge("stoa_plugin_memory_bytes", "Memory that a generation holds through stoa.memory/1.",
                               {{"service", environment.service},
                                {"version", environment.version},
                                {"generation", std::to_string(environment.generation)}})),
          refresh_(metrics.beforeExpose([this] { gauge_->set(static_cast<double>(in_use_.load())); })) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.allocate = [](const stoa_memory* memory, size_t size, size_t alignment) {
            return static_cast<MemoryBinding*>(memory->self)->allocate(size, alignment);
        };
        table_.release = [](const stoa_memory* memory, void* block, size_t size, size_t) {
            if (block != nullptr) {
                std::free(block);
                static_cast<MemoryBinding*>(memory->self)->in_use_.fetch_sub(static_cast<std::int64_t>(size));
            }
        };
        table_.in_use = [](const stoa_memory* memory) {
            return static_cast<MemoryBinding*>(memory->self)->in_use_.load();
        };
    }

    const void* table() const override { return &table_; }

private:
    void* allocate(size_t size, size_t alignment) {
        if (size > static_cast<size_t>(std::numeric_limits<std::int64_t>::max()) / 2 ||
            (alignment & (alignment - 1)) != 0) {
            return nullptr;
        }
        const auto counted = static_cast<std::int64_t>(size);
        const std::int64_t now = in_use_.fetch_add(counted) + counted;
        void* block = limit_ > 0 && now > limit_ ? nullptr : allocateBlock(std::max<size_t>(size, 1), alignment);
        if (block == nullptr) {
            in_use_.fetch_sub(counted);
        }
        return block;
    }

    static void* allocateBlock(size_t size, size_t alignment) {
        if (alignment <= alignof(std::max_align_t)) {
            return std::malloc(size);
        }
        void* block = nullptr;
        return ::posix_memalign(&block, alignment, size) == 0 ? block : nullptr;
    }

    stoa_memory table_{};
    std::int64_t limit_;
    std::atomic<std::int64_t> in_use_{0};
    std::shared_ptr<Gauge> gauge_;
    std::shared_ptr<void> refresh_;  // last: goes first
};

class MemoryCapability : public plugin::Capability {
public:
    explicit MemoryCapability(Metrics& metrics) : metrics_(metrics) {}
    std::string_view id() const override { return STOA_MEMORY_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<MemoryBinding>(metrics_, environment);
    }

private:
    Metrics& metrics_;
};

}  // namespace

std::unique_ptr<plugin::Capability> memoryCapability(Metrics& metrics) {
    return std::make_unique<MemoryCapability>(metrics);
}

}  // namespace stoa::host::observe
