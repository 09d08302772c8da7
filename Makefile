# The two commands of a newcomer are `make run` and `make test`; nothing else is needed first.
SHELL := /bin/sh
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
UV := $(shell command -v uv 2>/dev/null)
FUZZ_SECONDS ?= 60

.PHONY: setup run demo test check lint types imports format fuzz bench compliance compiled clean

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit("The gateway needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another with: make PYTHON=python3.12 ...") if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "Installing what constraints.txt names into .venv"
ifneq ($(UV),)
	@$(UV) pip install --quiet --python $(BIN)/python --constraint constraints.txt --editable '.[dev]'
else
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
endif
	@touch $@

run demo: setup
	@$(BIN)/gateway demo

test: setup
	$(BIN)/python -m pytest -n 2 --dist loadgroup

check: setup
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/pyright

format: setup
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

fuzz: setup
	$(BIN)/python -m fuzz --seconds $(FUZZ_SECONDS)

compliance: setup
	$(BIN)/python -m compliance

bench: setup
	$(BIN)/python -m bench

compiled: setup
	@$(BIN)/python -m compiling

clean:
	rm -rf .venv .bench .compiled .compiled.new bench/results .mypy_cache .ruff_cache .pytest_cache .hypothesis
