#include "host/outbound/balancer.h"

#include <algorithm>
#include <vector>

namespace stoa::host::outbound {

Balancer::Balancer(BalancerOptions options, std::function<double()> random)
    : options_(options), random_(std::move(random)) {}

std::optional<std::string> Balancer::pick(std::span<const std::string> addresses, TimePoint now,
                                          const std::string& avoid) {
    const std::lock_guard lock{mutex_};
    // What has left the directory is forgotten, once nothing is in flight there.
    std::erase_if(instances_, [&](const auto& known) {
        return known.second.in_flight == 0 &&
               std::find(addresses.begin(), addresses.end(), known.first) == addresses.end();
    });
    std::vector<const std::string*> ejected;
    std::vector<const std::string*> usable;
    for (const auto& address : addresses) {
        (instances_[address].ejected_until > now ? ejected : usable).push_back(&address);
    }
    // At most half is left out: those that return first come back early.
    std::sort(ejected.begin(), ejected.end(), [&](const auto* a, const auto* b) {
        return instances_[*a].ejected_until < instances_[*b].ejected_until;
    });
    for (std::size_t i = 0; ejected.size() - i > addresses.size() / 2; ++i) {
        usable.push_back(ejected[i]);
    }
    if (usable.size() > 1) {
        std::erase_if(usable, [&](const auto* address) { return *address == avoid; });
    }
    if (usable.empty()) {
        return std::nullopt;
    }
    const auto draw = [&](std::size_t count) {
        return std::min(static_cast<std::size_t>(random_() * static_cast<double>(count)), count - 1);
    };
    const std::size_t first = draw(usable.size());
    std::size_t chosen = first;
    if (usable.size() > 1) {
        const std::size_t second = (first + 1 + draw(usable.size() - 1)) % usable.size();
        chosen = instances_[*usable[second]].in_flight < instances_[*usable[first]].in_flight ? second : first;
    }
    ++instances_[*usable[chosen]].in_flight;
    return *usable[chosen];
}

void Balancer::done(const std::string& address, bool failed, TimePoint now) {
    const std::lock_guard lock{mutex_};
    const auto found = instances_.find(address);
    if (found == instances_.end()) {
        return;
    }
    auto& instance = found->second;
    --instance.in_flight;
    if (!failed) {
        instance.failures = 0;
        return;
    }
    if (++instance.failures >= options_.eject_after && instance.ejected_until <= now) {
        instance.failures = 0;
        ++instance.ejections;
        instance.ejected_until = now + options_.eject_for * instance.ejections;
    }
}

bool Balancer::ejected(const std::string& address, TimePoint now) {
    const std::lock_guard lock{mutex_};
    const auto found = instances_.find(address);
    return found != instances_.end() && found->second.ejected_until > now;
}

}  // namespace stoa::host::outbound
