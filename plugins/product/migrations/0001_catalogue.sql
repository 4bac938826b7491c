CREATE TABLE categories (
    slug text PRIMARY KEY,
    parent text REFERENCES categories (slug),
    name text NOT NULL,
    path text NOT NULL,
    version bigint NOT NULL
);

CREATE INDEX categories_path ON categories (path);

CREATE TABLE products (
    id text PRIMARY KEY,
    sku text NOT NULL UNIQUE,
    name text NOT NULL,
    name_key text NOT NULL,
    description text NOT NULL,
    category text REFERENCES categories (slug),
    status text NOT NULL CHECK (status IN ('draft', 'active', 'archived', 'deleted')),
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    availability text NOT NULL CHECK (availability IN ('in_stock', 'low', 'out')),
    stock_version bigint NOT NULL,
    created_us bigint NOT NULL,
    updated_us bigint NOT NULL,
    version bigint NOT NULL
);

CREATE INDEX products_name ON products (name_key, id);
CREATE INDEX products_amount ON products (amount, id);
CREATE INDEX products_created ON products (created_us, id);
CREATE INDEX products_category ON products (category);

CREATE TABLE prices (
    product_id text NOT NULL REFERENCES products (id),
    version bigint NOT NULL,
    amount bigint NOT NULL CHECK (amount > 0),
    currency text NOT NULL,
    valid_from_us bigint NOT NULL,
    changed_by text NOT NULL,
    PRIMARY KEY (product_id, version)
);
