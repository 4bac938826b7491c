#include <algorithm>

#include "world.h"

namespace stoa::fake {

namespace {

std::optional<std::uint32_t> indexOf(const World& world, std::string_view name) {
    const auto& all = world.manifest.timers;
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    return found == all.end() ? std::nullopt : std::optional(static_cast<std::uint32_t>(found - all.begin()));
}

stoa_status index(const stoa_timer* timer, stoa_str name, uint32_t* at) {
    const auto found = indexOf(*static_cast<World*>(timer->self), text(name));
    if (!found) {
        return STOA_NOT_FOUND;
    }
    *at = *found;
    return STOA_OK;
}

stoa_status name(const stoa_timer* timer, uint32_t at, stoa_str* text, uint32_t* transactional) {
    const auto& all = static_cast<World*>(timer->self)->manifest.timers;
    if (at >= all.size()) {
        return STOA_NOT_FOUND;
    }
    *text = view(all[at].name);
    *transactional = all[at].transactional ? 1 : 0;
    return STOA_OK;
}

stoa_status set(const stoa_timer* timer, stoa_tx* tx, stoa_str name, stoa_str key, int64_t due_us, stoa_str payload) {
    World& world = *static_cast<World*>(timer->self);
    return guarded(world, [&] {
        if (!Transaction::of(tx)->writes) {
            throw Error(STOA_INVALID, "a read transaction can't set a timer");
        }
        if (!indexOf(world, text(name))) {
            throw Error(STOA_INVALID, "the manifest has no timer " + std::string(text(name)));
        }
        // `revision` tells a timer that its own handler has set anew from the one that fired.
        world.database.execute(
            "INSERT INTO stoa_timers (name, key, due_us, payload, attempt, revision) VALUES ($1, $2, $3, $4, 1, 1) "
            "ON CONFLICT (name, key) DO UPDATE SET due_us = $3, payload = $4, attempt = 1, revision = revision + 1",
            {std::string(text(name)), std::string(text(key)), due_us, std::string(text(payload))});
    });
}

stoa_status cancel(const stoa_timer* timer, stoa_tx*, stoa_str name, stoa_str key) {
    World& world = *static_cast<World*>(timer->self);
    return guarded(world, [&] {
        world.database.execute("DELETE FROM stoa_timers WHERE name = $1 AND key = $2",
                               {std::string(text(name)), std::string(text(key))});
    });
}

class TimerTable final : public Capability {
public:
    explicit TimerTable(World& world) : table_{sizeof(stoa_timer), 0, &world, index, name, set, cancel} {}
    std::string_view id() const override { return STOA_TIMER_ID; }
    const void* table() const override { return &table_; }

private:
    stoa_timer table_;
};

}  // namespace

std::unique_ptr<Capability> makeTimer(World& world) { return std::make_unique<TimerTable>(world); }

std::optional<Time> World::nextDue() {
    const Result first = database.execute("SELECT due_us FROM stoa_timers ORDER BY due_us LIMIT 1");
    return first.rows.empty() ? std::nullopt : std::optional(fromMicros(std::get<std::int64_t>(first.rows[0][0])));
}

bool World::fireOne() {
    const Result due = database.execute(
        "SELECT name, key, payload, due_us, attempt, revision FROM stoa_timers WHERE due_us <= $1 "
        "ORDER BY due_us, name, key LIMIT 1",
        {toMicros(now)});
    if (due.rows.empty()) {
        return false;
    }
    const auto& row = due.rows.front();
    const auto name = std::get<std::string>(row[0]);
    const auto key = std::get<std::string>(row[1]);
    const auto payload = std::get<std::string>(row[2]);
    const auto attempt = std::get<std::int64_t>(row[4]);
    const auto revision = std::get<std::int64_t>(row[5]);
    const std::uint32_t at = *indexOf(*this, name);
    const stoa_firing firing{sizeof(stoa_firing), static_cast<std::uint32_t>(attempt), view(key), view(payload),
                             std::get<std::int64_t>(row[3])};
    const auto done = [&] {
        database.execute("DELETE FROM stoa_timers WHERE name = $1 AND key = $2 AND revision = $3",
                         {name, key, revision});
    };
    stoa_status status = STOA_OK;
    if (manifest.timers[at].transactional) {
        status = inTransaction([&](Transaction& transaction) {
            const stoa_status fired = plugin->on_timer(instance, at, &firing, transaction.raw());
            if (fired == STOA_OK) {
                done();
            }
            return fired;
        });
    } else if ((status = plugin->on_timer(instance, at, &firing, nullptr)) == STOA_OK) {
        done();
    }
    expectNoTransaction("timer " + name);
    if (status != STOA_OK) {
        const std::int64_t wait =
            1'000'000 * std::min<std::int64_t>(60, std::int64_t{1} << std::min(attempt - 1, std::int64_t{6}));
        database.execute(
            "UPDATE stoa_timers SET attempt = attempt + 1, due_us = $1 WHERE name = $2 AND key = $3 AND revision = $4",
            {toMicros(now) + wait, name, key, revision});
    }
    return true;
}

int World::fireDue() {
    constexpr int kEndless = 100'000;
    int fired = 0;
    while (fireOne()) {
        if (++fired == kEndless) {
            throw Violation("timers keep making each other due: 100,000 have fired without the clock moving");
        }
    }
    return fired;
}

}  // namespace stoa::fake
