/// Arguments, signals and exit codes of the `host` program, on Poco's ServerApplication.
#pragma once

#include <string>
#include <vector>

#include <Poco/Util/OptionSet.h>
#include <Poco/Util/ServerApplication.h>

#include "host/app/certify.h"
#include "host/app/host.h"

namespace stoa::host::app {

class HostApplication : public Poco::Util::ServerApplication {
public:
    HostApplication();
    /// What main() does: the exit code.
    int start(int argc, char** argv);

protected:
    void defineOptions(Poco::Util::OptionSet& options) override;
    void handleOption(const std::string& name, const std::string& value) override;
    int main(const std::vector<std::string>& arguments) override;

private:
    config::Config loadConfig() const;
    std::vector<PluginFile> pluginFiles(const config::Config& config) const;
    int serve(config::Config config);
    void handleCertify(const std::string& name, const std::string& value);

    std::string config_file_;
    std::vector<config::Flag> flags_;
    std::vector<PluginFile> plugins_;
    CertificateOrder order_;
    bool help_ = false;
    bool version_ = false;
    bool watch_ = false;
    bool explain_ = false;
    bool write_default_ = false;
};

}  // namespace stoa::host::app
