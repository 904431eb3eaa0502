"""How much room an attempt's files take, counted a little at a time: one thread does it all."""

import os
from collections.abc import Iterator, Sequence

_BLOCK_BYTES = 512  # of st_blocks, whatever the file system's own are (stat(2))


class DiskWatch:
    """Adds up what lies below some directories, round after round."""

    def __init__(self, folders: Sequence[str]) -> None:
        """Watch these; nothing is read yet."""
        self._folders = folders
        self._round: Iterator[int] = iter(())
        self._so_far_bytes = 0
        self._next_round_s = 0.0

    def step(self, most_entries: int, now_s: float, every_s: float) -> int:
        """Look at so many further entries; the bytes that this round has found so far.

        A new round begins ``every_s`` after the one before began at the earliest.
        """
        for _ in range(most_entries):
            found = next(self._round, None)
            if found is not None:
                self._so_far_bytes += found
            elif now_s < self._next_round_s:
                break
            else:
                self._next_round_s = now_s + every_s
                self._so_far_bytes = 0
                self._round = _sizes(self._folders)
        return self._so_far_bytes


def _sizes(folders: Sequence[str]) -> Iterator[int]:
    """Bytes on the disk of each entry; a file of several names is shared out among them."""
    open_folders = list(folders)
    while open_folders:
        try:
            with os.scandir(open_folders.pop()) as entries:
                for entry in entries:
                    try:
                        stat = entry.stat(follow_symlinks=False)
                        if entry.is_dir(follow_symlinks=False):
                            open_folders.append(entry.path)
                    except OSError:
                        continue  # It was removed meanwhile.
                    yield stat.st_blocks * _BLOCK_BYTES // max(1, stat.st_nlink)
        except OSError:
            continue
