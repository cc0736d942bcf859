# Zhengtong 政通. `make run` tries it, `make test` checks it, `make help` tells the rest.

PYTHON ?= python3
UV_VERSION := 0.13.9
ENGINE_CRATE := secantus-mdb
ENGINE_VERSION := 0.5.3-beta.196
ENGINE_ROOT := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/zhengtong/engine

VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# Each process has an engine of its own; what a file sets up is set up once.
PYTEST := $(BIN)/pytest --numprocesses=auto --maxprocesses=4 --dist=loadfile

.DEFAULT_GOAL := help
.PHONY: help install run test test-mongodb lint format types contracts check-schema schema bench soak engine lock clean

help:  ## Show this
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

install: $(INSTALLED)  ## Make .venv with everything that running and testing need

$(INSTALLED): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "Python 3.11 or newer is needed ($(PYTHON) is not on PATH)." >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; $$($(PYTHON) --version) is too old. Name another: make PYTHON=python3.12" >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null \
	  || { echo "Python's venv module is missing; on Debian and Ubuntu: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test "$$($(BIN)/uv --version 2>/dev/null | cut -d ' ' -f 2)" = $(UV_VERSION) \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --only-binary :all: --require-hashes -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -C editable_mode=compat -e .
	@touch $@

run: install  ## Start everything on http://127.0.0.1:8000 with a demo city; Ctrl-C stops it
	@exec $(BIN)/zhengtong run

test: install lint types contracts check-schema  ## Lint, types, import contracts, schema and all tests
	@$(PYTEST)

test-mongodb: install  ## The tests against the replica set in ZHENGTONG_MONGODB_URI, without killing it
	@test -n "$$ZHENGTONG_MONGODB_URI" || { echo "Name the replica set in ZHENGTONG_MONGODB_URI." >&2; exit 1; }
	@$(PYTEST)

lint: install
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .

format: install  ## Put every file in its form
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

types: install
	@$(BIN)/mypy

contracts: install
	@$(BIN)/lint-imports

check-schema: install
	@$(BIN)/zhengtong export-schema --check

schema: install  ## Export the GraphQL schema to api/schema.graphql; says what breaks clients
	@$(BIN)/zhengtong export-schema

bench: install  ## Measure; prints figures with their bounds and writes bench/results.json
	@$(BIN)/python -m bench

soak: install  ## The long measurements and 200 kills
	@$(BIN)/python -m bench --soak

engine: $(ENGINE_ROOT)/bin/secantusd-rs  ## Build the Rust engine into your cache (once, some minutes; needs cargo)

$(ENGINE_ROOT)/bin/secantusd-rs:
	@missing=; \
	command -v cargo >/dev/null || missing="$$missing cargo (https://rustup.rs)"; \
	command -v cc >/dev/null || command -v gcc >/dev/null || command -v clang >/dev/null || missing="$$missing C-compiler"; \
	command -v cmake >/dev/null || missing="$$missing cmake"; \
	test -z "$$missing" || { echo "The Rust engine cannot be built; missing:$$missing. Without it the Python engine runs." >&2; exit 1; }
	cargo install $(ENGINE_CRATE) --version $(ENGINE_VERSION) --ignore-rust-version --locked --root "$(ENGINE_ROOT)"

lock:  ## Resolve requirements.lock anew
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --quiet \
	  --generate-hashes --no-annotate --no-header -o requirements.lock

clean:  ## Remove the environment and caches; the data stays
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache *.egg-info
