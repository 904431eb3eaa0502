"""Which waiting job goes before which: pure."""
