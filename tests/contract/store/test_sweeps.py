from store.sweeps import sweeps
from store.sweeps.sweeps import CellState
from tests.support.scene import Scene

TTL_S = 60.0


def _sweep(scene: Scene, n_cells: int = 2) -> int:
    with scene.store.transaction() as tx:
        return sweeps.add(tx, spec="sweep", cells=[f"cell {n}" for n in range(n_cells)])


def _take(scene: Scene, sweep_id: int, holder: str, ttl_s: float = TTL_S) -> bool:
    with scene.store.transaction() as tx:
        return sweeps.take(tx, sweep_id, 0, holder=holder, ttl_s=ttl_s) is not None


def _end(scene: Scene, sweep_id: int, holder: str, result: str) -> bool:
    with scene.store.transaction() as tx:
        return sweeps.end(tx, sweep_id, 0, holder=holder, result=result)


def _result(scene: Scene, sweep_id: int) -> str | None:
    with scene.store.database.read() as connection:
        return sweeps.result_of(connection, sweep_id, 0)


def _states(scene: Scene, sweep_id: int) -> list[tuple[CellState, bool, float]]:
    database = scene.store.database
    with database.read() as connection:
        found = sweeps.standings(connection, sweep_id, now_s=database.now_s(connection))
    return [(cell.state, cell.is_held, cell.done_frac) for cell in found]


def test_a_cell_is_taken_by_one_worker_and_ended_with_its_result(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    with scene.store.transaction() as tx:
        taken = sweeps.take(tx, sweep_id, 1, holder="first", ttl_s=TTL_S)

    assert taken is not None
    assert (taken.sweep_spec, taken.cell_spec) == ("sweep", "cell 1")
    assert _take(scene, sweep_id, "first")
    assert not _take(scene, sweep_id, "second")
    assert _end(scene, sweep_id, "first", "heat")
    assert _result(scene, sweep_id) == "heat"
    assert _states(scene, sweep_id)[0] == (CellState.ENDED, False, 1.0)


def test_a_cell_that_has_ended_is_not_run_again(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    _take(scene, sweep_id, "first")
    _end(scene, sweep_id, "first", "heat")

    assert not _take(scene, sweep_id, "second")
    assert not _end(scene, sweep_id, "first", "other heat")
    assert _result(scene, sweep_id) == "heat"


def test_a_silent_worker_loses_its_cell_and_cannot_end_it(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    _take(scene, sweep_id, "silent", ttl_s=-1.0)

    assert _states(scene, sweep_id)[0] == (CellState.RUNNING, False, 0.0)
    assert _take(scene, sweep_id, "second")
    assert not _end(scene, sweep_id, "silent", "late heat")
    assert _end(scene, sweep_id, "second", "heat")
    assert _result(scene, sweep_id) == "heat"


def test_a_worker_that_says_how_far_it_is_keeps_its_cell(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    _take(scene, sweep_id, "first", ttl_s=-1.0)
    with scene.store.transaction() as tx:
        kept = sweeps.keep(tx, sweep_id, 0, holder="first", done_frac=0.25, ttl_s=TTL_S)

    assert kept
    assert not _take(scene, sweep_id, "second")
    assert _states(scene, sweep_id)[0] == (CellState.RUNNING, True, 0.25)


def test_a_cell_given_back_is_free_at_once(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    _take(scene, sweep_id, "first")
    with scene.store.transaction() as tx:
        sweeps.give_back(tx, sweep_id, 0, holder="first")

    assert _states(scene, sweep_id)[0] == (CellState.WAITING, False, 0.0)
    assert _take(scene, sweep_id, "second")


def test_nobody_keeps_or_ends_a_cell_of_a_dropped_sweep(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    other_id = _sweep(scene)
    _take(scene, sweep_id, "first")
    with scene.store.transaction() as tx:
        sweeps.drop(tx, sweep_id)

    with scene.store.transaction() as tx:
        assert not sweeps.keep(tx, sweep_id, 0, holder="first", done_frac=0.5, ttl_s=TTL_S)
    assert not _end(scene, sweep_id, "first", "heat")
    assert _states(scene, sweep_id) == []
    assert len(_states(scene, other_id)) == 2


def test_only_sweeps_of_the_given_age_are_forgotten(scene: Scene) -> None:
    sweep_id = _sweep(scene)
    with scene.store.transaction() as tx:
        assert not sweeps.drop_old(tx, older_than_s=3600.0)
    assert len(_states(scene, sweep_id)) == 2

    with scene.store.transaction() as tx:
        assert sweeps.drop_old(tx, older_than_s=-1.0)
        assert not sweeps.drop_old(tx, older_than_s=-1.0)
    assert _states(scene, sweep_id) == []
