"""Outdoor air, sky, sun, wind and mains water, hour by hour: drawn for a zone, or from a file."""
