CREATE TABLE category (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES category (id),
    name TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE
);

CREATE TABLE product (
    id INTEGER PRIMARY KEY,
    parent_id INTEGER REFERENCES product (id),
    type_id TEXT NOT NULL CHECK (type_id IN ('simple', 'configurable', 'grouped', 'bundle')),
    sku TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    url_key TEXT NOT NULL UNIQUE,
    price INTEGER NOT NULL, -- cents
    qty INTEGER NOT NULL,
    is_in_stock INTEGER NOT NULL,
    weight TEXT NOT NULL,
    status INTEGER NOT NULL DEFAULT 1, -- 1 enabled, 2 disabled
    visibility INTEGER NOT NULL DEFAULT 4, -- 1 not visible individually, 2 catalog, 3 search, 4 both
    category_id INTEGER NOT NULL REFERENCES category (id),
    sale INTEGER NOT NULL DEFAULT 0,
    description TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX product_parent ON product (parent_id);
CREATE INDEX product_category ON product (category_id);

CREATE TABLE customer (
    id INTEGER PRIMARY KEY,
    firstname TEXT NOT NULL,
    lastname TEXT NOT NULL,
    email TEXT NOT NULL UNIQUE,
    customer_group TEXT NOT NULL,
    created_at TEXT NOT NULL,
    telephone TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    region TEXT NOT NULL,
    postcode TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE sales_order (
    id INTEGER PRIMARY KEY,
    increment_id TEXT NOT NULL UNIQUE,
    customer_id INTEGER NOT NULL REFERENCES customer (id),
    customer_name TEXT NOT NULL,
    customer_email TEXT NOT NULL,
    status TEXT NOT NULL,
    hold_before_status TEXT,
    created_at TEXT NOT NULL,
    subtotal INTEGER NOT NULL, -- cents, as all amounts
    shipping_amount INTEGER NOT NULL,
    tax_amount INTEGER NOT NULL DEFAULT 0,
    grand_total INTEGER NOT NULL,
    payment_method TEXT NOT NULL,
    shipping_method TEXT NOT NULL,
    telephone TEXT NOT NULL,
    street TEXT NOT NULL,
    city TEXT NOT NULL,
    region TEXT NOT NULL,
    postcode TEXT NOT NULL,
    has_history INTEGER NOT NULL DEFAULT 1, -- 0: came in by an import and takes no comments
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX sales_order_customer ON sales_order (customer_id);
CREATE INDEX sales_order_created ON sales_order (created_at);
CREATE INDEX sales_order_status ON sales_order (status);

CREATE TABLE sales_order_item (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    product_id INTEGER NOT NULL,
    sku TEXT NOT NULL,
    name TEXT NOT NULL,
    price INTEGER NOT NULL,
    qty INTEGER NOT NULL
);
CREATE INDEX sales_order_item_order ON sales_order_item (order_id);

CREATE TABLE sales_order_comment (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    created_at TEXT NOT NULL,
    status TEXT NOT NULL,
    comment TEXT NOT NULL,
    notified INTEGER NOT NULL
);
CREATE INDEX sales_order_comment_order ON sales_order_comment (order_id);

CREATE TABLE sales_invoice (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    created_at TEXT NOT NULL,
    grand_total INTEGER NOT NULL
);
CREATE INDEX sales_invoice_order ON sales_invoice (order_id);

CREATE TABLE sales_shipment (
    id INTEGER PRIMARY KEY,
    order_id INTEGER NOT NULL REFERENCES sales_order (id),
    created_at TEXT NOT NULL
);
CREATE INDEX sales_shipment_order ON sales_shipment (order_id);

CREATE TABLE sales_shipment_track (
    id INTEGER PRIMARY KEY,
    shipment_id INTEGER NOT NULL REFERENCES sales_shipment (id),
    created_at TEXT NOT NULL,
    title TEXT NOT NULL,
    track_number TEXT NOT NULL
);
CREATE INDEX sales_shipment_track_shipment ON sales_shipment_track (shipment_id);

CREATE TABLE review (
    id INTEGER PRIMARY KEY,
    product_id INTEGER NOT NULL REFERENCES product (id),
    customer_id INTEGER REFERENCES customer (id),
    status_id INTEGER NOT NULL, -- 1 approved, 2 pending, 3 not approved
    rating INTEGER NOT NULL,
    nickname TEXT NOT NULL,
    title TEXT NOT NULL,
    detail TEXT NOT NULL,
    created_at TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX review_product ON review (product_id, status_id);

CREATE TABLE search_query (
    id INTEGER PRIMARY KEY,
    query_text TEXT NOT NULL UNIQUE,
    num_results INTEGER NOT NULL,
    popularity INTEGER NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE cms_page (
    id INTEGER PRIMARY KEY,
    identifier TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    content_heading TEXT NOT NULL,
    content TEXT NOT NULL,
    is_active INTEGER NOT NULL DEFAULT 1,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE salesrule (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    is_active INTEGER NOT NULL,
    coupon_code TEXT NOT NULL, -- empty: no coupon is needed
    simple_action TEXT NOT NULL, -- by_percent, by_fixed, cart_fixed
    discount_amount INTEGER NOT NULL, -- hundredths of a percent or of a dollar
    from_date TEXT NOT NULL,
    to_date TEXT NOT NULL,
    novel INTEGER NOT NULL DEFAULT 0
);

CREATE TABLE attribute_option (
    id INTEGER PRIMARY KEY,
    attribute TEXT NOT NULL, -- Size or Color
    label TEXT NOT NULL,
    UNIQUE (attribute, label)
);

CREATE TABLE design_theme (
    id INTEGER PRIMARY KEY,
    title TEXT NOT NULL,
    path TEXT NOT NULL UNIQUE,
    parent_title TEXT NOT NULL
);

CREATE TABLE core_config_data (
    path TEXT PRIMARY KEY,
    value TEXT NOT NULL
);
