/// What is written to users. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <json/value.h>

namespace notification {

inline constexpr std::string_view kRegistered = "registered";
inline constexpr std::string_view kOrderConfirmed = "order_confirmed";
inline constexpr std::string_view kOrderCancelled = "order_cancelled";
inline constexpr std::string_view kShipped = "shipped";
inline constexpr std::string_view kDelivered = "delivered";
inline constexpr std::string_view kRefunded = "refunded";

struct Letter {
    std::string subject;
    std::string text;
    std::string html;
};

/// The locale that has templates: "de-AT" → "de" → `fallback` → "en".
std::string_view localeFor(std::string_view wanted, std::string_view fallback);

/// The letter in one of the locales of localeFor. `variables` as events gave them: orderId, trackingNumber, reason,
/// amount with currency; `name` may be empty. A paragraph whose variable is missing is left out. Throws Error
/// STOA_INTERNAL for an unknown template.
Letter write(std::string_view template_name, std::string_view locale, std::string_view name,
             const Json::Value& variables);

/// "EUR 12.50", "12,50 EUR".
std::string moneyText(std::int64_t amount, std::string_view currency, std::string_view locale);
/// For HTML text and attribute values.
std::string escapeHtml(std::string_view text);

}  // namespace notification
