#include "domain.h"

#include <algorithm>
#include <array>

#include <stoa/uuid.h>

namespace user {
namespace {

constexpr std::array<std::string_view, 3> kReaders{"order", "shipping", "notification"};

constexpr std::string_view kCountries =
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ CA "
    "CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR GA "
    "GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP "
    "KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS "
    "MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS "
    "RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW "
    "TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW";

}  // namespace

bool mayRead(const Reader& reader, std::string_view user_id) {
    const bool trusted = std::find(kReaders.begin(), kReaders.end(), reader.service) != kReaders.end();
    return trusted || reader.staff || (!user_id.empty() && reader.user_id == user_id);
}

std::string defaultOf(const std::vector<Address>& addresses, std::string_view wanted) {
    if (!wanted.empty()) {
        return std::string(wanted);
    }
    const auto present =
        std::find_if(addresses.begin(), addresses.end(), [](const Address& address) { return address.is_default; });
    if (present != addresses.end()) {
        return present->id;
    }
    return addresses.empty() ? std::string{} : addresses.front().id;
}

bool isCountry(std::string_view code) {
    const std::size_t at = kCountries.find(code);
    return code.size() == 2 && at != std::string_view::npos && at % 3 == 0;
}

bool profileMayStillCome(std::string_view user_id, stoa::Time now) {
    const auto bytes = stoa::parseUuid(user_id);
    if (!bytes) {
        return false;
    }
    std::int64_t milliseconds = 0;
    for (std::size_t i = 0; i < 6; ++i) {
        milliseconds = (milliseconds << 8) | (*bytes)[i];
    }
    return now - stoa::fromMicros(milliseconds * 1000) < kProfilePatience;
}

}  // namespace user
