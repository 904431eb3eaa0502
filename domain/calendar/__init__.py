"""Time as bills and people count it: months, days and instants in Paris."""
