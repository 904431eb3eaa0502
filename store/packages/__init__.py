"""All that a collectivity owns as tables: read from one store, added to another."""
