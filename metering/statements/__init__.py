"""Statements: the heat of a month and what it costs, so that anybody can work it out again."""
