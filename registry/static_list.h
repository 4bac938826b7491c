/// Driver `static`: the addresses stand in the configuration; each host asks each other one what it runs.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "registry/polled.h"

namespace stoa::registry {

class StaticRegistry : public PolledRegistry {
public:
    /// `addresses`: internal listeners of all hosts; this host's own may be among them.
    StaticRegistry(std::vector<std::string> addresses, Sealer& sealer, HttpSend send, Options options);
    ~StaticRegistry() override;

    std::string describe() const override;

protected:
    void refresh() override;
    /// Nothing to send: whoever asks from now on is answered 410.
    void depart(const Registration& self) override;

private:
    struct Peer {
        std::optional<Registration> known;
        std::int64_t seen = 0;
        bool heard = false;  ///< has said what it runs, or that it goes
        std::string trouble;
    };
    void learn(Peer& peer, const std::string& address, const HttpAnswer& answer);

    const std::vector<std::string> addresses_;
    std::map<std::string, Peer> peers_;  ///< by address; of the registry's thread
    std::int64_t next_ = 0;
    const std::int64_t started_ = now();
};

}  // namespace stoa::registry
