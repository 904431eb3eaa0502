"""Meters: what their registers show and what people declare of them."""
