"""Whatever a file holds, the readers answer with values or with a sentence; they never raise."""

import tempfile
from pathlib import Path

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from domain.refusal import Refused
from simulation.scenario.loading import load_scenario
from simulation.scenario.scenario import Scenario
from simulation.weather.reading import read_weather
from simulation.workload.drawing import draw_workload
from simulation.workload.from_log import replay_trace
from simulation.workload.job import Workload
from simulation.workload.setting import SERVER_CORES, WorkloadKind, WorkloadSetting
from simulation.workload.swf import read_swf
from simulation.workload.trace import Trace

#: Beginnings that lead a reader further into a file than noise does.
BEGINNINGS = (b"", b"LOCATION,\n" * 8, b"#1\ndouble d(8760,12)\n", b"; UnixStartTime: 1\n")
BYTES = st.builds(lambda start, rest: start + rest, st.sampled_from(BEGINNINGS), st.binary())
CELLS = st.sampled_from(["1", "-1", "0", "60", "nan", "1e99", "x", "-2", "7.5", "\x00", "１"])  # noqa: RUF001 - a digit of another script
ROWS = st.lists(st.lists(CELLS, min_size=17, max_size=19), min_size=1, max_size=5)
NAMES = ("title", "fleet", "seasons", "faults", "dwellings", "kind", "step_s", "workload", "zones")
VALUES = st.sampled_from(
    ["1", "-1", "nan", '"mix"', "true", "[]", "[1]", "{}", "{kind=1}", "[{}]", "1979-05-27"]
)
LINES = st.one_of(
    st.builds("{} = {}".format, st.sampled_from(NAMES), VALUES),
    st.builds("[{}]".format, st.sampled_from(NAMES)),
    st.builds("[[{}]]".format, st.sampled_from(NAMES)),
)


def _written(content: bytes) -> Path:
    with tempfile.NamedTemporaryFile(delete=False) as file:
        file.write(content)
    return Path(file.name)


@given(content=BYTES)
def test_any_bytes_are_refused_by_every_reader_with_a_sentence(content: bytes) -> None:
    path = _written(content)
    try:
        answers = (
            read_weather(path, zone="H1a", start_plant_s=0.0, n_hours=24),
            read_swf(path),
            load_scenario(path),
        )
    finally:
        path.unlink()
    for answer in answers:
        assert isinstance(answer, Refused)
        assert str(path) in answer.sentence
        assert "Traceback" not in answer.sentence


@given(rows=ROWS)
def test_rows_of_a_log_are_jobs_or_a_sentence_with_their_line(rows: list[list[str]]) -> None:
    path = _written("\n".join(" ".join(row) for row in rows).encode())
    try:
        trace = read_swf(path)
    finally:
        path.unlink()
    if isinstance(trace, Trace):
        assert 1 <= len(trace) + trace.n_incomplete == len(rows)
        assert (trace.run_s > 0).all()
        assert (trace.processors > 0).all()
    else:
        assert trace.sentence


@given(lines=st.lists(LINES, max_size=8))
def test_a_scenario_is_read_or_refused(lines: list[str]) -> None:
    path = _written("\n".join(lines).encode())
    try:
        scenario = load_scenario(path)
    finally:
        path.unlink()
    assert isinstance(scenario, Scenario | Refused)


SETTINGS = st.builds(
    WorkloadSetting,
    kind=st.sampled_from(WorkloadKind),
    load_frac=st.floats(0.001, 0.1),
    flex_share_frac=st.floats(0.0, 1.0),
    resume_share_frac=st.floats(0.0, 1.0),
    median_run_h=st.floats(0.01, 100.0),
    n_classes=st.integers(1, 30),
    early_failure_frac=st.floats(0.0, 1.0),
    tail_share_frac=st.floats(0.0, 1.0),
    tail_exponent=st.floats(0.2, 10.0),
    history_days=st.floats(0.0, 30.0),
    day_factor=st.floats(0.01, 1000.0),
)


def _holds(workload: Workload, widest_servers: int, first_s: float) -> bool:
    times = [job.submitted_at_s for job in workload.jobs]
    return (
        times == sorted(times)
        and all(at_s >= first_s for at_s in times)
        and all(0 < job.run_s <= job.time_limit_s for job in workload.jobs)
        and all(1 <= job.cores <= widest_servers * SERVER_CORES for job in workload.jobs)
        and all(job.ended_at_s < first_s for job in workload.history)
        and np.isfinite(workload.load_frac)
    )


@settings(max_examples=40)
@given(
    setting=SETTINGS,
    sites=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    days=st.floats(0.2, 10.0),
    seed=st.integers(0, 1000),
)
def test_whatever_the_setting_jobs_fit_their_fleet_their_limits_and_their_days(
    setting: WorkloadSetting, sites: list[int], days: float, seed: int
) -> None:
    workload = draw_workload(
        setting,
        np.random.default_rng(seed),
        start_plant_s=86_400.0 * 30,
        arrival_days=days,
        site_servers=sites,
    )

    assert isinstance(workload, Workload)
    assert _holds(workload, max(sites), 1_704_067_200.0 + 86_400.0 * 30)
    assert workload.load_frac >= setting.load_frac * 0.999


@settings(max_examples=40)
@given(
    jobs=st.lists(
        st.tuples(st.floats(0, 3e6), st.floats(1, 1e5), st.integers(1, 40)), min_size=1, max_size=30
    ),
    first_week_s=st.floats(0.0, 604_799.0),
    sites=st.lists(st.integers(1, 30), min_size=1, max_size=5),
    n_jobs=st.integers(0, 300),
)
def test_whatever_the_log_jobs_fit_their_fleet_or_are_counted(
    jobs: list[tuple[float, float, int]], first_week_s: float, sites: list[int], n_jobs: int
) -> None:
    submitted_s, run_s, processors = map(np.array, zip(*sorted(jobs), strict=True))
    trace = Trace(
        name="log.swf",
        submitted_s=submitted_s,
        first_week_s=first_week_s,
        run_s=run_s,
        processors=processors,
        time_limit_s=np.full(len(jobs), np.nan),
        user=np.full(len(jobs), -1),
        program=np.arange(len(jobs)) % 3,
        n_incomplete=0,
    )
    workload = replay_trace(
        trace,
        WorkloadSetting(n_jobs=n_jobs),
        np.random.default_rng(1),
        start_plant_s=86_400.0,
        arrival_days=5.0,
        site_servers=sites,
    )
    n_wide = int((processors > max(sites)).sum())
    if n_wide == len(jobs):
        assert isinstance(workload, Refused)
        return
    assert isinstance(workload, Workload)
    assert workload.n_too_large == n_wide
    assert _holds(workload, max(sites), 1_704_067_200.0 + 86_400.0)
