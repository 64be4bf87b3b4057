# The mail-routing lab. `make help` lists the targets; LAB=second make lab-up works on a lab of that name.
SHELL := /bin/sh
PYTHON ?= python3
LAB ?= main
SEED ?= 1
export LAB
VENV := .venv/bin
READY := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help lab-up lab-down lab-status test test-unit test-lab soak bench lint pages format lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

lab-up: $(READY) ## bring the lab up, from a bare machine to ready hosts
	@$(VENV)/lab up

lab-down: $(READY) ## take the lab down: no container, network or volume is left
	@$(VENV)/lab down

lab-status: $(READY) ## say how the lab is
	@$(VENV)/lab status

test: test-unit test-lab ## all tests: without Docker first, then against real containers

test-unit: $(READY) ## tests that need no Docker
	@$(VENV)/pytest tests/unit

test-lab: $(READY) ## tests against real containers; brings the lab up if it is not, and leaves it as it was
	@$(VENV)/pytest tests/lab -n 3 --dist loadfile --no-loadscope-reorder

soak: $(READY) ## for an hour or so: what mutates in the tests, and messages under random faults; SEED=2 chooses others
	@LAB_SOAK_SEED=$(SEED) LAB_SOAK_MUTATIONS=60000 LAB_SOAK_SESSIONS=10000 LAB_SOAK_EXAMPLES=10000 \
	    $(VENV)/pytest tests/unit --timeout 3600 -k "mutat or properties or hostile_lines or cli_any or read_any"
	@$(VENV)/lab up
	@$(VENV)/lab soak --messages 1200 --seed $(SEED) --timeout 300

bench: $(READY) ## measure, and print the figures with the machine
	@$(VENV)/pytest tests/bench -s

lint: $(READY) ## format check, lint, types
	@$(VENV)/ruff format --check .
	@$(VENV)/ruff check .
	@$(VENV)/mypy

pages: $(READY) ## make the pages of docs/ that are made from the code and the scenarios
	@$(VENV)/python -m lab.scenario.format.schema > docs/scenario.schema.json
	@$(VENV)/python -m lab.scenario.tables
	@$(VENV)/python -m lab.scenario.page > docs/catalogue.md
	@$(VENV)/python -m lab.faults.page

format: $(READY) ## format the code
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix .

lock: $(READY) ## resolve requirements.lock anew
	@$(VENV)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header \
	    --group dev pyproject.toml --output-file requirements.lock

clean: ## remove the Python environment and caches
	@rm -rf .venv .mypy_cache .pytest_cache .ruff_cache dist build

# The environment is made anew when what it is made from has changed.
$(READY): pyproject.toml requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "make: Python 3.11 or later is needed; PYTHON=/path/to/python3 make ... names one" >&2; exit 1; }
	@echo "making the Python environment in .venv"
	@$(PYTHON) -m venv --clear .venv || \
	    { echo "make: python3 cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(VENV)/pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(VENV)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
