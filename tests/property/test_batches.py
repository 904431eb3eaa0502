import json

from hypothesis import given
from hypothesis import strategies as st

from chaufferie.sdk.client import split_batches

LIMIT_BYTES = 1 << 20


@given(st.lists(st.integers(0, 600_000), max_size=12), st.integers(0, 2500))
def test_batches_keep_every_job_in_order_and_fit_a_request(
    script_sizes: list[int], n_small: int
) -> None:
    bodies = [{"n": n, "script": "x" * size} for n, size in enumerate(script_sizes)]
    bodies += [{"n": len(script_sizes) + n} for n in range(n_small)]

    places = list(split_batches(bodies))
    batches = [[bodies[place] for place in batch] for batch in places]

    assert [place for batch in places for place in batch] == list(range(len(bodies)))
    assert all(0 < len(json.dumps({"jobs": batch})) < LIMIT_BYTES for batch in batches)
