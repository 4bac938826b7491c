#include <stoa/fake/every_order.h>

#include <algorithm>
#include <map>
#include <numeric>
#include <optional>
#include <random>
#include <set>

namespace stoa::fake {
namespace {

constexpr unsigned kSeed = 20260105;

/// Delivers as the real host does: what fails waits, with all that comes after it under its topic and key.
class Consumer {
public:
    void take(const Cue& cue, const std::string& id) {
        auto& waiting = parked_[{cue.topic, cue.key}];
        if (!waiting.empty() || cue.deliver(id) != STOA_OK) {
            waiting.emplace_back(&cue, id);
        }
    }
    /// Tries what waits until nothing more is taken. The names of what waits all the same.
    std::string replay() {
        std::string left;
        for (bool moved = true; moved;) {
            moved = false;
            left.clear();
            for (auto& [where, waiting] : parked_) {
                while (!waiting.empty() && waiting.front().first->deliver(waiting.front().second) == STOA_OK) {
                    waiting.erase(waiting.begin());
                    moved = true;
                }
                left += waiting.empty() ? "" : waiting.front().first->name() + " ";
            }
        }
        return left;
    }

private:
    using Parked = std::vector<std::pair<const Cue*, std::string>>;
    std::map<std::pair<std::string, std::string>, Parked> parked_;
};

}  // namespace

std::string Cue::name() const {
    return act ? topic : topic + " " + (key.empty() ? "" : key + " ") + std::to_string(version);
}

std::string EveryOrder::play(const Play& play) const {
    std::optional<std::string> first;
    std::string how_first;
    std::mt19937 random{kSeed};
    const auto one = [&](const Sequence& sequence, bool at_once) {
        const std::string how = story(sequence, at_once);
        std::string end;
        try {
            end = playOne(play, sequence, at_once);
        } catch (const std::exception& error) {
            throw Violation(how + ": " + error.what());
        }
        if (!canBe(sequence)) {
            return;
        }
        if (!first) {
            first = end;
            how_first = how;
        } else if (end != *first) {
            throw Violation(how + " leaves:\n" + end + "\n" + how_first + " leaves:\n" + *first);
        }
    };
    for (const Sequence& sequence : sequences()) {
        const bool at_once = random() % 2 == 0;
        one(sequence, at_once);
        if (cues_.size() < kAll) {
            one(sequence, !at_once);
        }
    }
    if (!first) {
        throw Violation("no sequence of these events can be");
    }
    return *first;
}

std::string EveryOrder::playOne(const Play& play, const Sequence& sequence, bool at_once) const {
    const std::string prefix = std::to_string(++played_) + " ";
    Host& host = play.begin();
    Consumer consumer;
    const auto settle = [&](bool due) {
        if (due) {
            host.runDue();
        }
        if (play.holds) {
            play.holds();
        }
    };
    for (const Move& move : sequence) {
        const Cue& cue = cues_[move.cue];
        cue.act ? cue.act() : consumer.take(cue, prefix + cue.name());
        settle(at_once);
    }
    const std::string waits = consumer.replay();
    settle(true);
    const std::string end = play.end();
    for (const Cue& cue : cues_) {
        if (play.renamed && !cue.act) {
            consumer.take(cue, prefix + cue.name() + " under another id");
            settle(at_once);
        }
    }
    const std::string still_waits = consumer.replay();
    settle(true);
    if (!canBe(sequence)) {
        return end;
    }
    if (!(waits + still_waits).empty()) {
        throw Violation("never taken: " + waits + still_waits + "(" + host.lastError() + ")");
    }
    if (const std::string after = play.end(); after != end) {
        throw Violation("leaves:\n" + end + "\nand when each event comes once more under another id:\n" + after);
    }
    return end;
}

std::vector<EveryOrder::Sequence> EveryOrder::sequences() const {
    if (cues_.size() <= kAllCopies) {
        return everyCopy();
    }
    std::vector<Sequence> all;
    std::mt19937 random{kSeed};
    const auto strewn = [&](const Order& order) {
        Sequence sequence;
        for (const std::size_t cue : order) {
            sequence.push_back({cue, false});
        }
        for (const std::size_t cue : order) {
            const auto at =
                std::find_if(sequence.begin(), sequence.end(), [&](const Move& move) { return move.cue == cue; });
            const auto later = static_cast<unsigned>(sequence.end() - at);
            if (!cues_[cue].act) {
                sequence.insert(at + 1 + static_cast<std::ptrdiff_t>(random() % later), {cue, true});
            }
        }
        all.push_back(std::move(sequence));
    };
    Order order(cues_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (order.size() > kAll) {
        for (std::size_t i = 0; i < kSample; ++i) {
            std::shuffle(order.begin(), order.end(), random);
            strewn(i % 4 == 0 ? order : possible(order));
        }
        return all;
    }
    do {
        strewn(order);
    } while (std::next_permutation(order.begin(), order.end()));
    return all;
}

std::vector<EveryOrder::Sequence> EveryOrder::everyCopy() const {
    Order order;
    for (std::size_t cue = 0; cue < cues_.size(); ++cue) {
        order.insert(order.end(), cues_[cue].act ? 1 : 2, cue);
    }
    std::vector<Sequence> all;
    do {
        Sequence& sequence = all.emplace_back();
        std::set<std::size_t> seen;
        for (const std::size_t cue : order) {
            sequence.push_back({cue, !seen.insert(cue).second});
        }
    } while (std::next_permutation(order.begin(), order.end()));
    return all;
}

bool EveryOrder::mayCome(std::size_t cue, const Order& before) const {
    const Cue& wanted = cues_[cue];
    for (std::size_t other = 0; other < cues_.size(); ++other) {
        const Cue& each = cues_[other];
        const bool caused = std::find(wanted.after.begin(), wanted.after.end(), each.name()) != wanted.after.end();
        const bool queued =
            !wanted.act && !each.act && each.topic == wanted.topic && each.key == wanted.key && other < cue;
        if ((caused || queued) && std::find(before.begin(), before.end(), other) == before.end()) {
            return false;
        }
    }
    return true;
}

/// The same, but that nothing comes before what it must come after.
EveryOrder::Order EveryOrder::possible(const Order& order) const {
    Order result;
    while (result.size() < order.size()) {
        const auto next = std::find_if(order.begin(), order.end(), [&](std::size_t cue) {
            return std::find(result.begin(), result.end(), cue) == result.end() && mayCome(cue, result);
        });
        if (next == order.end()) {
            throw Violation("these events wait for each other");
        }
        result.push_back(*next);
    }
    return result;
}

bool EveryOrder::canBe(const Sequence& sequence) const {
    Order before;
    for (const Move& move : sequence) {
        if (!move.again && !mayCome(move.cue, before)) {
            return false;
        }
        before.push_back(move.cue);
    }
    return true;
}

std::string EveryOrder::story(const Sequence& sequence, bool at_once) const {
    std::string text = at_once ? "with jobs at once" : "with jobs at the end";
    for (const Move& move : sequence) {
        text += (move.again ? ", again " : ", ") + cues_[move.cue].name();
    }
    return text;
}

}  // namespace stoa::fake
