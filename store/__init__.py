"""The one truth: tables, migrations, transactions. The only package that knows SQL."""
