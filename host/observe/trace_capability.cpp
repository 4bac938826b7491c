#include <stoa/abi/draft/trace.h>

#include <string>

#include <stoa/error.h>

#include "host/memory/account.h"
#include "host/observe/capabilities.h"
#include "host/observe/trace.h"

struct stoa_span {
    stoa::host::observe::Span span;
};

namespace stoa::host::observe {
namespace {

stoa_str idOf(std::string Work::*id) {
    const Work* work = currentWork();
    return work == nullptr ? stoa_str{nullptr, 0} : view(work->*id);
}

class TraceBinding : public plugin::Binding {
public:
    explicit TraceBinding(Tracer& tracer) : tracer_(tracer) {
        table_.struct_size = sizeof table_;
        table_.self = this;
        table_.begin = begin;
        table_.attribute = [](stoa_span* span, stoa_str name, stoa_str value) {
            const memory::HostScope host;
            try {
                span->span.attribute(text(name), text(value));
            } catch (const std::exception&) {
                // An attribute that finds no memory is left out.
            }
        };
        table_.end = end;
        table_.correlation_id = [](const stoa_trace*) { return idOf(&Work::correlation_id); };
        table_.trace_id = [](const stoa_trace*) { return idOf(&Work::trace_id); };
    }

    const void* table() const override { return &table_; }

private:
    static stoa_status begin(const stoa_trace* trace, stoa_str name, stoa_span** span) {
        const memory::HostScope host;
        Work* work = currentWork();
        if (work == nullptr) {
            setLastError("a span needs a request, event or timer that this thread handles");
            return STOA_INVALID;
        }
        try {
            Tracer& tracer = static_cast<const TraceBinding*>(trace->self)->tracer_;
            // Span can be neither copied nor moved: the work points into its life.
            *span = new stoa_span{Span(tracer, *work, std::string(text(name)), SpanKind::kInternal)};
            return STOA_OK;
        } catch (const std::exception& error) {
            setLastError(error.what());
            return STOA_INTERNAL;
        }
    }

    static void end(stoa_span* span, stoa_status status) {
        const memory::HostScope host;
        const std::unique_ptr<stoa_span> ended(span);
        if (ended && status != STOA_OK) {
            try {
                ended->span.fail(statusName(status));
            } catch (const std::exception&) {
                // It ends all the same.
            }
        }
    }

    stoa_trace table_{};
    Tracer& tracer_;
};

class TraceCapability : public plugin::Capability {
public:
    explicit TraceCapability(Tracer& tracer) : tracer_(tracer) {}
    std::string_view id() const override { return STOA_TRACE_ID; }
    std::unique_ptr<plugin::Binding> bind(const plugin::Environment&) override {
        return std::make_unique<TraceBinding>(tracer_);
    }

private:
    Tracer& tracer_;
};

}  // namespace

std::unique_ptr<plugin::Capability> traceCapability(Tracer& tracer) {
    return std::make_unique<TraceCapability>(tracer);
}

}  // namespace stoa::host::observe
