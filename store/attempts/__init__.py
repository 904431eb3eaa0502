"""Tries of jobs on nodes, from the assignment to the end and its usage."""
