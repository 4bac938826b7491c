#include "host/app/fleet_upgrade.h"

#include <algorithm>
#include <mutex>
#include <thread>

#include <fmt/format.h>

#include <stoa/json.h>

namespace stoa::host::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Course {
public:
    Course(const FleetMembers& members, const FleetPlan& plan, const FleetStep& step,
           const std::function<bool()>& wanted)
        : members_(members), plan_(plan), step_(step), wanted_(wanted), rows_(members.size()) {
        for (std::size_t i = 0; i < members.size(); ++i) {
            rows_[i]["host"] = members[i]->hostId();
            rows_[i]["address"] = members[i]->address();
            rows_[i]["outcome"] = "not asked";
        }
    }

    FleetReport run() {
        const std::size_t wave = std::max<std::size_t>(plan_.wave, 1);
        for (std::size_t first = 0; first < members_.size() && report_.reason.empty(); first += wave) {
            if (first > 0) {
                pause();
            }
            if (!wanted_()) {
                report_.reason = "nobody waits for its end any more";
                break;
            }
            const std::size_t end = std::min(first + wave, members_.size());
            eachOf(first, end, [this](std::size_t i) { upgrade(i); });
            asked_ = end;
        }
        report_.done = report_.reason.empty();
        if (!report_.done) {
            eachOf(0, asked_, [this](std::size_t i) { rollBack(i); });
        }
        report_.result["outcome"] = outcome();
        report_.result["hosts"] = Json::Value(Json::arrayValue);
        for (Json::Value& row : rows_) {
            report_.result["hosts"].append(std::move(row));
        }
        return std::move(report_);
    }

private:
    /// At the same time, and waits for all: what is under way is never left alone.
    template <typename Body>
    static void eachOf(std::size_t first, std::size_t end, const Body& body) {
        std::vector<std::jthread> threads;
        for (std::size_t i = first; i < end; ++i) {
            threads.emplace_back([&body, i] { body(i); });
        }
    }

    void pause() const {
        constexpr milliseconds kLook{100};
        const auto end = steady_clock::now() + plan_.pause;
        while (steady_clock::now() < end && wanted_()) {
            std::this_thread::sleep_for(std::min(kLook, std::chrono::ceil<milliseconds>(end - steady_clock::now())));
        }
    }

    void tell(std::size_t i, const std::string& step, const std::string& detail) {
        const std::lock_guard lock(mutex_);
        step_(*members_[i], step, detail);
    }

    Step stepOf(std::size_t i) {
        return [this, i](const std::string& step, const std::string& detail) { tell(i, step, detail); };
    }

    void upgrade(std::size_t i) {
        try {
            const Json::Value now = members_[i]->upgrade(stepOf(i));
            for (const char* key :
                 {"outcome", "version", "previous", "former", "steps", "canary", "warnings", "notes"}) {
                if (now.isMember(key)) {
                    rows_[i][key] = now[key];
                }
            }
            tell(i, textOr(now, "outcome", "done"), textOr(now, "version"));
        } catch (const Vanished& why) {
            failed(i, "vanished", why.what());
        } catch (const std::exception& why) {
            failed(i, "refused", why.what());
        }
    }

    void failed(std::size_t i, const std::string& outcome, const std::string& why) {
        rows_[i]["outcome"] = outcome;
        rows_[i]["reason"] = why;
        tell(i, outcome, why);
        const std::lock_guard lock(mutex_);
        if (report_.reason.empty()) {
            report_.reason = fmt::format("{}: {}", members_[i]->address(), why);
        }
    }

    /// What was changed goes back. A host that vanished may have changed: it is asked as well, and may still not
    /// answer.
    void rollBack(std::size_t i) {
        const std::string before = textOr(rows_[i], "outcome");
        if (before != "active" && before != "vanished") {
            return;
        }
        try {
            const Json::Value now = members_[i]->rollBack(stepOf(i));
            rows_[i]["outcome"] = "rolled back";
            rows_[i]["version"] = now["version"];
            for (const Json::Value& warning : now["warnings"]) {
                rows_[i]["warnings"].append(warning);
            }
            tell(i, "rolled back", textOr(now, "version"));
        } catch (const std::exception& why) {
            rows_[i]["rollback"] = why.what();
            if (before == "active") {
                rows_[i]["outcome"] = "rollback failed";
            }
            tell(i, before == "active" ? "rollback failed" : before, why.what());
        }
    }

    std::string outcome() const {
        const auto any = [this](std::string_view outcome) {
            return std::ranges::any_of(rows_,
                                       [&](const Json::Value& row) { return textOr(row, "outcome") == outcome; });
        };
        if (report_.done) {
            return any("dry run") ? "dry run" : "active";
        }
        return any("rollback failed") || any("vanished") ? "rollback incomplete" : "rolled back";
    }

    const FleetMembers& members_;
    const FleetPlan plan_;
    const FleetStep& step_;
    const std::function<bool()>& wanted_;
    std::vector<Json::Value> rows_;
    std::size_t asked_ = 0;
    FleetReport report_;
    std::mutex mutex_;
};

}  // namespace

FleetReport upgradeFleet(const FleetMembers& members, const FleetPlan& plan, const FleetStep& step,
                         const std::function<bool()>& wanted) {
    return Course(members, plan, step, wanted).run();
}

}  // namespace stoa::host::app
