# make demo: install, generate a dataset, train, test and draw.   make test: install, run the tests.
# make test-portable: the numeric tests as on other processors (some ten minutes).
# make bench: install, measure speed against plain baselines and how cost grows (half an hour, on a quiet machine).
# make faults: install, kill trainings, fill disks, damage checkpoints, lie in downloads (some six minutes, Linux).
# make soak: install, then predict, train and test for some five minutes and see that nothing grows (Linux).
# All make .venv with PYTHON if there is none, and are quick the second time.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
.PHONY: demo test test-all test-portable bench faults soak install xtcocotools lint clean

demo: $(STAMP)
	@$(BIN)/python tools/demo.py $(ARGS)

test: $(STAMP)
	@echo "== running the default tests (make test-all adds the slow ones)"
	@$(BIN)/python -m pytest $(ARGS)

test-all: $(STAMP)
	@$(BIN)/python -m pytest -m "slow or not slow" $(ARGS)

test-portable: $(STAMP)
	@$(BIN)/python tools/misc/portable_tests.py $(ARGS)

bench: $(STAMP)
	@$(BIN)/python tools/benchmarks/run_all.py $(ARGS)

faults: $(STAMP)
	@$(BIN)/python tools/faults/run.py $(ARGS)

soak: $(STAMP)
	@$(BIN)/python tools/faults/soak.py $(ARGS)

install: $(STAMP)

$(STAMP): setup.py pyproject.toml $(wildcard requirements/*.txt)
	@test -x $(BIN)/python || { echo "== making a virtual environment in $(VENV)"; $(PYTHON) -m venv $(VENV); }
	@echo "== installing mmpose_dark and what it needs into $(VENV) (a minute or two; PyTorch is the largest part)"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q --upgrade pip
	@$(BIN)/python -m pip install --disable-pip-version-check -c requirements/constraints.txt -e '.[tests,docs]' \
		| { grep --line-buffered -E '^(Collecting|Installing|Successfully)' || true; }
	@$(BIN)/python -c 'import torch, mmpose_dark; print("== installed mmpose_dark", mmpose_dark.__version__, "with torch", torch.__version__)'
	@touch $@

# The reference evaluator, an extra: it has to be compiled for NumPy 2.
xtcocotools: $(STAMP)
	@echo "== compiling xtcocotools (about a minute, needs a C compiler)"
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c requirements/constraints.txt cython setuptools wheel
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c requirements/constraints.txt \
		--no-build-isolation --no-binary xtcocotools "xtcocotools>=1.14.3"

lint: $(STAMP)
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .ruff_cache .hypothesis
