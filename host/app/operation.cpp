#include "host/app/operation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include <stoa/error.h>

namespace stoa::host::app {

std::list<Operations::Operation> Operations::takeOld() {
    std::list<Operation> old;
    auto ended = std::count_if(operations_.begin(), operations_.end(),
                               [](const Operation& each) { return each.state != "running"; });
    for (auto each = operations_.begin(); each != operations_.end() && ended > static_cast<long>(kMostKept);) {
        const auto next = std::next(each);
        if (each->state != "running") {
            old.splice(old.end(), operations_, each);
            --ended;
        }
        each = next;
    }
    return old;
}

void Operations::start(const std::string& id, const std::string& service, Work work) {
    std::list<Operation> old;  // joined after the lock is gone
    const std::lock_guard lock(mutex_);
    std::size_t running = 0;
    for (const Operation& each : operations_) {
        running += each.state == "running" ? 1 : 0;
        if (each.state == "running" && each.service == service) {
            throw Error(STOA_CONFLICT, fmt::format("another host has asked for a change of {} that is under way: "
                                                   "try again when it has ended",
                                                   service));
        }
    }
    if (closed_ || running >= kMostRunning) {
        throw Error(STOA_EXHAUSTED, closed_ ? "this host is stopping" : "too many changes are under way: try later");
    }
    old = takeOld();
    Operation& operation = operations_.emplace_back();
    operation.id = id;
    operation.service = service;
    operation.thread = std::jthread([this, &operation, work = std::move(work)] { run(operation, work); });
}

void Operations::run(Operation& operation, const Work& work) {
    const Step step = [&](const std::string& name, const std::string& detail) {
        const std::lock_guard lock(mutex_);
        if (operation.lines.size() < kMostLines) {
            Json::Value line;
            line["step"] = name;
            line["detail"] = detail;
            operation.lines.append(std::move(line));
        }
    };
    Json::Value error;
    try {
        end(operation, "done", work(step), {});
        return;
    } catch (const Error& why) {
        error["status"] = static_cast<int>(why.status());
        error["message"] = why.what();
    } catch (const std::exception& why) {
        error["status"] = static_cast<int>(STOA_INTERNAL);
        error["message"] = why.what();
    }
    end(operation, "failed", {}, std::move(error));
}

void Operations::end(Operation& operation, const char* state, Json::Value result, Json::Value error) {
    const std::lock_guard lock(mutex_);
    operation.result = std::move(result);
    operation.error = std::move(error);
    operation.state = state;
}

Json::Value Operations::show(const std::string& id, const std::string& service, std::size_t after) const {
    const std::lock_guard lock(mutex_);
    for (const Operation& each : operations_) {
        if (each.id != id || each.service != service) {
            continue;
        }
        Json::Value shown;
        shown["state"] = each.state;
        shown["lines"] = Json::Value(Json::arrayValue);
        for (auto i = static_cast<Json::ArrayIndex>(std::min<std::size_t>(after, each.lines.size()));
             i < each.lines.size(); ++i) {
            shown["lines"].append(each.lines[i]);
        }
        shown["next"] = each.lines.size();
        shown["result"] = each.result;
        shown["error"] = each.error;
        return shown;
    }
    return {};
}

void Operations::close() {
    {
        const std::lock_guard lock(mutex_);
        closed_ = true;
    }
    // What still runs writes to its entry: it stays in its place until its thread has ended.
    for (Operation& each : operations_) {
        if (each.thread.joinable()) {
            each.thread.join();
        }
    }
}

}  // namespace stoa::host::app
