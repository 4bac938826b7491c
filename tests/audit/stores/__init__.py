"""Where a shop keeps its data, and how each kind of store is read: nothing here asks the services, nor writes."""
