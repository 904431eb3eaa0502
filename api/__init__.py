"""People and programs outside: thin HTTP over the store, web pages and /metrics."""
