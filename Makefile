# Everything runs in .venv, which is made once from requirements.lock and made again when that
# changes. Another Python than the one found: make PYTHON=/path/to/python3.12 demo

PYTHON ?=
RUN := .venv/bin
INSTALL := $(RUN)/python -m pip install -qq --disable-pip-version-check --no-deps
SUITS := import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))

.PHONY: help demo test ui check bench bench-faults faults clean

help:
	@echo "make demo    build a sample source, move the pilot wave, print every wave's verdict"
	@echo "make ui      Dagster's pages on http://127.0.0.1:3000, with what the demo did"
	@echo "make test    run the tests"
	@echo "make check   formatter, linter, strict types"
	@echo "make bench   run the benchmarks"
	@echo "make faults  plant every fault of the catalogue, print what was found of them"
	@echo "make bench-faults  plant faults one by one, and see what we and other tools find"
	@echo "make clean   remove the environment and caches; the migration's state stays"

demo: .venv/.ready
	@$(RUN)/migration demo

test: .venv/.ready
	@$(RUN)/pytest --numprocesses auto --maxprocesses 4 --dist loadfile --no-loadscope-reorder

ui: .venv/.ready
	@$(RUN)/migration ui

check: .venv/.ready
	$(RUN)/ruff format --check .
	$(RUN)/ruff check .
	$(RUN)/mypy

bench: .venv/.ready
	@$(RUN)/python -m benchmarks

faults: .venv/.ready
	@$(RUN)/migration faults

bench-faults: .venv/.ready
	@$(RUN)/python -m benchmarks.peers

clean:
	rm -rf .venv .bench-venv build *.egg-info .mypy_cache .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "The migration's state is still in .migration: stop it with 'migration down' before you remove that."

.venv/.ready: requirements.lock pyproject.toml
	@if .venv/bin/python -c '$(SUITS)' 2>/dev/null; then exit 0; fi; \
	for each in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11); do \
	  if "$$each" -c '$(SUITS)' 2>/dev/null; then \
	    echo "Making .venv with $$each (once; a minute or two) ..." >&2; \
	    "$$each" -m venv --clear .venv; exit $$?; \
	  fi; \
	done; \
	echo "No Python from 3.11 up that can make environments was found ($(or $(PYTHON),python3))." >&2; \
	echo "Install one (Debian, Ubuntu: apt install python3-venv) or name it: make PYTHON=/path/to/python3.12" >&2; \
	exit 2
	@$(INSTALL) -r requirements.lock
	@$(INSTALL) --editable .
	@touch $@
