# Kith. `make` alone prints what can be done. Python 3.11 or newer and make are all that `make demo` needs.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

# The first Python on the path that is new enough; PYTHON=/path/to/python chooses another.
PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11 python; do \
	if command -v $$name >/dev/null 2>&1 && $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; \
	then echo $$name; break; fi; done)
VENV := .venv
BIN := $(VENV)/bin
# Parallel test workers.
JOBS ?= 2
# Further arguments for pytest, e.g. make test TESTS='tests/graph -k standing'
TESTS ?=
# Every module that numba compiles.
KERNELS := $(shell grep -l numba analysis/*.py viz/*.py)
# Only wheels with the hashes of the lock: no third-party build step runs on this machine.
INSTALL := $(BIN)/python -m pip install --disable-pip-version-check --require-hashes --only-binary :all:
# Only the lines that show progress.
QUIETER := awk '!/^(Ignoring|Looking in|Requirement already)/ { print; fflush() }'

.PHONY: help setup setup-dev setup-bench demo test check lint types contracts web bench lock licences image clean

help:
	@echo "Kith: the shared, accountable map of the people, places and groups around children at risk"
	@echo
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.kith-kernels ## make .venv with the kith command in it

setup-dev: $(VENV)/.kith-dev ## the same with everything the tests and checks need

setup-bench: setup-dev ## the peers that some benchmarks compare with, beside it
	@$(INSTALL) -r requirements-bench.txt | $(QUIETER)

demo: setup ## the invented city in a browser, with ready-made users
	@$(BIN)/kith demo

test: setup-dev web-tools ## run every test; what this machine cannot provide is skipped visibly
	@$(BIN)/python -m tests.support.machine
	@bash scripts/web_tests.sh
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile -m "not neo4j" $(TESTS) || [ $$? -eq 5 ]
	@echo "Now what needs a Neo4j server, one test after another: it has one database"
	$(BIN)/python -m pytest -m neo4j $(TESTS) || [ $$? -eq 5 ]

check: lint types contracts web licences-check test ## what CI runs: style, types, contracts, licences, tests

lint: setup-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup-dev
	$(BIN)/mypy

contracts: setup-dev
	$(BIN)/lint-imports

web: web-tools
	@bash scripts/web_types.sh

.PHONY: web-tools
web-tools:
	@bash scripts/web_tools.sh

.PHONY: licences-check
licences-check: setup-dev
	$(BIN)/python scripts/licences.py --check

licences: setup-dev ## write docs/licences.md again
	$(BIN)/python scripts/licences.py

bench: setup-dev ## list the benchmarks; run one with .venv/bin/python bench/NAME.py
	@$(BIN)/python scripts/list_benchmarks.py

lock: setup-dev ## resolve the newest versions of all dependencies again, with hashes
	@BIN=$(BIN) bash scripts/lock.sh

image: ## build the container image (needs a Docker engine)
	docker build --tag kith .

clean: ## remove the environment and every cache inside the repository
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache node_modules build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(VENV)/.kith-venv:
	@if [ -z "$(PYTHON)" ]; then echo "Kith needs Python 3.11 or newer; none was found. PYTHON=... names one." >&2; exit 2; fi
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "Python's venv module does not work here (Debian: apt-get install python3-venv)" >&2; exit 2; }
	@touch $@

$(VENV)/.kith-runtime: $(VENV)/.kith-venv requirements.txt requirements-build.txt pyproject.toml
	@echo "Installing what Kith needs (about 70 packages; a few minutes when none is cached)"
	@$(INSTALL) -r requirements.txt -r requirements-build.txt | $(QUIETER)
	@$(BIN)/python -m pip install --disable-pip-version-check --quiet --no-deps --no-index --no-build-isolation --editable .
	@touch $@

# Compiled beside the sources they come from, so again when these change.
$(VENV)/.kith-kernels: $(VENV)/.kith-runtime $(KERNELS)
	@echo "Compiling the arithmetic of the detectors for this machine (once, about half a minute)"
	@$(BIN)/python scripts/compile_kernels.py
	@touch $@

$(VENV)/.kith-dev: $(VENV)/.kith-runtime requirements-dev.txt
	@echo "Installing what the tests and checks need (about 40 packages more)"
	@$(INSTALL) -r requirements-dev.txt | $(QUIETER)
	@touch $@
