#include <array>
#include <stdexcept>
#include <utility>

#include "domain.h"

namespace payment {
namespace {

template <class Enum>
using Pair = std::pair<std::string_view, Enum>;

constexpr std::array kStates{
    Pair<State>{"CREATED", State::kCreated},
    Pair<State>{"REQUIRES_ACTION", State::kRequiresAction},
    Pair<State>{"AUTHORIZED", State::kAuthorized},
    Pair<State>{"CAPTURED", State::kCaptured},
    Pair<State>{"PARTIALLY_REFUNDED", State::kPartiallyRefunded},
    Pair<State>{"REFUNDED", State::kRefunded},
    Pair<State>{"VOIDED", State::kVoided},
    Pair<State>{"FAILED", State::kFailed},
    Pair<State>{"UNKNOWN", State::kUnknown},
};
constexpr std::array kClosed{Pair<Closed>{"NO", Closed::kNo}, Pair<Closed>{"VOIDED", Closed::kVoided},
                             Pair<Closed>{"FAILED", Closed::kFailed}};
constexpr std::array kOpTypes{Pair<OpType>{"AUTHORIZE", OpType::kAuthorize}, Pair<OpType>{"CAPTURE", OpType::kCapture},
                              Pair<OpType>{"VOID", OpType::kVoid}, Pair<OpType>{"REFUND", OpType::kRefund}};
constexpr std::array kOpStates{Pair<OpState>{"REQUESTED", OpState::kRequested}, Pair<OpState>{"DONE", OpState::kDone},
                               Pair<OpState>{"REFUSED", OpState::kRefused},
                               Pair<OpState>{"UNKNOWN", OpState::kUnknown}};
constexpr std::array kRefundStates{Pair<RefundState>{"REQUESTED", RefundState::kRequested},
                                   Pair<RefundState>{"DONE", RefundState::kDone},
                                   Pair<RefundState>{"FAILED", RefundState::kFailed}};
constexpr std::array kNews{Pair<News>{"payment.authorized", News::kAuthorized},
                           Pair<News>{"payment.completed", News::kCompleted},
                           Pair<News>{"payment.failed", News::kFailed}, Pair<News>{"payment.voided", News::kVoided},
                           Pair<News>{"payment.refunded", News::kRefunded}};

template <class Table, class Enum>
std::string_view nameIn(const Table& table, Enum value) {
    for (const auto& [text, each] : table) {
        if (each == value) {
            return text;
        }
    }
    throw std::invalid_argument("a value without a name");
}

template <class Enum, class Table>
Enum valueIn(const Table& table, std::string_view text) {
    for (const auto& [known, value] : table) {
        if (known == text) {
            return value;
        }
    }
    throw std::invalid_argument("no such name: " + std::string(text));
}

}  // namespace

std::string_view name(State state) { return nameIn(kStates, state); }
std::string_view name(Closed closed) { return nameIn(kClosed, closed); }
std::string_view name(OpType type) { return nameIn(kOpTypes, type); }
std::string_view name(OpState state) { return nameIn(kOpStates, state); }
std::string_view name(RefundState state) { return nameIn(kRefundStates, state); }
std::string_view name(News news) { return nameIn(kNews, news); }

template <>
Closed parse<Closed>(std::string_view text) {
    return valueIn<Closed>(kClosed, text);
}
template <>
OpType parse<OpType>(std::string_view text) {
    return valueIn<OpType>(kOpTypes, text);
}
template <>
OpState parse<OpState>(std::string_view text) {
    return valueIn<OpState>(kOpStates, text);
}
template <>
RefundState parse<RefundState>(std::string_view text) {
    return valueIn<RefundState>(kRefundStates, text);
}

}  // namespace payment
