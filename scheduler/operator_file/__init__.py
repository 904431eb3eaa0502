"""The operator's file: how it is read, and what of it the scheduler heeds."""
