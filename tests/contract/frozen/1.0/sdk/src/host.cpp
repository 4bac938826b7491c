#include <stoa/host.h>

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include <stoa/json.h>
#include <stoa/uuid.h>

#include "writer.h"

namespace stoa {

namespace {

/// nullptr when the host has none, or an older one with fewer functions.
template <class Table>
const Table* lookUp(const stoa_host* host, std::string_view id) {
    const auto* table = static_cast<const Table*>(host->capability(host, view(id)));
    return table != nullptr && table->struct_size >= sizeof(Table) ? table : nullptr;
}

template <class Table>
const Table& need(const Table* table, std::string_view id) {
    if (table == nullptr) {
        throw Error(STOA_UNSUPPORTED, "the host gives this plugin no " + std::string(id) + ": name it in the manifest");
    }
    return *table;
}

std::vector<stoa_pair> pairs(LogFields fields) {
    std::vector<stoa_pair> raw(fields.size());
    std::transform(fields.begin(), fields.end(), raw.begin(), [](const auto& field) {
        return stoa_pair{view(field.first), view(field.second)};
    });
    return raw;
}

Json::Value settings(const Capabilities& capabilities) {
    if (capabilities.config == nullptr) {
        return Json::Value{Json::objectValue};
    }
    auto value = parseJson(text(capabilities.config->json(capabilities.config)));
    if (!value || !value->isObject()) {
        throw Error(STOA_INVALID, "the host's settings for this plugin are not a JSON object");
    }
    return std::move(*value);
}

}  // namespace

Capabilities::Capabilities(const stoa_host* given)
    : host(given),
      http(lookUp<stoa_http>(given, STOA_HTTP_ID)),
      client(lookUp<stoa_client>(given, STOA_CLIENT_ID)),
      external(lookUp<stoa_external>(given, STOA_EXTERNAL_ID)),
      sql(lookUp<stoa_sql>(given, STOA_SQL_ID)),
      events(lookUp<stoa_events>(given, STOA_EVENTS_ID)),
      timer(lookUp<stoa_timer>(given, STOA_TIMER_ID)),
      mail(lookUp<stoa_mail>(given, STOA_MAIL_ID)),
      crypto(lookUp<stoa_crypto>(given, STOA_CRYPTO_ID)),
      clock(lookUp<stoa_clock>(given, STOA_CLOCK_ID)),
      memory(lookUp<stoa_memory>(given, STOA_MEMORY_ID)),
      config(lookUp<stoa_config>(given, STOA_CONFIG_ID)),
      log(lookUp<stoa_log>(given, STOA_LOG_ID)),
      metrics(lookUp<stoa_metrics>(given, STOA_METRICS_ID)),
      trace(lookUp<stoa_trace>(given, STOA_TRACE_ID)),
      secret(lookUp<stoa_secret>(given, STOA_SECRET_ID)) {}

void Capabilities::check(stoa_status status, std::string_view what) const {
    if (status == STOA_OK) {
        return;
    }
    const std::string_view last = text(host->last_error(host));
    std::string message{what};
    message += ": ";
    message += last.empty() ? statusName(status) : last;
    throw Error(status, message);
}

Time Capabilities::now() const {
    if (clock != nullptr) {
        return fromMicros(clock->now_us(clock));
    }
    return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
}

std::string Capabilities::newId() const {
    std::array<std::uint8_t, 10> random{};
    if (crypto != nullptr) {
        check(crypto->random(crypto, random.data(), random.size()), "no random bytes for an id");
    } else if (::getentropy(random.data(), random.size()) != 0) {
        throw Error(STOA_INTERNAL, "the system has no random bytes for an id");
    }
    return uuidV7(toMicros(now()) / 1000, random);
}

void Log::write(std::uint32_t level, std::string_view message, LogFields fields) const {
    const stoa_log* log = capabilities_.log;
    if (log == nullptr || log->enabled(log, level) == 0) {
        return;
    }
    const auto raw = pairs(fields);
    log->write(log, level, view(message), raw.data(), raw.size());
}

std::string Crypto::random(std::size_t bytes) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    std::string buffer(bytes, '\0');
    capabilities_.check(crypto.random(&crypto, buffer.data(), buffer.size()), "no random bytes");
    return buffer;
}

std::string Crypto::hashPassword(std::string_view password) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    detail::StringWriter writer;
    capabilities_.check(crypto.hash_password(&crypto, view(password), writer.raw()), "a password can't be hashed");
    return writer.take();
}

bool Crypto::verifyPassword(std::string_view password, std::string_view phc) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    const stoa_status status = crypto.verify_password(&crypto, view(password), view(phc));
    if (status != STOA_UNAUTHENTICATED) {
        capabilities_.check(status, "a password can't be verified");
    }
    return status == STOA_OK;
}

std::string Crypto::signToken(const Json::Value& claims) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    const std::string json = writeJson(claims);
    detail::StringWriter writer;
    capabilities_.check(crypto.sign_token(&crypto, view(json), writer.raw()), "a token can't be signed");
    return writer.take();
}

Json::Value Crypto::keySet() const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    detail::StringWriter writer;
    capabilities_.check(crypto.key_set(&crypto, writer.raw()), "the signing keys can't be read");
    return parseJson(writer.take()).value_or(Json::Value{});
}

std::string Crypto::hmacSha256(std::string_view secret, std::string_view data) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    std::array<std::uint8_t, 32> digest{};
    capabilities_.check(crypto.hmac_sha256(&crypto, view(secret), view(data), digest.data()), secret);
    return {digest.begin(), digest.end()};
}

bool Crypto::equal(std::string_view a, std::string_view b) const {
    const stoa_crypto& crypto = need(capabilities_.crypto, STOA_CRYPTO_ID);
    return crypto.equal(&crypto, view(a), view(b)) != 0;
}

Series Metrics::series(std::uint32_t kind, std::string_view name, std::string_view help, LogFields labels) const {
    const stoa_metrics& metrics = need(capabilities_.metrics, STOA_METRICS_ID);
    const auto raw = pairs(labels);
    stoa_series* series = nullptr;
    capabilities_.check(metrics.series(&metrics, kind, view(name), view(help), raw.data(), raw.size(), &series), name);
    return Series{&metrics, series};
}

Series Metrics::counter(std::string_view name, std::string_view help, LogFields labels) const {
    return series(STOA_COUNTER, name, help, labels);
}

Series Metrics::gauge(std::string_view name, std::string_view help, LogFields labels) const {
    return series(STOA_GAUGE, name, help, labels);
}

Series Metrics::histogram(std::string_view name, std::string_view help, LogFields labels) const {
    return series(STOA_HISTOGRAM, name, help, labels);
}

Mailer::Outcome Mailer::send(const Mail& mail) const {
    const stoa_mail& mailer = need(capabilities_.mail, STOA_MAIL_ID);
    stoa_mail_message message{};
    message.struct_size = sizeof message;
    message.message_id = view(mail.message_id);
    message.to = view(mail.to);
    message.subject = view(mail.subject);
    message.text = view(mail.text);
    message.html = view(mail.html);
    std::uint32_t sent = 0;
    const stoa_status status = mailer.send(&mailer, &message, &sent);
    if (status == STOA_OK) {
        return {status, true, {}};
    }
    return {status, sent != 0, std::string(text(capabilities_.host->last_error(capabilities_.host)))};
}

Host::Host(const stoa_host* host)
    : capabilities_(host),
      sql_(capabilities_),
      client_(capabilities_),
      external_(capabilities_),
      mail_(capabilities_),
      crypto_(capabilities_),
      log_(capabilities_),
      metrics_(capabilities_),
      config_(settings(capabilities_)) {}

std::string Host::secret(std::string_view name) const {
    const stoa_secret& secret = need(capabilities_.secret, STOA_SECRET_ID);
    detail::StringWriter writer;
    capabilities_.check(secret.read(&secret, view(name), writer.raw()), name);
    return writer.take();
}

}  // namespace stoa
