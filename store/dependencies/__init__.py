"""Jobs that wait for other jobs, until those end as was asked."""
