#include <stoa/abi/draft/memory.h>

#include "host/memory/account.h"
#include "host/memory/block.h"
#include "host/observe/capabilities.h"

namespace stoa::host::observe {
namespace {

std::shared_ptr<memory::Account> accountOf(const plugin::Environment& environment) {
    return environment.account ? environment.account
                               : memory::open({environment.service, environment.version, environment.generation});
}

class MemoryBinding : public plugin::Binding {
public:
    explicit MemoryBinding(const plugin::Environment& environment)
        : limit_(environment.config.isObject() && environment.config["memory_limit"].isInt64()
                     ? environment.config["memory_limit"].asInt64()
                     : 0),
          account_(accountOf(environment)) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.allocate = [](const stoa_memory* memory, size_t size, size_t alignment) {
            return static_cast<MemoryBinding*>(memory->self)->allocate(size, alignment);
        };
        table_.release = [](const stoa_memory*, void* block, size_t, size_t) { memory::release(block); };
        table_.in_use = [](const stoa_memory* memory) {
            return static_cast<MemoryBinding*>(memory->self)->account_->inUse();
        };
    }

    const void* table() const override { return &table_; }

private:
    void* allocate(size_t size, size_t alignment) {
        if ((alignment & (alignment - 1)) != 0) {
            return nullptr;
        }
        void* block = memory::allocate(size, alignment, account_.get());
        if (block != nullptr && limit_ > 0 && account_->inUse() > limit_) {
            memory::release(block);
            return nullptr;
        }
        return block;
    }

    stoa_memory table_{};
    std::int64_t limit_;
    std::shared_ptr<memory::Account> account_;
};

class MemoryCapability : public plugin::Capability {
public:
    std::string_view id() const override { return STOA_MEMORY_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment& environment) override {
        return std::make_unique<MemoryBinding>(environment);
    }
};

}  // namespace

std::unique_ptr<plugin::Capability> memoryCapability() { return std::make_unique<MemoryCapability>(); }

}  // namespace stoa::host::observe
