"""Gains kept from one decision to the next are those that a fresh look would find."""

from typing import TYPE_CHECKING

import numpy as np
import pytest

from domain.jobs.job import SchedulingType
from scheduler.placement.heat.rule import RECIPE
from scheduler.placement.heat.scores import Scores
from scheduler.placement.state.cluster import ClusterState
from scheduler.placement.state.job_shape import Shape
from tests.support.builders import NOW_S, claimed, ended, job_queued, node_joined
from tests.support.told import Told, reading_of

if TYPE_CHECKING:
    from domain.events import Event

FLEX = SchedulingType.FLEX.value


def _told(n_sites: int = 6) -> Told:
    """Sites with two nodes each, whose water differs."""
    told = Told("coldest")
    for node_id in range(1, 2 * n_sites + 1):
        site_id = (node_id + 1) // 2
        facts: list[Event] = [
            node_joined(
                node_id, site_id=site_id, is_preheat=site_id % 2 == 0, cores=8 + 4 * (node_id % 2)
            ),
            reading_of(node_id, 0.15 * site_id, heat_demand_w=100.0 + 300.0 * site_id),
        ]
        told.hear(*facts)
    return told


def _shapes(state: ClusterState) -> list[Shape]:
    """Shapes of both kinds, widths from narrow to wide, and a whole node."""
    jobs = [
        job_queued(
            500 + 10 * cores + kind,
            cores=cores,
            scheduling_type=FLEX if kind else SchedulingType.ON_DEMAND.value,
            whole_node=cores == 8,
            is_preemptible=kind == 2,
            can_resume=kind == 2,
        )
        for cores in (1, 2, 4, 8)
        for kind in (0, 1, 2)
    ]
    return [
        Shape.of(job, length=length, spread=spread)
        for job in jobs
        for length, spread in [state.length_of(state.expect(job))]
    ]


def _fresh(state: ClusterState, now_s: float) -> Scores:
    scores = Scores(state, RECIPE)
    changed = set(state.promises.changed)
    scores.refresh(now_s)
    state.promises.changed |= changed
    return scores


def test_starts_and_ends_are_taken_up_as_a_fresh_look_would_see_them() -> None:
    told = _told()
    state = told.engine.state
    scores, shapes = _fresh(state, NOW_S), _shapes(state)
    state.promises.changed.clear()
    for shape in shapes:
        scores.gain(shape)

    for number in range(1, 9):
        brief = {"scheduling_type": FLEX, "is_preemptible": True, "can_resume": True}
        told.hear(job_queued(number, cores=3, **(brief if number % 3 == 0 else {})))
        if number % 2 == 0:
            held = state.occupations[number]
            node_id = state.fleet.facts[held.row].node_id
            told.hear(claimed(number, 1, node_id), ended(number, 1, node_id))
        changed = set(state.promises.changed)
        scores.sync()
        state.promises.changed |= changed if number < 8 else set()
        fresh = _fresh(state, NOW_S)
        for shape in shapes:
            assert scores.gain(shape) == pytest.approx(fresh.gain(shape), abs=1e-9)


def test_a_promise_of_the_plan_lowers_the_gain_at_that_site_only() -> None:
    told = _told()
    scores = _fresh(told.engine.state, NOW_S)
    shape = next(item for item in _shapes(told.engine.state) if item.is_patient)
    before = scores.gain(shape).copy()

    for _ in range(40):
        scores.count(shape, 8)
    after = scores.gain(shape)

    changed = np.flatnonzero(before != after).tolist()
    assert changed == [8, 9]  # the two nodes of its site
    assert (after[changed] < before[changed]).all()


def test_a_plan_that_came_to_nothing_is_forgotten_at_the_next_look() -> None:
    told = _told()
    scores = _fresh(told.engine.state, NOW_S)
    shape = _shapes(told.engine.state)[0]
    before = scores.gain(shape).copy()
    for _ in range(40):
        scores.count(shape, 8)

    scores.sync()

    assert scores.gain(shape) == pytest.approx(before, abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_where_heat_is_wanted_is_where_the_gain_reaches_the_bar(seed: int) -> None:
    """Wide jobs are looked at only where narrow ones would do, and nothing is missed by it."""
    rng = np.random.default_rng(seed)
    told = _told()
    state = told.engine.state
    scores = _fresh(state, NOW_S)
    shapes = [shape for shape in _shapes(state) if shape.is_patient]
    scores.gain(shapes[-1])  # one that is known already is treated like the others
    scores.count(shapes[0], 4)
    bars = rng.random(len(shapes))
    fits = rng.random((len(shapes), state.fleet.nodes.n_rows)) < 0.7

    found = scores.where_wanted(shapes, bars, fits)

    for index, shape in enumerate(shapes):
        gain = scores.gain(shape)
        is_wanted = fits[index] & (gain >= bars[index])
        assert ((found[index] >= 0.0) == is_wanted).all()
        assert found[index][is_wanted] == pytest.approx(gain[is_wanted], abs=1e-9)


def test_a_whole_node_brings_the_heat_of_all_its_cores() -> None:
    told = _told()
    scores = _fresh(told.engine.state, NOW_S)
    whole = next(item for item in _shapes(told.engine.state) if item.whole_node)

    power_w = scores.power_w([whole], np.array([0, 1]))[0]

    assert power_w.tolist() == pytest.approx([800.0, 800.0])
    assert scores.heat_wh(whole, 0) == pytest.approx(800.0 * scores.hours(whole).sum())
