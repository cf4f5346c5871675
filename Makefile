# Everything is set up by the first target that needs it: `make demo` and `make test` are enough.
PYTHON ?= python3
VENV   ?= .venv
TORCH  ?= torch==2.13.0
ARGS   ?=

BIN   := $(VENV)/bin
STAMP := $(VENV)/.webrl-gym-ready

.DEFAULT_GOAL := help
.PHONY: help setup browser demo test test-all test-install lint format type check bench bench-environment build clean

help: ## Show this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  \1|\2/' | column -t -s '|'

setup: $(STAMP) ## Make the virtual environment (uv when it is there, venv and pip otherwise)

$(STAMP): setup.cfg pyproject.toml
	@PYTHON="$(PYTHON)" VENV="$(VENV)" TORCH="$(TORCH)" sh .ci/setup
	@touch $@

browser: setup ## Find Chromium, or install it (Playwright's download, else apt when root)
	@$(BIN)/webrl-gym browser --install

demo: setup ## From nothing to a trained web agent and its five-site table
	@$(BIN)/webrl-gym browser --install || echo "The demo goes on without screenshots."
	@$(BIN)/python -m agents.demo $(ARGS)

test: setup ## Run the tests, Chromium ones included
	@$(BIN)/webrl-gym browser --install
	@$(BIN)/python -m pytest -m "not slow" -n 2 --dist worksteal $(ARGS)

test-all: setup ## Run every test on both engines (long)
	@$(BIN)/webrl-gym browser --install
	@$(BIN)/python -m pytest -n 2 --dist worksteal $(ARGS)

test-install: setup ## Install the wheel with the extra train into a new environment and use it
	@TORCH="$(TORCH)" $(BIN)/python -m pytest tests/test_packaging.py --full-install $(ARGS)

lint: setup ## Check style, docstrings, spelling and layers
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/codespell webrl_gym agents conf benchmarks docs tests .ci README.md CHANGELOG.md

format: setup ## Format the code
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

type: setup ## Check types
	@$(BIN)/mypy

check: lint type test ## What a commit must pass

bench: setup ## Measure environment and policy; results go to benchmarks/results
	@$(BIN)/python -m benchmarks.throughput $(ARGS)

bench-environment: setup ## Measure the environment against what was asked of it and against a peer (long)
	@$(BIN)/webrl-gym browser --install
	@$(BIN)/python -m benchmarks.environment $(ARGS)

build: setup ## Build the wheel
	@rm -rf build # an old one would add modules that are gone
	@$(BIN)/python -m pip wheel --no-deps --wheel-dir dist .

clean: ## Remove what builds and tests leave behind
	rm -rf build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
