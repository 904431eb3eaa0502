"""A database whose time a test sets."""

from sqlalchemy import Connection

from store.database import Database

#: An instant like any other [Unix s].
SOME_DAY_S = 1_790_000_000.0


class SetClock:
    """Stands still until a test moves it."""

    def __init__(self, now_s: float = SOME_DAY_S) -> None:
        self.now_s = now_s

    def advance(self, seconds_s: float) -> None:
        self.now_s += seconds_s


class ClockedDatabase(Database):
    """A real database, except that a test says what time it is."""

    def __init__(self, url: str, clock: SetClock) -> None:
        super().__init__(url)
        self.clock = clock

    def now_s(self, connection: Connection) -> float:
        del connection
        return self.clock.now_s
