/// Driver `embedded`: one host serves the list over REST, the others register there and ask for it.
#pragma once

#include "registry/polled.h"
#include "registry/server.h"

namespace stoa::registry {

class EmbeddedRegistry : public PolledRegistry {
public:
    /// `address`: where the list is served; empty: this host is alone.
    EmbeddedRegistry(std::string address, Sealer& sealer, HttpSend send, Options options);
    ~EmbeddedRegistry() override;

    std::string describe() const override;
    HttpAnswer handle(const std::string& method, const std::string& path, const std::string& body) override;

protected:
    void refresh() override;
    void depart(const Registration& self) override;

private:
    HttpAnswer ask(const std::string& method, const std::string& path, const std::string& body);
    std::shared_ptr<RegistryServer> server() const;
    void serveIfFirst();
    bool sendHeartbeat();
    void fetchList();
    void take(const Json::Value& answer);

    const std::string address_;
    mutable std::mutex server_mutex_;
    std::shared_ptr<RegistryServer> server_;  ///< when this host serves

    // of the registry's thread
    bool reached_ = false;
    std::string version_;
    std::vector<Registration> known_;
    std::optional<Registration> registered_;
    std::int64_t last_heartbeat_ = 0;
};

}  // namespace stoa::registry
