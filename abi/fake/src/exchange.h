/// One request on its way through the fake host.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include <stoa/abi/http.h>
#include <stoa/fake/ask.h>
#include <stoa/problem.h>

#include "world.h"

namespace stoa::fake {

/// `stoa_request` and `stoa_response` of the ABI are both this.
class Exchange {
public:
    Exchange(World& world, const Ask& ask) : world_(world), ask_(ask) {}
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    /// The whole way: see Ask::send.
    Answer run();

    static Exchange& of(stoa_request* raw) { return *reinterpret_cast<Exchange*>(raw); }
    static const Exchange& of(const stoa_request* raw) { return *reinterpret_cast<const Exchange*>(raw); }
    static Exchange& of(stoa_response* raw) { return *reinterpret_cast<Exchange*>(raw); }

    // What the handler asks and sets; see http.cpp.
    struct Claim {
        std::string caller, fingerprint, resource_id;
        std::int64_t attempt = 1;
    };
    World& world() const { return world_; }
    const Ask& ask() const { return ask_; }
    const std::string& method() const { return ask_.method_; }
    const std::string& path() const { return ask_.path_; }
    const std::string& query() const { return ask_.query_; }
    const std::string& body() const { return ask_.body_; }
    const Headers& headers() const { return ask_.headers_; }
    stoa_caller caller() const;
    std::int64_t left() const { return ask_.left_.count(); }
    const validate::Route& route() const { return world_.manifest.routes[index_]; }
    /// Puts the answer into the claim's row. STOA_CONFLICT when the row is another attempt's.
    stoa_status store();

    std::map<std::string, std::string> parameters;
    std::vector<std::pair<std::string, std::string>> queries;
    std::optional<Claim> claim;
    std::size_t read = 0;  ///< bytes of a streaming body that the handler has taken
    Answer answer;

private:
    void findRoute();
    void authorise() const;
    void checkBody() const;
    void checkParameters() const;
    std::optional<Answer> claimKey();
    void call();
    void checkAnswer() const;
    void settle();

    World& world_;
    const Ask& ask_;
    std::uint32_t index_ = 0;
    bool stored_ = false;
};

}  // namespace stoa::fake
