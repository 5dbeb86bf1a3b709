# Jianhu: `make help` lists the targets. Everything runs in .venv; homes live under var/ (JIANHU_HOME).
SHELL := /bin/bash
PY := .venv/bin/python
STAMP := .venv/.installed
UV := uv==$(shell sed -n 's/^uv==//p' requirements.txt)
export PATH := $(CURDIR)/.venv/bin:$(PATH)
export PYTHONUTF8 := 1

.DEFAULT_GOAL := help
.PHONY: help setup run test check prove bench trial up clean lock

help: ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):[^#]*## /  make \1\t/' | expand -t 16

$(STAMP): requirements.txt pyproject.toml
	@echo "== virtual environment and pinned requirements (about a minute the first time)"
	@command -v python3.11 >/dev/null && P=python3.11 || P=python3; \
	  $$P -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed (found: $$($$P --version))"; exit 1; }; \
	  test -x $(PY) || $$P -m venv .venv
	@$(PY) -m pip install -q --disable-pip-version-check "$(UV)"
	@$(PY) -m uv pip install -q --compile-bytecode --python $(PY) -r requirements.txt
	@$(PY) -m uv pip install -q --no-deps --no-build-isolation --python $(PY) -e .
	@touch $(STAMP)

setup: $(STAMP) ## make the virtual environment and install the pinned requirements

run: $(STAMP) ## a synthetic Keqiao through the real DAGs, from extract to the leadership workbook
	@$(PY) -m district.run

test: $(STAMP) ## every test (at most ten minutes)
	@$(PY) -m pytest -n 2 --dist loadscope --no-loadscope-reorder tests

check: $(STAMP) ## ruff, mypy, sqlfluff, declared sources
	@$(PY) -m ruff check . && $(PY) -m ruff format --check .
	@$(PY) -m mypy
	@$(PY) dbt_project/lint.py
	@.venv/bin/jianhu sources --validate

prove: $(STAMP) ## the long proofs (kills, readers during publishing, determinism, planted truth); JSON report
	@$(PY) -m warehouse.prove

bench: $(STAMP) ## measurements beside their rivals; prints JSON and writes $$JIANHU_HOME/bench/bench.json
	@$(PY) -m bench

DATA ?= ../shared/data
trial: $(STAMP) ## the same sources, doors and models on real files: make trial DATA=<folder>
	@.venv/bin/jianhu trial "$(DATA)"

up: $(STAMP) ## Airflow for real use: scheduler, API server and DAG processor
	@bash dags/up.sh

lock: ## resolve requirements.in again into requirements.txt
	@$(PY) -m uv pip compile -q requirements.in -o requirements.txt --python-version 3.11 --no-annotate --custom-compile-command "make lock"

clean: ## remove the homes under var/ (landing, releases, exports)
	rm -rf var
