"""Notices: what leaves the house when something happens to a job, at least once."""
