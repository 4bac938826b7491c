#include "templates.h"

#include <array>
#include <map>
#include <optional>
#include <utility>

#include <stoa/error.h>
#include <stoa/json.h>

namespace notification {
namespace {

struct Template {
    std::string_view name;
    std::string_view locale;
    std::string_view subject;
    std::array<std::string_view, 3> paragraphs;  ///< empty ones are left out
};

constexpr std::array kTemplates{
    Template{kRegistered,
             "en",
             "Welcome to Stoa",
             {"Your account is ready.", "If you did not sign up, please tell us.", ""}},
    Template{kOrderConfirmed,
             "en",
             "Your order {order} is confirmed",
             {"Thank you for your order {order}.", "We will write to you when it ships.", ""}},
    Template{kOrderCancelled,
             "en",
             "Your order {order} was cancelled",
             {"Your order {order} was cancelled.", "{reason}", "What you may have paid goes back to you."}},
    Template{kShipped,
             "en",
             "Your order {order} is on its way",
             {"Your order {order} has left our warehouse.", "Tracking number: {tracking}", ""}},
    Template{
        kDelivered, "en", "Your order {order} was delivered", {"Your order {order} was delivered.", "Enjoy it!", ""}},
    Template{kRefunded,
             "en",
             "A refund for your order {order}",
             {"We have sent {amount} back to you for your order {order}.", "Your bank may take a few days.", ""}},
    Template{
        kRegistered,
        "de",
        "Willkommen bei Stoa",
        {"Ihr Konto ist eingerichtet.", "Falls Sie sich nicht angemeldet haben, sagen Sie uns bitte Bescheid.", ""}},
    Template{kOrderConfirmed,
             "de",
             "Ihre Bestellung {order} ist bestätigt",
             {"Vielen Dank für Ihre Bestellung {order}.", "Wir schreiben Ihnen, sobald sie verschickt ist.", ""}},
    Template{
        kOrderCancelled,
        "de",
        "Ihre Bestellung {order} wurde storniert",
        {"Ihre Bestellung {order} wurde storniert.", "{reason}", "Was Sie schon bezahlt haben, erhalten Sie zurück."}},
    Template{kShipped,
             "de",
             "Ihre Bestellung {order} ist unterwegs",
             {"Ihre Bestellung {order} hat unser Lager verlassen.", "Sendungsnummer: {tracking}", ""}},
    Template{kDelivered,
             "de",
             "Ihre Bestellung {order} wurde zugestellt",
             {"Ihre Bestellung {order} wurde zugestellt.", "Viel Freude damit!", ""}},
    Template{kRefunded,
             "de",
             "Erstattung zu Ihrer Bestellung {order}",
             {"Wir haben Ihnen {amount} zu Ihrer Bestellung {order} erstattet.",
              "Bei Ihrer Bank kann das einige Tage dauern.", ""}},
};

struct Reason {
    std::string_view code;
    std::string_view locale;
    std::string_view text;
};

/// Of order.cancelled; a code that is not here is not explained.
constexpr std::array kReasons{
    Reason{"payment_failed", "en", "The payment did not succeed."},
    Reason{"out_of_stock", "en", "Some of the products are out of stock."},
    Reason{"deadline", "en", "It could not be completed in time."},
    Reason{"hold_expired", "en", "It could not be completed in time."},
    Reason{"customer", "en", "You asked for it."},
    Reason{"shipment_cancelled", "en", "It could not be shipped."},
    Reason{"payment_failed", "de", "Die Zahlung ist fehlgeschlagen."},
    Reason{"out_of_stock", "de", "Einige der Artikel sind nicht mehr vorrätig."},
    Reason{"deadline", "de", "Sie konnte nicht rechtzeitig abgeschlossen werden."},
    Reason{"hold_expired", "de", "Sie konnte nicht rechtzeitig abgeschlossen werden."},
    Reason{"customer", "de", "Sie haben darum gebeten."},
    Reason{"shipment_cancelled", "de", "Sie konnte nicht verschickt werden."},
};

constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kGreetings{
    {{"en", "Hello {name},"}, {"de", "Guten Tag {name},"}}};

using Variables = std::map<std::string_view, std::string>;

/// One line: what came from outside can't add a header or a paragraph.
std::string oneLine(std::string text) {
    for (char& each : text) {
        if (static_cast<unsigned char>(each) < 0x20 || each == 0x7f) {
            each = ' ';
        }
    }
    return text;
}

Variables variablesOf(const Json::Value& given, std::string_view locale, std::string_view name) {
    Variables variables;
    variables["name"] = oneLine(std::string(name));
    variables["order"] = oneLine(stoa::textOr(given, "orderId"));
    variables["tracking"] = oneLine(stoa::textOr(given, "trackingNumber"));
    const std::string code = stoa::textOr(given, "reason");
    for (const Reason& reason : kReasons) {
        if (reason.code == code && reason.locale == locale) {
            variables["reason"] = reason.text;
        }
    }
    if (given.isMember("amount")) {
        variables["amount"] = moneyText(given["amount"].asInt64(), stoa::textOr(given, "currency"), locale);
    }
    return variables;
}

/// Nothing when a variable is missing.
std::optional<std::string> filled(std::string_view pattern, const Variables& variables) {
    std::string result;
    while (!pattern.empty()) {
        const auto open = pattern.find('{');
        result += pattern.substr(0, open);
        if (open == std::string_view::npos) {
            break;
        }
        const auto close = pattern.find('}', open);
        const auto found = variables.find(pattern.substr(open + 1, close - open - 1));
        if (found == variables.end() || found->second.empty()) {
            return std::nullopt;
        }
        result += found->second;
        pattern.remove_prefix(close + 1);
    }
    return result;
}

const Template& find(std::string_view name, std::string_view locale) {
    for (const Template& each : kTemplates) {
        if (each.name == name && each.locale == locale) {
            return each;
        }
    }
    throw stoa::Error(STOA_INTERNAL,
                      "there is no template " + std::string(name) + " in the locale " + std::string(locale));
}

}  // namespace

std::string_view localeFor(std::string_view wanted, std::string_view fallback) {
    for (const std::string_view each : {wanted, wanted.substr(0, wanted.find('-')), fallback}) {
        for (const auto& [locale, greeting] : kGreetings) {
            if (each == locale) {
                return locale;
            }
        }
    }
    return "en";
}

Letter write(std::string_view template_name, std::string_view locale, std::string_view name, const Json::Value& given) {
    const Template& source = find(template_name, locale);
    const Variables variables = variablesOf(given, locale, name);
    Letter letter;
    letter.subject = filled(source.subject, variables).value_or("Stoa");
    letter.html = "<!DOCTYPE html><html lang=\"" + std::string(locale) + "\"><body>";
    const auto add = [&](std::string_view pattern) {
        const auto paragraph = filled(pattern, variables);
        if (paragraph && !paragraph->empty()) {
            letter.text += (letter.text.empty() ? "" : "\n\n") + *paragraph;
            letter.html += "<p>" + escapeHtml(*paragraph) + "</p>";
        }
    };
    for (const auto& [of, greeting] : kGreetings) {
        if (of == locale) {
            add(greeting);
        }
    }
    for (const std::string_view paragraph : source.paragraphs) {
        add(paragraph);
    }
    letter.text += "\n";
    letter.html += "</body></html>";
    return letter;
}

std::string moneyText(std::int64_t amount, std::string_view currency, std::string_view locale) {
    const std::string whole = std::to_string(amount / 100);
    const std::string cents = std::to_string(amount % 100 + 100).substr(1);
    const std::string code(currency);
    return locale == "de" ? whole + "," + cents + " " + code : code + " " + whole + "." + cents;
}

std::string escapeHtml(std::string_view text) {
    std::string result;
    for (const char each : text) {
        switch (each) {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                result += each;
        }
    }
    return result;
}

}  // namespace notification
