"""All that a collectivity owns in one file that needs no program of ours; out, in, looked over."""
