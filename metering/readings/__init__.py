"""Files of indexes as people have them: the rows that they hold, or every line that is wrong."""
