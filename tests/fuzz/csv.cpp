// The rows of an import: the same however the stream is cut, and a price is the one that stood there.

#include <algorithm>
#include <vector>

#include "rows.h"
#include "tests/fuzz/fuzz.h"

namespace {

std::vector<product::Record> recordsOf(std::string_view bytes, std::size_t piece) {
    product::Splitter splitter(true);
    for (; !bytes.empty(); bytes.remove_prefix(std::min(piece, bytes.size()))) {
        splitter.feed(bytes.substr(0, piece));
    }
    splitter.finish();
    std::vector<product::Record> records;
    while (auto record = splitter.next()) {
        records.push_back(std::move(*record));
    }
    return records;
}

}  // namespace

void stoa::fuzz::take(std::string_view bytes) {
    const std::vector<std::string> header = {"sku", "name", "amount", "currency"};
    promise(product::wrongHeader(header).empty(), "this is a header");
    const auto records = recordsOf(bytes, bytes.size() + 1);
    const auto pieces = recordsOf(bytes, 3);
    promise(records.size() == pieces.size(), "records do not depend on how the stream is cut");
    for (std::size_t i = 0; i < records.size(); ++i) {
        promise(records[i].text == pieces[i].text && records[i].line == pieces[i].line,
                "a record does not depend on how the stream is cut");
        const auto row = product::csvRow(header, records[i].text);
        if (row && (*row)["price"]["amount"] == 0) {
            const auto fields = product::csvFields(records[i].text);
            promise((*fields)[2].find_first_not_of("-0") == std::string::npos, "an amount is the one that stood there");
        }
    }
}
