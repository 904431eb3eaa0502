"""Commands on who may use how much, and what it costs them."""
