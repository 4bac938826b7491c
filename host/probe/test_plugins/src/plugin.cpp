// A plugin without the SDK's barriers: what its setting `fault` names happens at the place that the fault belongs to.

#include <dirent.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <stoa/abi/config.h>
#include <stoa/abi/events.h>
#include <stoa/abi/http.h>
#include <stoa/abi/log.h>
#include <stoa/abi/plugin.h>
#include <stoa/abi/sql.h>
#include <stoa/host.h>
#include <stoa/json.h>

struct stoa_instance {
    const stoa_http* http;
    const stoa_sql* sql;
    const stoa_events* events;
    const stoa_log* log;
    std::string fault;
    std::uint32_t create_thing = 0;

    bool has(std::string_view name) const { return fault == name; }
};

namespace {

using stoa::view;

constexpr std::size_t kFourGiB = std::size_t{4} << 30U;

void say(const stoa_instance& self, const std::string& line) {
    self.log->write(self.log, STOA_LOG_INFO, view(line), nullptr, 0);
}

[[noreturn]] void hang() {
    for (;;) {
        pause();
    }
}

/// What came over from the process that started this one.
std::string inheritance() {
    int descriptors = 0;
    DIR* folder = opendir("/proc/self/fd");
    while (folder != nullptr && readdir(folder) != nullptr) {
        ++descriptors;
    }
    closedir(folder);
    constexpr int kDotsAndFolder = 3;
    const char* secret = std::getenv("STOA_PROBE_TEST_SECRET");
    return "descriptors " + std::to_string(descriptors - kDotsAndFolder) + " secret " + (secret ? secret : "none");
}

stoa_status create(const stoa_host* host, stoa_instance** instance, const stoa_writer* refusal) {
    const auto* config = static_cast<const stoa_config*>(host->capability(host, view(STOA_CONFIG_ID)));
    const auto settings = stoa::parseJson(stoa::text(config->json(config)));
    auto* self = new stoa_instance{static_cast<const stoa_http*>(host->capability(host, view(STOA_HTTP_ID))),
                                   static_cast<const stoa_sql*>(host->capability(host, view(STOA_SQL_ID))),
                                   static_cast<const stoa_events*>(host->capability(host, view(STOA_EVENTS_ID))),
                                   static_cast<const stoa_log*>(host->capability(host, view(STOA_LOG_ID))),
                                   (*settings)["fault"].asString()};
    self->http->route(self->http, view("createThing"), &self->create_thing);
    say(*self, inheritance());
    if (self->has("create throws")) {
        throw std::runtime_error("thrown in create");
    }
    if (self->has("create fails")) {
        const std::string_view why = "the stars are wrong";
        refusal->write(refusal, why.data(), why.size());
        delete self;
        return STOA_UNSUPPORTED;
    }
    if (self->has("create allocates")) {
        const std::vector<char> block(kFourGiB, 'x');
        say(*self, std::to_string(block.size()));
    }
    *instance = self;
    return STOA_OK;
}

stoa_status start(stoa_instance* self) { return self->has("start fails") ? STOA_INTERNAL : STOA_OK; }
stoa_status stop(stoa_instance* self) { return self->has("stop fails") ? STOA_INTERNAL : STOA_OK; }
void destroy(stoa_instance* self) { delete self; }

stoa_status health(stoa_instance* self, const stoa_writer* detail) {
    if (!self->has("never healthy")) {
        return STOA_OK;
    }
    const std::string_view why = "waiting for the sun";
    detail->write(detail, why.data(), why.size());
    return STOA_UNAVAILABLE;
}

stoa_status answer(const stoa_instance& self, stoa_response* response, std::uint32_t status, std::string_view body) {
    const bool problem = status >= 400;
    self.http->set_status(response, status);
    if (status == 201) {
        self.http->set_header(response, view("Location"), view("/api/v1/things/0190a0b0-0000-7000-8000-000000000002"));
    }
    return self.http->set_body(response, view(problem ? "application/problem+json" : "application/json"), view(body));
}

/// A status, whatever the statement comes to: the probe must find out by itself.
stoa_status execute(const stoa_instance& self, std::string_view statement) {
    stoa_tx* tx = nullptr;
    self.sql->begin(self.sql, STOA_TX_READ, &tx);
    self.sql->execute(tx, view(statement), nullptr, 0, nullptr, nullptr);
    self.sql->rollback(tx);
    return STOA_OK;
}

stoa_status createThing(const stoa_instance& self, stoa_response* response) {
    if (self.has("crash")) {
        say(self, "about to crash");
        std::raise(SIGSEGV);
    }
    if (self.has("hang")) {
        hang();
    }
    if (self.has("exit")) {
        syscall(SYS_exit_group, 3);  // stoa-validate refuses a plugin that imports exit
    }
    if (self.has("throw")) {
        throw std::out_of_range("thrown in a handler");
    }
    if (self.has("misspelt statement")) {
        execute(self, "SELEC id FROM things");
    }
    if (self.has("star")) {
        execute(self, "SELECT * FROM things");
    }
    if (self.has("hidden star")) {
        execute(self, "SELECT id FROM (SELECT t.* FROM things t) u");
    }
    if (self.has("only SQLite")) {
        execute(self, "SELECT id FROM things WHERE id GLOB 'a'");
    }
    if (self.has("error 500")) {
        return answer(self, response, 500, R"({"type":"urn:x","title":"Oh","status":500})");
    }
    if (self.has("status") || self.has("two faults")) {
        return answer(self, response, 202, R"({"thingId":"0190a0b0-0000-7000-8000-000000000002"})");
    }
    if (self.has("problem")) {
        return answer(self, response, 409, R"({"type":"urn:x","title":"Oh","status":410})");
    }
    return answer(self, response, 201, R"({"thingId":"0190a0b0-0000-7000-8000-000000000002"})");
}

stoa_status onRequest(stoa_instance* self, std::uint32_t route, stoa_request* request, stoa_response* response) {
    if (route == self->create_thing) {
        return createThing(*self, response);
    }
    stoa_str id{};
    self->http->path_param(request, view("thingId"), &id);
    say(*self, "asked for " + std::string(stoa::text(id)));
    if (self->has("schema") || self->has("two faults")) {
        return answer(*self, response, 200, R"({"thingId":7})");
    }
    return answer(*self, response, 200, R"({"thingId":")" + std::string(stoa::text(id)) + R"("})");
}

stoa_status onEvent(stoa_instance* self, std::uint32_t, const stoa_event* event, stoa_tx* tx) {
    if (self->has("park")) {
        return STOA_INVALID;
    }
    const bool bad = self->has("publish");
    const std::string data = std::string(R"({"thingId":")") + (bad ? "7" : std::string(stoa::text(event->key))) +
                             R"(","aggregateVersion":1,"timestamp":"2026-01-05T09:00:00Z"})";
    stoa_event made{};
    made.struct_size = sizeof made;
    made.topic = view("thing.made");
    made.key = event->key;
    made.data = view(data);
    made.aggregate_version = 1;
    made.aggregate_type = view("thing");
    const stoa_status status = self->events->publish(self->events, tx, &made);
    return bad ? STOA_OK : status;
}

stoa_status onTimer(stoa_instance*, std::uint32_t, const stoa_firing*, stoa_tx*) { return STOA_NOT_FOUND; }

}  // namespace

STOA_EXPORT const stoa_plugin* stoa_plugin_entry(const stoa_offer*, const stoa_writer*) {
    static const stoa_plugin kPlugin{sizeof(stoa_plugin),
                                     STOA_ABI_MAJOR,
                                     0,
                                     0,
                                     view(STOA_PLUGIN_NAME),
                                     view(STOA_PLUGIN_VERSION),
                                     create,
                                     nullptr,
                                     start,
                                     health,
                                     onRequest,
                                     onEvent,
                                     onTimer,
                                     nullptr,
                                     stop,
                                     destroy};
    return &kPlugin;
}
