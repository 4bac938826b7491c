-- Nothing is booked before inventory has committed the stock of the attempt that was confirmed; and why a shipment was
-- cancelled when nobody asked for it.
ALTER TABLE shipments ADD COLUMN confirmed_attempt bigint NOT NULL DEFAULT 0;
ALTER TABLE shipments ADD COLUMN committed_attempt bigint NOT NULL DEFAULT 0;
ALTER TABLE shipments ADD COLUMN reason text NOT NULL DEFAULT '';
