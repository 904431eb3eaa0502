"""Accounts of towns' people that nobody uses any more: told, closed, forgotten."""

from collections.abc import Callable
from functools import partial

from domain.disclosure import ACCOUNT_NOTICE_S
from domain.notices.rules import NoticeRules
from store.collectivities.unused_accounts import close_unused, erase_closed, tell_unused
from store.transaction import Store, Transaction


def keep_accounts(store: Store, rules: NoticeRules, kept_s: float) -> None:
    """Tell who has not used an account for nearly so long; close and erase what was told."""
    told = partial(tell_unused, kept_s=kept_s, may_write_to=rules.may_write_to)
    _repeat(store, told)
    _repeat(store, partial(close_unused, kept_s=kept_s))
    _repeat(store, partial(erase_closed, kept_s=ACCOUNT_NOTICE_S))


def _repeat(store: Store, step: Callable[[Transaction], bool]) -> None:
    while _once(store, step):
        pass


def _once(store: Store, step: Callable[[Transaction], bool]) -> bool:
    with store.transaction() as tx:
        return step(tx)
