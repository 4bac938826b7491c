-- How often a CANCEL_PENDING order asked again for what it waits for, and whether it has given up asking.
ALTER TABLE orders ADD COLUMN repeats bigint NOT NULL DEFAULT 0;
ALTER TABLE orders ADD COLUMN stuck boolean NOT NULL DEFAULT false;
