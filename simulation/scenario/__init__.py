"""What one simulation starts from, as a person writes it down in TOML."""
