"""Statements as people read them: a page, a table, a PDF, in the languages of the house."""
