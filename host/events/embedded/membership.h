/// A member of a consumer group, in the tables of the log file. Each function runs inside a writer's transaction.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "host/events/embedded/log_file.h"
#include "host/events/embedded/sqlite.h"

namespace stoa::host::events::embedded {

/// A partition that a member got, and where to go on.
struct Taken {
    std::string topic;
    Partition partition;
    std::int64_t position = 0;
    std::int64_t lost = 0;  ///< records that retention dropped before this group had read them
};

/// There is no coordinator: each member computes the same fair split of each topic's partitions from the live members,
/// gives up what is not its own by that, and takes what is, as soon as nobody alive owns it. The group's generation
/// counts every change, so that the others look again.
///
/// The member's name is the host's id: a host that comes back within its lease takes its own partitions up at once. Its
/// incarnation tells it from the former process of that name.
class Membership {
public:
    Membership(std::string group, std::string member, std::chrono::milliseconds lease);

    void join(Connection& connection, const std::vector<std::string>& topics);
    /// Renews the lease and removes members whose lease is over. False: this member was itself removed or replaced.
    bool beat(Connection& connection);
    /// What the fair split gives to this member.
    std::map<std::int64_t, Taken> target(Connection& connection) const;
    /// Owns those of `wanted` that nobody alive owns, and says where to go on.
    std::vector<Taken> take(Connection& connection, const std::map<std::int64_t, Taken>& wanted) const;
    void release(Connection& connection, const std::vector<std::int64_t>& partitions) const;
    void commit(Connection& connection, const std::map<std::int64_t, std::int64_t>& offsets) const;
    /// Gives everything up.
    void leave(Connection& connection) const;
    /// Stays a member for `duration` without a heartbeat.
    void keep(Connection& connection, std::chrono::milliseconds duration) const;
    std::int64_t generation(Connection& connection) const;

private:
    std::map<std::string, std::vector<std::string>> membersByTopic(Connection& connection) const;
    std::vector<std::string> rememberedTopics(Connection& connection) const;
    void changed(Connection& connection) const;

    std::string group_;
    std::string member_;
    std::int64_t incarnation_;
    std::int64_t lease_us_;
};

}  // namespace stoa::host::events::embedded
