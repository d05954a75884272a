# equipoise: `make help` lists the targets.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
WORKERS ?= $(shell nproc)
SERVE ?= 1
RESULTS := build/results
KEEP = --junitxml $(RESULTS)/$@.xml
SPREAD = -n $(WORKERS) --dist loadfile --no-loadscope-reorder
# Byte code is kept: the tests start some hundred processes.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test lint types imports unit server-sqlite server-postgresql browser bench prove docs validation clean system system-demo

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 22

$(VENV)/run.done: requirements/run.txt pyproject.toml
	@bash scripts/venv.sh $(PYTHON) $(VENV)
	$(BIN)/python scripts/install.py requirements/run.txt
	@touch $@

$(VENV)/dev.done: requirements/dev.txt $(VENV)/run.done
	$(BIN)/python scripts/install.py requirements/dev.txt
	@touch $@

demo: $(VENV)/run.done system-demo ## run the reference trial from protocol to results, then serve it (SERVE=0: do not serve)
	$(BIN)/equipoise demo --dir build/demo --fresh $(if $(filter 0,$(SERVE)),--no-serve,)

system: ## install PostgreSQL, Chromium and fonts from Debian where they are missing
	@bash scripts/system.sh test

system-demo:
	@bash scripts/system.sh demo

test: $(VENV)/dev.done system lint types imports unit server-sqlite server-postgresql browser docs validation ## everything CI runs

lint: $(VENV)/dev.done ## format and lint
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/dev.done ## mypy, strict
	$(BIN)/mypy

imports: $(VENV)/dev.done ## import contracts
	$(BIN)/lint-imports --no-cache

unit: $(VENV)/dev.done ## unit, property, contract and acceptance tests
	$(BIN)/pytest $(KEEP) $(SPREAD) -m "not prove" tests/unit tests/property tests/contract tests/acceptance

server-sqlite: $(VENV)/dev.done ## server tests on SQLite
	EQUIPOISE_TEST_ENGINE=sqlite $(BIN)/pytest $(KEEP) $(SPREAD) -m "not prove" tests/server

server-postgresql: $(VENV)/dev.done system ## server tests on PostgreSQL
	EQUIPOISE_TEST_ENGINE=postgresql $(BIN)/pytest $(KEEP) $(SPREAD) -m "not prove" tests/server

browser: $(VENV)/dev.done system ## journeys in Chromium
	$(BIN)/pytest $(KEEP) $(SPREAD) -m "not prove" tests/browser

docs: $(VENV)/dev.done ## documentation contracts
	$(BIN)/pytest $(KEEP) tests/docs

validation: $(VENV)/dev.done ## every requirement has tests that passed: build/validation.md
	$(BIN)/python scripts/validation.py $(RESULTS)

prove: export EQUIPOISE_PROVE = 1
prove: $(VENV)/dev.done system ## the long proofs
	$(BIN)/pytest $(SPREAD) -m "not prove" tests/property tests/unit/test_digest.py
	$(BIN)/pytest $(SPREAD) -m prove tests --ignore tests/server
	EQUIPOISE_TEST_ENGINE=sqlite $(BIN)/pytest $(SPREAD) -m prove tests/server
	EQUIPOISE_TEST_ENGINE=postgresql $(BIN)/pytest $(SPREAD) -m prove tests/server

bench: $(VENV)/dev.done ## measure, write build/bench.json
	$(BIN)/python -m tests.benchmark

clean: ## remove what make made
	rm -rf build $(VENV) instance
