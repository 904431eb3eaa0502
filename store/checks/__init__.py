"""What must hold of the live store, and the queries that find what breaks it."""
