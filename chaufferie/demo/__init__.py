"""The demonstration: everything started, real jobs followed, a report of where and why."""
