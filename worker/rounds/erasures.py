"""Finishing erasures whose request was too long for the API, or died with it."""

from pathlib import Path

from store.erasures.erasing import Shelves, erase_some, unfinished
from store.files.local_content import LocalContentStore
from store.files.outputs import LocalOutputStore
from store.transaction import Store


def erase_unfinished(store: Store, files: Path) -> int:
    """Erase all that was asked for and is not done; how many erasures that were."""
    numbers = unfinished(store)
    if not numbers:
        return 0
    content, outputs = LocalContentStore(files), LocalOutputStore(files)
    shelves = Shelves(
        remove_content=content.remove,
        remove_output=outputs.remove,
        discard_upload=content.discard,
    )
    for number in numbers:
        while erase_some(store, number, shelves):
            pass
    return len(numbers)
