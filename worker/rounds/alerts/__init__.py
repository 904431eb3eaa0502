"""Findings that towns are told of: no heat, a silent meter, a volume near its ceiling."""
