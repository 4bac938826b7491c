/// Amounts of money: int64 minor units of a currency (ISO 4217), never a double.
#pragma once

#include <cstdint>
#include <string>

#include <json/value.h>

namespace stoa {

struct Money {
    std::int64_t amount = 0;  ///< minor units: cents for EUR
    std::string currency = "EUR";

    /// `{"amount": 1250, "currency": "EUR"}`
    Json::Value json() const;
    /// From that shape; throws Problem 400 naming `field` for anything else.
    static Money from(const Json::Value& value, const std::string& field);

    friend bool operator==(const Money&, const Money&) = default;
};

/// Throw Problem 422 "amount-out-of-range" on overflow, and Error STOA_INTERNAL when currencies differ.
Money operator+(const Money& a, const Money& b);
Money operator-(const Money& a, const Money& b);
Money operator*(const Money& unit, std::int64_t quantity);

}  // namespace stoa
