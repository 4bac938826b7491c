-- What the order.created of the attempt says that is to be paid; no currency: it came before this was kept.
ALTER TABLE attempt_facts ADD COLUMN total bigint NOT NULL DEFAULT 0;
ALTER TABLE attempt_facts ADD COLUMN currency text NOT NULL DEFAULT '';
