import pytest

from domain.billing.quota import describe_bytes, stored_bytes_quota
from domain.billing.retention import Keeping


def test_a_quota_has_room_up_to_its_limit() -> None:
    quota = stored_bytes_quota(100)

    assert quota.refuse(60, 40) is None
    refused = quota.refuse(60, 41)
    assert refused is not None
    assert refused.code == "quota.stored_bytes"
    assert "60 bytes of 100 bytes are used and 41 bytes more are asked for" in refused.sentence


@pytest.mark.parametrize(
    ("size_bytes", "said"),
    [(0, "0 bytes"), (1023, "1023 bytes"), (1024, "1.0 KiB"), (3 << 30, "3.0 GiB")],
)
def test_sizes_are_said_shortly(size_bytes: int, said: str) -> None:
    assert describe_bytes(size_bytes) == said


def test_what_is_kept_for_ever_is_not_announced() -> None:
    assert Keeping().announce(has_inputs=False) == ()
    assert Keeping(inputs_kept_days=1.0).announce(has_inputs=True) == (
        "Inputs are deleted 1 day after the end of the last job that uses them.",
    )
