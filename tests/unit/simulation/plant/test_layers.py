import numpy as np
import pytest

from simulation.plant.layers import LAYER_COUNT, Floats, Layers, heated, layer_flow
from simulation.plant.tank import WATER_HEAT_J_PER_KG_K, loss_w_per_k

TANK_KG = 2000.0
STORAGE = np.array([TANK_KG * WATER_HEAT_J_PER_KG_K])
LAYERS = Layers.of(np.array([0]), STORAGE, loss_w_per_k(np.array([TANK_KG])))
COLD_C, ROOM_C = 12.0, 20.0


def _after(layers_c: list[float], *, draw_kg_per_s: float = 0.0, dt_s: float = 600.0) -> Floats:
    """Layers at the end, then the top and all of them in the mean."""
    flow = layer_flow(
        LAYERS,
        draw_w_per_k=np.array([draw_kg_per_s * WATER_HEAT_J_PER_KG_K]),
        cold_temp_c=np.array([COLD_C]),
        room_temp_c=np.array([ROOM_C]),
        dt_s=dt_s,
    )
    (after,) = flow.after(np.array([layers_c]))
    return np.asarray(after, dtype=np.float64)


def _heated(layers_c: list[float], heat_kwh: float) -> list[float]:
    after: list[float] = heated(LAYERS, np.array([layers_c]), np.array([heat_kwh * 3.6e6]))[0]
    return list(after)


def test_a_draw_cools_the_lowest_layer_first_and_leaves_the_top_hot() -> None:
    after = _after([50.0] * LAYER_COUNT, draw_kg_per_s=TANK_KG / LAYER_COUNT / 2 / 600.0)

    assert after[0] < 40.0
    assert after[LAYER_COUNT - 1] > 49.5
    assert list(after[:LAYER_COUNT]) == sorted(after[:LAYER_COUNT])


def test_a_tank_that_was_drawn_through_many_times_is_as_cold_as_the_mains() -> None:
    after = _after([50.0] * LAYER_COUNT, draw_kg_per_s=50 * TANK_KG / 86_400.0, dt_s=86_400.0)

    assert after[:LAYER_COUNT] == pytest.approx([COLD_C] * LAYER_COUNT, abs=0.05)


def test_layers_left_alone_even_out_and_come_to_the_warmth_of_the_room() -> None:
    day = _after([20.0, 30.0, 40.0, 50.0], dt_s=86_400.0)[:LAYER_COUNT]
    year = _after([20.0, 30.0, 40.0, 50.0], dt_s=365 * 86_400.0)[:LAYER_COUNT]

    assert 25.0 < day[3] - day[0] < 30.0
    assert year == pytest.approx([ROOM_C] * LAYER_COUNT, abs=0.01)


def test_two_half_steps_are_as_good_as_a_whole_one() -> None:
    half = _after([20.0, 30.0, 40.0, 50.0], draw_kg_per_s=0.3, dt_s=300.0)
    halves = _after(list(half[:LAYER_COUNT]), draw_kg_per_s=0.3, dt_s=300.0)
    whole = _after([20.0, 30.0, 40.0, 50.0], draw_kg_per_s=0.3)

    assert halves[:LAYER_COUNT] == pytest.approx(whole[:LAYER_COUNT], abs=0.02)
    assert (half[-2:] + halves[-2:]) / 2 == pytest.approx(whole[-2:], abs=0.02)


def test_a_little_heat_stays_below_and_much_heat_rises() -> None:
    # A layer of 500 kg takes 0.58 kWh for each kelvin.
    little = _heated([20.0, 40.0, 45.0, 50.0], 5.8)
    much = _heated([20.0, 40.0, 45.0, 50.0], 29.1)

    assert little == pytest.approx([30.0, 40.0, 45.0, 50.0], abs=0.1)
    # 50 K for the lowest: running means 70, 55, 51.7 and 51.25, so all four mix.
    assert much == pytest.approx([51.25] * 4, abs=0.1)


def test_heat_that_rises_is_neither_made_nor_lost() -> None:
    before = [15.0, 18.0, 30.0, 47.0]
    after = _heated(before, 20.0)

    gained_j = (sum(after) - sum(before)) * float(LAYERS.storage_j_per_k[0])
    assert gained_j == pytest.approx(20.0 * 3.6e6)


def test_mains_water_warmer_than_the_tank_rises_through_it() -> None:
    assert _heated([18.0, 12.0, 11.0, 30.0], 0.0) == pytest.approx([41 / 3] * 3 + [30.0])
    assert _heated([18.0, 12.0, 18.0, 12.0], 0.0) == pytest.approx([15.0] * 4)
