"""Writes what the replay sends: products, stock and baskets, read from the data set.

Written apart from expected.py on purpose, with other means: where the two disagree the comparison fails, which is what
it is for. One JSON file: products (for the product import), stock (what the baskets need and SPARE more), baskets in
the order in which they are placed.
"""

import argparse
import json
from collections import Counter
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet

SPARE = 3
MAX_LINES = 200


def transactions(data: Path):
    """Rows that count, in order of time and basket."""
    columns = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]
    table = pyarrow.parquet.read_table(data / "transactions.parquet", columns=columns)
    table = table.filter(pc.greater(table["quantity"], 0))
    cents = pc.cast(pc.round(pc.multiply(table["sales_value"], 100)), "int64")
    # Halves up in whole numbers: (2 x cents + quantity) / (2 x quantity), rounded down.
    doubled = pc.add(pc.multiply(cents, 2), table["quantity"])
    unit = pc.max_element_wise(pc.divide(doubled, pc.multiply(table["quantity"], 2)), 1)
    return table.append_column("unit_price", unit).sort_by([("transaction_timestamp", "ascending"), ("basket_id", "ascending")])


def first_baskets(table, count: int) -> list:
    sizes = table.group_by("basket_id").aggregate([("product_id", "count_distinct")])
    too_long = sizes.filter(pc.greater(sizes["product_id_count_distinct"], MAX_LINES))["basket_id"]
    baskets = {}
    for batch in table.filter(pc.invert(pc.is_in(table["basket_id"], too_long))).to_batches(max_chunksize=4096):
        for row in batch.to_pylist():
            if row["basket_id"] not in baskets and len(baskets) == count:
                return list(baskets.values())
            basket = baskets.setdefault(row["basket_id"], {"basket": str(row["basket_id"]), "household": str(row["household_id"]),
                                                           "items": Counter()})
            basket["items"][str(row["product_id"])] += row["quantity"]
    return list(baskets.values())


def lower_median_prices(table, products) -> dict:
    wanted = table.filter(pc.is_in(table["product_id"], pyarrow.array(map(int, products))))
    grouped = wanted.group_by("product_id").aggregate([("unit_price", "list")]).to_pylist()
    return {str(row["product_id"]): sorted(row["unit_price_list"])[(len(row["unit_price_list"]) - 1) // 2] for row in grouped}


def product_rows(data: Path, table, stock, catalogue: bool) -> list:
    """What the baskets need, or the whole catalogue besides."""
    about_products = pyarrow.parquet.read_table(data / "products.parquet")
    if not catalogue:
        about_products = about_products.filter(pc.is_in(about_products["product_id"], pyarrow.array(map(int, stock))))
    known = {str(row["product_id"]): row for row in about_products.to_pylist()}
    prices = dict.fromkeys(known, 1) | lower_median_prices(table, known.keys() | stock.keys())
    rows = []
    for product in sorted(prices):
        about = known.get(product, {})
        words = [about.get(key) for key in ("product_type", "package_size")]
        rows.append({"sku": product, "name": " ".join(word for word in words if word) or f"Product {product}",
                     "description": ", ".join(about[key] for key in ("department", "product_category", "brand") if about.get(key)),
                     "category": slug(about.get("department") or "other"), "price": {"amount": prices[product], "currency": "EUR"}})
    return rows


def slug(text: str) -> str:
    return "-".join("".join(char if char.isalnum() else " " for char in text.lower()).split())


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the package's folder of parquet files")
    parser.add_argument("--baskets", type=int, default=200)
    parser.add_argument("--catalogue", action="store_true", help="all products, not only those of the baskets")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args()
    table = transactions(options.data)
    baskets = first_baskets(table, options.baskets)
    stock = sum((basket["items"] for basket in baskets), Counter())
    plan = {"products": product_rows(options.data, table, stock, options.catalogue), "stock": {product: count + SPARE for product, count in sorted(stock.items())},
            "spare": SPARE, "baskets": baskets}
    options.out.write_text(json.dumps(plan, indent=1) + "\n")
    households = {basket["household"] for basket in baskets}
    print(f"prepared: {len(plan['products'])} products, {len(baskets)} baskets of {len(households)} households")


if __name__ == "__main__":
    main()
