#include "import.h"

#include <array>

#include "events.h"
#include "store.h"

namespace product {

namespace {

constexpr std::size_t kBatch = 100;
constexpr Json::ArrayIndex kMaxReported = 1000;

/// Makes the category when it is new, at the top of the tree.
void ensureCategory(Store& store, const std::string& slug) {
    if (!store.findCategory(slug)) {
        store.insertCategory({slug, std::nullopt, nameOfSlug(slug), "/" + slug + "/", 1});
    }
}

/// A lost race: STOA_CONFLICT makes Database::write run the whole batch again, on what is there then.
void expectChanged(bool changed, const std::string& sku) {
    if (!changed) {
        throw stoa::Error(STOA_CONFLICT, "somebody else has changed sku " + sku + " at this moment");
    }
}

}  // namespace

Json::Value Import::run(stoa::Request& request, Format format) {
    format_ = format;
    Splitter splitter{format == Format::kCsv};
    std::array<char, 16 * 1024> buffer{};
    for (bool more = true; more;) {
        const std::string_view bytes = request.read(buffer);
        more = !bytes.empty();
        if (more) {
            splitter.feed(bytes);
        } else {
            splitter.finish();
        }
        while (const auto record = splitter.next()) {
            take(*record);
        }
    }
    flush();
    Json::Value report;
    report["created"] = static_cast<Json::Int64>(counts_.created);
    report["updated"] = static_cast<Json::Int64>(counts_.updated);
    report["unchanged"] = static_cast<Json::Int64>(counts_.unchanged);
    report["rejected"] = static_cast<Json::Int64>(rejected_);
    report["rows"] = rows_;
    return report;
}

void Import::take(const Record& record) {
    if (format_ == Format::kCsv && header_.empty()) {
        const auto header = csvFields(record.text);
        const std::string wrong = !header ? header.error() : wrongHeader(*header);
        if (!wrong.empty()) {
            throw stoa::unprocessable("bad-header", "The first line must name the columns: " + wrong + ".");
        }
        header_ = *header;
        return;
    }
    const auto row = record.too_long ? tl::unexpected(std::string("longer than 64 KiB")) : parse(record);
    if (!row) {
        return reject(record.line, {}, row.error());
    }
    auto draft = draftOf(*row, currency_);
    if (!draft) {
        return reject(record.line, stoa::textOr(*row, "sku"), draft.error());
    }
    batch_.push_back({host_.newId(), std::move(*draft)});
    if (batch_.size() == kBatch) {
        flush();
    }
}

tl::expected<Json::Value, std::string> Import::parse(const Record& record) const {
    return format_ == Format::kCsv ? csvRow(header_, record.text) : stoa::parseJson(record.text);
}

void Import::reject(std::int64_t line, const std::string& sku, const std::string& why) {
    ++rejected_;
    if (rows_.size() < kMaxReported) {
        Json::Value row;
        row["line"] = static_cast<Json::Int64>(line);
        if (!sku.empty() && sku.size() <= 40) {
            row["sku"] = sku;
        }
        row["why"] = why;
        rows_.append(std::move(row));
    }
}

void Import::flush() {
    if (batch_.empty()) {
        return;
    }
    const Counts added = host_.sql().write([&](stoa::Transaction& tx) {
        Counts counts;
        for (const Accepted& row : batch_) {
            write(tx, row, counts);
        }
        return counts;
    });
    counts_.created += added.created;
    counts_.updated += added.updated;
    counts_.unchanged += added.unchanged;
    batch_.clear();
}

void Import::write(stoa::Transaction& tx, const Accepted& row, Counts& counts) const {
    Store store{tx};
    if (row.draft.category) {
        ensureCategory(store, *row.draft.category);
    }
    auto known = store.findBySku(row.draft.sku);
    if (!known) {
        const Product product{row.id, row.draft, "in_stock", tx.now(), tx.now(), 1};
        expectChanged(store.insert(product, by_), row.draft.sku);
        publishCreated(tx, product);
        ++counts.created;
        return;
    }
    const Draft before = known->is;
    if (row.draft == before) {
        ++counts.unchanged;
        return;
    }
    known->updated = tx.now();
    known->is.price = row.draft.price;
    if (row.draft.price != before.price) {
        ++known->version;
        expectChanged(store.updatePrice(*known, by_), row.draft.sku);
        publishPriceChanged(tx, *known, before.price);
    }
    if (known->is != row.draft) {
        known->is = row.draft;
        ++known->version;
        expectChanged(store.update(*known), row.draft.sku);
        publishUpdated(tx, *known);
    }
    ++counts.updated;
}

}  // namespace product
