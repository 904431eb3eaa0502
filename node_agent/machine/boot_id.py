"""Which boot of the machine this is: clocks that count from it mean nothing in another."""

from pathlib import Path


def kernel_boot_id() -> str:
    """Random for each boot, random(4)."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
