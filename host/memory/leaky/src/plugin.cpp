// Holds 1 MiB while it runs, and forgets 1,000 bytes each time somebody asks for its health.

#include <memory>

#include <stoa/plugin.h>

namespace {

class Leaky final : public stoa::Plugin {
public:
    using Plugin::Plugin;
    void start() override { held_ = std::make_unique<char[]>(1 << 20); }
    void stop() override { held_.reset(); }
    std::string health() override {
        last_ = new char[1000];
        return {};
    }

private:
    std::unique_ptr<char[]> held_;
    char* volatile last_ = nullptr;
};

}  // namespace

STOA_PLUGIN(Leaky)
