// The small capabilities: clock, config, log, metrics, trace, secret, memory.

#include <cstdlib>

#include "world.h"

namespace stoa::fake {

namespace {

/// A table of one ABI header under its id.
template <class Table>
class Simple final : public Capability {
public:
    Simple(std::string_view id, const Table& table) : id_(id), table_(table) {}
    std::string_view id() const override { return id_; }
    const void* table() const override { return &table_; }

private:
    std::string_view id_;
    Table table_;
};

template <class Table>
World& worldOf(const Table* table) {
    return *static_cast<World*>(table->self);
}

template <class Table>
std::unique_ptr<Capability> simple(std::string_view id, const Table& table) {
    return std::make_unique<Simple<Table>>(id, table);
}

int64_t nowUs(const stoa_clock* clock) { return toMicros(worldOf(clock).now); }
stoa_str configJson(const stoa_config* config) { return view(worldOf(config).settings_text); }
uint32_t logEnabled(const stoa_log*, uint32_t) { return 1; }

void logWrite(const stoa_log* log, uint32_t level, stoa_str message, const stoa_pair* fields, size_t count) {
    World& world = worldOf(log);
    LogLine& line = world.log.emplace_back();
    line.level = level;
    line.message = text(message);
    for (std::size_t i = 0; i < count; ++i) {
        line.fields.emplace(text(fields[i].name), text(fields[i].value));
    }
    if (world.options.on_log) {
        world.options.on_log(line);
    }
}

/// `stoa_series` of the ABI is a pointer to its value.
stoa_status metricsSeries(const stoa_metrics* metrics, uint32_t kind, stoa_str name, stoa_str, const stoa_pair* labels,
                          size_t count, stoa_series** series) {
    World& world = worldOf(metrics);
    return guarded(world, [&] {
        if (kind > STOA_HISTOGRAM || name.size == 0) {
            throw Error(STOA_INVALID, "a series needs a name and a kind");
        }
        std::string key = std::string(text(name)) + "{";
        for (std::size_t i = 0; i < count; ++i) {
            key += std::string(text(labels[i].name)) + "=" + std::string(text(labels[i].value)) + ",";
        }
        *series = reinterpret_cast<stoa_series*>(&world.series[key]);
    });
}

void metricsRecord(stoa_series* series, double value) { *reinterpret_cast<double*>(series) += value; }

stoa_status traceBegin(const stoa_trace* trace, stoa_str, stoa_span** span) {
    *span = reinterpret_cast<stoa_span*>(trace->self);
    return STOA_OK;
}

stoa_status secretRead(const stoa_secret* secret, stoa_str name, const stoa_writer* value) {
    World& world = worldOf(secret);
    return guarded(world, [&] { writeTo(value, secretOf(world, std::string(text(name)))); });
}

void* memoryAllocate(const stoa_memory*, size_t size, size_t alignment) {
    return std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment);
}

void memoryRelease(const stoa_memory*, void* block, size_t, size_t) { std::free(block); }

}  // namespace

std::unique_ptr<Capability> makeClock(World& world) {
    return simple<stoa_clock>(STOA_CLOCK_ID, {sizeof(stoa_clock), 0, &world, nowUs, nowUs});
}

std::unique_ptr<Capability> makeConfig(World& world) {
    return simple<stoa_config>(STOA_CONFIG_ID, {sizeof(stoa_config), 0, &world, configJson});
}

std::unique_ptr<Capability> makeLog(World& world) {
    return simple<stoa_log>(STOA_LOG_ID, {sizeof(stoa_log), 0, &world, logEnabled, logWrite});
}

std::unique_ptr<Capability> makeMetrics(World& world) {
    return simple<stoa_metrics>(STOA_METRICS_ID, {sizeof(stoa_metrics), 0, &world, metricsSeries, metricsRecord});
}

std::unique_ptr<Capability> makeTrace(World& world) {
    return simple<stoa_trace>(STOA_TRACE_ID,
                              {sizeof(stoa_trace), 0, &world, traceBegin, [](stoa_span*, stoa_str, stoa_str) {},
                               [](stoa_span*, stoa_status) {}, [](const stoa_trace*) { return view("correlation-1"); },
                               [](const stoa_trace*) { return view("00000000000000000000000000000001"); }});
}

std::unique_ptr<Capability> makeSecret(World& world) {
    return simple<stoa_secret>(STOA_SECRET_ID, {sizeof(stoa_secret), 0, &world, secretRead});
}

std::unique_ptr<Capability> makeMemory(World& world) {
    return simple<stoa_memory>(STOA_MEMORY_ID, {sizeof(stoa_memory), 0, &world, memoryAllocate, memoryRelease,
                                                [](const stoa_memory*) { return std::int64_t{0}; }});
}

}  // namespace stoa::fake
