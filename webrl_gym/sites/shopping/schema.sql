CREATE TABLE category (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES category (id),
    name TEXT NOT NULL,
    url_path TEXT NOT NULL UNIQUE,
    novel INTEGER NOT NULL DEFAULT 0,
    price_step_cents INTEGER -- width of the price filter's ranges, where it is not left to the prices
);
CREATE INDEX category_parent ON category (parent_id);

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL UNIQUE,
    url_key TEXT NOT NULL UNIQUE,
    price_cents INTEGER NOT NULL,
    description TEXT NOT NULL,
    in_stock INTEGER NOT NULL DEFAULT 1,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE category_product (
    category_id INTEGER NOT NULL REFERENCES category (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    position INTEGER NOT NULL,
    PRIMARY KEY (category_id, product_id)
) WITHOUT ROWID;
CREATE INDEX category_product_product ON category_product (product_id);

CREATE TABLE product_option (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product (id),
    label TEXT NOT NULL,
    choices TEXT NOT NULL -- one a line; who buys the product must choose one
);
CREATE INDEX product_option_product ON product_option (product_id);

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password_hash TEXT NOT NULL,
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL,
    is_subscribed INTEGER NOT NULL DEFAULT 0,
    default_billing INTEGER,
    default_shipping INTEGER
);

CREATE TABLE address (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL,
    company TEXT NOT NULL DEFAULT '',
    telephone TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    region TEXT NOT NULL,
    postcode TEXT NOT NULL,
    country TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX address_customer ON address (customer_id);

CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product (id),
    customer_id INTEGER REFERENCES customer (id),
    nickname TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    rating INTEGER NOT NULL CHECK (rating BETWEEN 1 AND 5),
    status TEXT NOT NULL DEFAULT 'Approved',
    created_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX review_product ON review (product_id, status);
CREATE INDEX review_customer ON review (customer_id);

CREATE TABLE sales_order (
    id INTEGER PRIMARY KEY,
    increment_id TEXT NOT NULL UNIQUE,
    customer_id INTEGER REFERENCES customer (id),
    email TEXT NOT NULL,
    status TEXT NOT NULL,
    created_at TEXT NOT NULL,
    subtotal_cents INTEGER NOT NULL,
    shipping_cents INTEGER NOT NULL,
    grand_total_cents INTEGER NOT NULL,
    shipping_address TEXT NOT NULL,
    billing_address TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sales_order_customer ON sales_order (customer_id, created_at);

CREATE TABLE sales_order_item (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    name TEXT NOT NULL,
    sku TEXT NOT NULL,
    price_cents INTEGER NOT NULL,
    qty INTEGER NOT NULL,
    options TEXT NOT NULL DEFAULT '' -- "Color: Green", one a line
);
CREATE INDEX sales_order_item_order ON sales_order_item (order_id);

CREATE TABLE wishlist_item (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    qty INTEGER NOT NULL DEFAULT 1,
    comment TEXT NOT NULL DEFAULT '',
    added_at TEXT NOT NULL,
    UNIQUE (customer_id, product_id)
);

CREATE TABLE cart (
    id INTEGER PRIMARY KEY,
    customer_id INTEGER UNIQUE REFERENCES customer (id)
);

CREATE TABLE cart_item (
    id INTEGER PRIMARY KEY,
    cart_id INTEGER NOT NULL REFERENCES cart (id),
    product_id INTEGER NOT NULL REFERENCES product (id),
    qty INTEGER NOT NULL,
    options TEXT NOT NULL DEFAULT '',
    UNIQUE (cart_id, product_id, options)
);

CREATE TABLE contact_message (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    email TEXT NOT NULL,
    telephone TEXT NOT NULL,
    comment TEXT NOT NULL,
    created_at TEXT NOT NULL
);

CREATE TABLE store_config (
    path TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
