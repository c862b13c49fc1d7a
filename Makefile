# Everything runs in .venv, from locked packages. `make demo` and `make test` need Python 3.11+ and Node 20.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check format lock picture clean

demo: .venv/installed simulator/node_modules/installed  ## plays the main job; ONCE=1 plays once and exits
	$(BIN)/linekeeper demo $(if $(ONCE),--once)

test: .venv/installed simulator/node_modules/installed  ## checks and tests everything
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/requirements.py --check
	$(BIN)/python -m pytest

format: .venv/installed  ## writes the code the way the checks want it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: .venv/installed  ## resolves pyproject.toml anew and writes the lock and requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra local --extra dev --universal --generate-hashes --upgrade \
	  --python-version 3.11 --no-header --quiet --output-file requirements.lock
	$(BIN)/python tools/requirements.py

.venv/installed: requirements.lock pyproject.toml
	@echo "Setting up .venv, once: about 20 seconds and 420 MB."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# The renderer that Teams' cards are drawn with, for the channel's page.
simulator/node_modules/installed: simulator/package-lock.json
	cd simulator && npm ci --silent
	touch $@

clean:  ## removes what was installed
	rm -rf .venv simulator/node_modules
