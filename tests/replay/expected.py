"""What the shop must hold after the replay, computed from the data set's parquet files and nothing else.

Rules (README.md says why):
  * a row with quantity 0 is left out; a basket of more than 200 lines is left out, and so is one without lines;
  * a row's unit price is sales_value / quantity in whole cents, halves up, at least 1;
    a product's price is the lower median of these over all its rows of the year, and 1 where there are none;
  * baskets count in the order of their time, then their id; the replay places the first ones;
  * revenue is the sum of price x quantity.
"""

import argparse
import json
import statistics
import sys
from collections import Counter, defaultdict
from pathlib import Path

import pyarrow.parquet

MAX_LINES = 200
COLUMNS = ["household_id", "basket_id", "product_id", "quantity", "sales_value", "transaction_timestamp"]


def rows(data: Path):
    table = pyarrow.parquet.read_table(data / "transactions.parquet", columns=COLUMNS)
    stamp = table["transaction_timestamp"].cast("int64").to_pylist()
    return zip(*(table[name].to_pylist() for name in COLUMNS[:-1]), stamp)


def unit_price(sales_value: float, quantity: int) -> int:
    cents = round(sales_value * 100)  # the file's values are decimal amounts stored as doubles
    return max(1, (2 * cents + quantity) // (2 * quantity))


def catalogue_of(data: Path) -> list:
    return pyarrow.parquet.read_table(data / "products.parquet", columns=["product_id"])["product_id"].to_pylist()


def expected(data: Path, count: int, catalogue: bool = False) -> dict:
    prices, baskets, empty_rows = defaultdict(list), {}, 0
    for household, basket, product, quantity, sales_value, stamp in rows(data):
        lines = baskets.setdefault((stamp, basket, household), Counter())
        if quantity == 0:
            empty_rows += 1
            continue
        prices[product].append(unit_price(sales_value, quantity))
        lines[product] += quantity
    price = {product: statistics.median_low(values) for product, values in prices.items()}
    too_long = [key for key, lines in baskets.items() if len(lines) > MAX_LINES]
    without_lines = [key for key, lines in baskets.items() if not lines]
    usable = sorted(baskets.keys() - set(too_long) - set(without_lines))
    result = summary([(key, baskets[key]) for key in usable[:count]], price)
    if catalogue:
        result["prices"] |= {str(product): price.get(product, 1) for product in catalogue_of(data)}
    result["leftOut"] = {"rowsWithQuantityZero": empty_rows, "basketsOver200Lines": len(too_long),
                         "basketsWithoutLines": len(without_lines)}
    return result


def summary(chosen, price) -> dict:
    quantities, households, orders = Counter(), Counter(), {}
    for (_stamp, basket, household), lines in chosen:
        total = sum(price[product] * quantity for product, quantity in lines.items())
        orders[str(basket)] = total
        households[str(household)] += total
        for product, quantity in lines.items():
            quantities[str(product)] += quantity
    return {"baskets": len(orders), "revenue": sum(orders.values()), "currency": "EUR",
            "prices": {product: price[int(product)] for product in sorted(quantities)},
            "quantities": dict(sorted(quantities.items())), "households": dict(sorted(households.items())), "orders": orders}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True, help="the package's folder of parquet files")
    parser.add_argument("--baskets", type=int, default=200)
    parser.add_argument("--catalogue", action="store_true", help="all products, not only those of the baskets")
    parser.add_argument("--out", type=Path, required=True, help="the JSON file to write")
    options = parser.parse_args()
    result = expected(options.data, options.baskets, options.catalogue)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    left = result["leftOut"]
    print(f"expected: {result['baskets']} baskets of {len(result['households'])} households, "
          f"{len(result['quantities'])} products, revenue {result['revenue'] / 100:.2f} {result['currency']}; left out: "
          f"{left['rowsWithQuantityZero']} rows with quantity 0, {left['basketsOver200Lines']} baskets over {MAX_LINES} lines, "
          f"{left['basketsWithoutLines']} baskets without lines", file=sys.stderr)


if __name__ == "__main__":
    main()
