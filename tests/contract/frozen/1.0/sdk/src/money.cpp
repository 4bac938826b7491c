#include <stoa/money.h>

#include <algorithm>

#include <stoa/error.h>
#include <stoa/problem.h>

namespace stoa {

namespace {

[[noreturn]] void outOfRange() {
    throw unprocessable("amount-out-of-range", "An amount of this request is larger than the shop can count.");
}

void sameCurrency(const Money& a, const Money& b) {
    if (a.currency != b.currency) {
        throw Error(STOA_INTERNAL, "amounts in " + a.currency + " and " + b.currency + " can't be combined");
    }
}

bool isCurrency(const Json::Value& value) {
    if (!value.isString()) {
        return false;
    }
    const std::string code = value.asString();
    return code.size() == 3 && std::all_of(code.begin(), code.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool isInteger(const Json::Value& value) {
    return value.type() == Json::intValue || (value.type() == Json::uintValue && value.isInt64());
}

}  // namespace

Json::Value Money::json() const {
    Json::Value value;
    value["amount"] = static_cast<Json::Int64>(amount);
    value["currency"] = currency;
    return value;
}

Money Money::from(const Json::Value& value, const std::string& field) {
    if (value.isObject() && value.size() == 2 && isInteger(value["amount"]) && isCurrency(value["currency"])) {
        return {value["amount"].asInt64(), value["currency"].asString()};
    }
    const char* why = R"(must be money: {"amount": minor units as an integer, "currency": "EUR"})";
    throw badRequest("invalid-body", "A field of the body can't be used.").field(field, why);
}

Money operator+(const Money& a, const Money& b) {
    sameCurrency(a, b);
    Money sum{0, a.currency};
    if (__builtin_add_overflow(a.amount, b.amount, &sum.amount)) {
        outOfRange();
    }
    return sum;
}

Money operator-(const Money& a, const Money& b) {
    sameCurrency(a, b);
    Money difference{0, a.currency};
    if (__builtin_sub_overflow(a.amount, b.amount, &difference.amount)) {
        outOfRange();
    }
    return difference;
}

Money operator*(const Money& unit, std::int64_t quantity) {
    Money product{0, unit.currency};
    if (__builtin_mul_overflow(unit.amount, quantity, &product.amount)) {
        outOfRange();
    }
    return product;
}

}  // namespace stoa
