"""The report of a sweep: one HTML page with its pictures inside, that fetches nothing."""
