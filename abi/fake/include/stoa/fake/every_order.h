/// The events of one life in every order in which a consumer may get them, each of them more than once.
///
///     fake::EveryOrder life({{.topic = "order.created", .deliver = [&](auto& id) { return host.deliver(…, id); }},
///                            {.topic = "order.cancelled", .version = 2, .deliver = …}});
///     CPPUNIT_ASSERT_EQUAL(std::string("RELEASED 10/0"), life.play({.begin = …, .end = …}));
///
/// Topics are in no order to each other, and delivery is at least once: whichever event overtakes which, what is left
/// in the end must be the same. A handler that fails is tried again later, with all later events of its topic and key
/// behind it, as the real host parks them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <stoa/fake/host.h>

namespace stoa::fake {

/// One thing that happens.
struct Cue {
    std::string topic;     ///< of the event; of an act its name
    std::string key = {};  ///< tells aggregates of one topic apart; in the story, not on the wire
    std::int64_t version = 1;
    /// Names of what must have happened for this to happen at all.
    std::vector<std::string> after = {};
    /// Delivers the event under this id to the host of the sequence that is played.
    std::function<stoa_status(const std::string& id)> deliver = nullptr;
    /// Happens instead of an event, once: a request, time that passes.
    std::function<void()> act = nullptr;

    /// "order.created 1"; of an act its name alone.
    std::string name() const;
};

/// What is played, and how it is judged.
struct Play {
    /// Before each sequence: a host, or an order, to which nothing has happened yet.
    std::function<Host&()> begin;
    /// What is left after a sequence: state, effects and what was published, as text. The same for each that can be.
    /// Asked of all of them.
    std::function<std::string()> end;
    /// After each step of any sequence, those that can't be included: throws when something does not add up.
    std::function<void()> holds = nullptr;
    /// Every event comes once more at the end, under another id, as when its inbox row is gone: nothing more is left
    /// then.
    bool renamed = true;
};

/// Sequences that can't be (an effect before its cause, one topic and key out of order) are played, too. They must
/// hold, may wait for ever and may leave something else.
class EveryOrder {
public:
    /// Of up to so many cues all permutations; of more a sample, the same in every run.
    static constexpr std::size_t kAll = 6, kSample = 500;
    /// Of up to so many, every sequence in which each event comes twice under its id; of more the second one is strewn
    /// in at random.
    static constexpr std::size_t kAllCopies = 3;

    /// Events of one topic and key stand in their order.
    explicit EveryOrder(std::vector<Cue> cues) : cues_(std::move(cues)) {}

    /// Plays every sequence twice: what is due runs after each step, or only at the end; with kAll cues and more either
    /// the one or the other. Throws Violation with the sequence when two ends differ, when something does not hold, or
    /// when an event of a sequence that can be is never taken. Returns what was left.
    std::string play(const Play& play) const;

private:
    struct Move {
        std::size_t cue;
        bool again;
    };
    using Sequence = std::vector<Move>;
    using Order = std::vector<std::size_t>;

    std::vector<Sequence> sequences() const;
    std::vector<Sequence> everyCopy() const;
    bool mayCome(std::size_t cue, const Order& before) const;
    Order possible(const Order& order) const;
    bool canBe(const Sequence& sequence) const;
    std::string story(const Sequence& sequence, bool at_once) const;
    std::string playOne(const Play& play, const Sequence& sequence, bool at_once) const;

    std::vector<Cue> cues_;
    mutable int played_ = 0;  ///< ids differ from sequence to sequence
};

}  // namespace stoa::fake
