"""Features, wanted nodes and GPUs: refused where no node has them, waited for where it is away."""

from api.problems import UNKNOWN_NAMES
from tests.support.http_scene import HttpScene


def two_nodes(http: HttpScene) -> int:
    http.warm_node("plain")
    site_id = http.site("site of fast")
    node_id = http.node(
        site_id, "fast", features=("AVX512", "scratch"), gpus=("NVIDIA A100-SXM4", "V100")
    )
    http.read_instruments(node_id, "fast")
    return node_id


def test_a_node_shows_what_can_be_asked_of_it(http: HttpScene) -> None:
    two_nodes(http)
    plain, fast = http.get("/v1/nodes").json()["nodes"]

    assert (plain["features"], plain["gpus"]) == ([], [])
    assert fast["gpus"] == ["a100-sxm4", "v100"]
    assert fast["features"] == ["a100", "a100-sxm4", "avx512", "gpu", "scratch", "v100"]


def test_a_job_is_placed_only_where_what_it_asks_for_is(http: HttpScene) -> None:
    two_nodes(http)
    for options in (
        ["--constraint=avx512&(knl|scratch)"],
        ["-w", "fast"],
        ["--gres=gpu:a100:1"],
    ):
        http.submit(command=["true"], options=options)

    assert http.start("plain") == []
    assert len(http.start("fast")) == 3


def test_what_no_node_has_is_refused_by_name(http: HttpScene) -> None:
    two_nodes(http)
    for options, code, said in (
        (["-C", "knl"], "job.no_such_feature", "No node has knl; the features here are: a100,"),
        (["-w", "gpu07"], "job.no_such_node", "gpu07, which is no node here"),
        (["--gpus=h100:1"], "job.no_such_gpu", "there are: a100-sxm4, v100"),
        (["--gpus=3"], "job.too_large", "the node with the most has 2 (fast)"),
        (["-C", "avx512", "-n", "9"], "job.too_large", "largest node with avx512 has 8"),
        (["-C", "a*2"], "sbatch.counted_constraint", "leave it out"),
    ):
        answer = http.send_job(command=["true"], options=options)
        assert answer.status_code == (404 if code in UNKNOWN_NAMES else 422), options
        assert answer.json()["code"] == code
        assert said in answer.json()["title"]


def test_a_job_waits_with_its_reason_while_the_node_for_it_is_away(http: HttpScene) -> None:
    node_id = two_nodes(http)
    http.post(f"/v1/nodes/{node_id}/drain", "operator")
    job_id = http.submit(command=["true"], options=["-C", "avx512"])
    assert http.start("plain") == []

    told = http.get(f"/v1/jobs/{job_id}/explain").json()
    assert told["code"] == "no_node_with_features"
    assert "It needs avx512, and the nodes that have it are down or drained." in told["sentence"]

    http.post(f"/v1/nodes/{node_id}/resume", "operator")
    assert http.start("fast") == [(job_id, 1)]


def test_before_the_first_node_a_job_waits_for_one(http: HttpScene) -> None:
    job_id = http.submit(command=["true"], options=["-C", "avx512", "-G", "1"])
    two_nodes(http)
    assert http.start("fast") == [(job_id, 1)]


def test_an_inventory_that_cannot_be_is_refused(http: HttpScene) -> None:
    site_id = http.site()
    http.node(site_id)
    spec = {"cores": 1, "mem_mib": 1, "idle_power_w": 0.0, "max_power_w": 1.0}
    for wrong in (
        {"features": ["a b"]},
        {"features": ["node:x"]},
        {"features": [""]},
        {"features": ["f"] * 600},
        {"gpus": ["x"] * 65},
        {"gpus": [None]},
    ):
        answer = http.put("/v1/agent/spec", "boiler", json={**spec, **wrong})
        assert answer.status_code == 422, wrong
