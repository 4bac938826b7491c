#include "domain.h"

#include <algorithm>

#include <stoa/problem.h>
#include <stoa/uuid.h>

namespace order {
namespace {

constexpr std::chrono::seconds kProfilePatience{30};

std::string pointer(std::size_t line, std::string_view member) {
    return "/lines/" + std::to_string(line) + "/" + std::string(member);
}

}  // namespace

std::vector<Line> priceLines(const std::vector<Wish>& wishes, const std::map<std::string, Offer>& offers,
                             const std::string& currency) {
    auto problem = stoa::unprocessable("product-not-available", "Some of the products can't be ordered.");
    bool refused = false;
    std::vector<Line> lines;
    for (std::size_t i = 0; i < wishes.size(); ++i) {
        const auto offer = offers.find(wishes[i].product_id);
        if (offer == offers.end() || !offer->second.active) {
            problem.field(pointer(i, "productId"), "there is no such product for sale");
            refused = true;
            continue;
        }
        if (offer->second.price.currency != currency) {
            problem.field(pointer(i, "productId"),
                          "its price is in " + offer->second.price.currency + ", not " + currency);
            refused = true;
            continue;
        }
        const auto known = std::find_if(lines.begin(), lines.end(),
                                        [&](const Line& line) { return line.product_id == wishes[i].product_id; });
        if (known != lines.end()) {
            known->quantity += wishes[i].quantity;
        } else {
            lines.push_back({wishes[i].product_id, offer->second.name, wishes[i].quantity, offer->second.price.amount});
        }
    }
    if (refused) {
        throw problem;
    }
    return lines;
}

std::int64_t totalOf(const std::vector<Line>& lines) {
    stoa::Money total;
    for (const Line& line : lines) {
        total = total + stoa::Money{line.unit_price} * line.quantity;
    }
    return total.amount;
}

bool profileMayStillCome(std::string_view user_id, stoa::Time now) {
    const auto bytes = stoa::parseUuid(user_id);
    if (!bytes) {
        return false;
    }
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        milliseconds = (milliseconds << 8) | (*bytes)[i];
    }
    const auto registered = stoa::fromMicros(milliseconds * 1000);
    return now - registered < kProfilePatience;
}

}  // namespace order
