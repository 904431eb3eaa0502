"""Tries of jobs, on one node or on several, from the assignment to the end and its usage."""
