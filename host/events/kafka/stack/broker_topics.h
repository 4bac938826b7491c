/// What tests leave on a broker that they share, taken away again.
#pragma once

#include <string>
#include <vector>

namespace stoa::host::events::kafka {

/// Asks for all topics of the cluster, as only tests may. `brokers` is "host:port[,host:port…]". Throws stoa::Error.
std::vector<std::string> topicsThatBeginWith(const std::string& brokers, const std::string& prefix);

/// Topics that are not there are nobody's fault. Throws stoa::Error.
void removeTopics(const std::string& brokers, const std::vector<std::string>& names);

}  // namespace stoa::host::events::kafka
