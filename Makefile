# `make` alone lists what there is. Everything happens in .venv, which is made when it is missing.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
CHAOS_ORDERS ?= 5000
CHAOS_OTHER_ORDERS ?= 2000
CHAOS_SEEDS ?= 20
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.PHONY: help demo test chaos check bench clean

help:
	@echo "make demo    the sandbox, every kind of order placed on it, and 200 through faults and a kill"
	@echo "make test    all tests"
	@echo "make chaos   the tests that kill and break for long: $(CHAOS_ORDERS) orders at DIDWW, $(CHAOS_OTHER_ORDERS) at each of"
	@echo "             the others, $(CHAOS_SEEDS) times; make chaos CHAOS_ORDERS=1000 CHAOS_SEEDS=3 is shorter"
	@echo "make check   formatting, lint, types and tests"
	@echo "make bench   speed against the peers and the limits of this machine"
	@echo "make clean   forget .venv and the caches"

demo: $(VENV)/.demo
	@$(BIN)/python examples/demo.py

test: $(VENV)/.test
	@$(BIN)/python -m pytest

chaos: $(VENV)/.test
	@CHAOS_ORDERS=$(CHAOS_ORDERS) CHAOS_OTHER_ORDERS=$(CHAOS_OTHER_ORDERS) CHAOS_SEEDS=$(CHAOS_SEEDS) \
		$(BIN)/python -m pytest -v -s --durations=0 tests/chaos

check: $(VENV)/.test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/pyright --pythonpath $(BIN)/python
	@$(BIN)/python -m pytest

bench: $(VENV)/.bench
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .hypothesis .mypy_cache .pytest_cache .ruff_cache

$(VENV)/.python:
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed, this is " + sys.version.split()[0] + "; name one with: make PYTHON=python3.11")'
	@echo "Making $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(INSTALL) --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.demo: $(VENV)/.python pyproject.toml
	@$(INSTALL) --editable ".[speed,cli]"
	@touch $@

$(VENV)/.test: $(VENV)/.demo
	@$(INSTALL) --group test --group check
	@touch $@

$(VENV)/.bench: $(VENV)/.demo
	@$(INSTALL) --group bench
	@touch $@
