# Everything runs in .venv, from locked packages. `make demo` and `make test` need Python 3.11+ and Node 20.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check policy audit format lock picture clean

demo: .venv/installed simulator/node_modules/installed  ## plays the main job; ONCE=1 plays once and exits
	$(BIN)/linekeeper demo $(if $(ONCE),--once)

test: .venv/installed simulator/node_modules/installed tests/azurite/node_modules/installed tests/dashboards/schema/node_modules/installed  ## checks and tests everything
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/requirements.py --check
	@# Without a network its tests are skipped, and say so; LINEKEEPER_TEST_POLICY=1 makes them fail instead.
	@$(MAKE) --no-print-directory .checkov/installed || echo 'What checks infra/ could not be installed.'
	@# Likewise: LINEKEEPER_TEST_PROMETHEUS=1 makes them fail.
	@$(MAKE) --no-print-directory .prometheus/installed || echo 'Prometheus could not be fetched from Debian.'
	$(BIN)/python -m pytest

policy: .checkov/installed  ## asks checkov and shellcheck what they have against infra/
	.checkov/bin/checkov --config-file tools/checkov.yaml
	.checkov/bin/shellcheck infra/*.sh infra/hooks/*.sh

audit: .venv/installed  ## asks whether a dependency is known to be vulnerable; without a network it says so
	@$(MAKE) --no-print-directory .audit/installed || echo 'pip-audit could not be installed.'
	PATH="$(CURDIR)/.audit/bin:$$PATH" $(BIN)/python -m tools.audit

format: .venv/installed  ## writes the code the way the checks want it
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

lock: .venv/installed  ## resolves pyproject.toml anew and writes the lock and requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra local --extra dev --universal --generate-hashes --upgrade \
	  --python-version 3.11 --no-header --quiet --output-file requirements.lock
	$(BIN)/python tools/requirements.py
	$(BIN)/uv pip compile tools/policy.in --universal --generate-hashes --upgrade \
	  --python-version 3.11 --no-header --quiet --output-file tools/policy.lock
	$(BIN)/uv pip compile tools/audit.in --universal --generate-hashes --upgrade \
	  --python-version 3.11 --no-header --quiet --output-file tools/audit.lock

.venv/installed: requirements.lock pyproject.toml
	@echo "Setting up .venv, once: about 20 seconds and 420 MB."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --no-compile --require-hashes --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# What asks about infra/, in an environment of its own: checkov holds other packages back.
.checkov/installed: tools/policy.lock | .venv/installed
	@echo "Setting up .checkov, once: about 20 seconds and 210 MB."
	$(BIN)/python -m venv --clear .checkov
	.checkov/bin/python -m pip install --quiet --upgrade pip
	.checkov/bin/python -m pip install --quiet --no-compile --require-hashes --requirement tools/policy.lock
	touch $@

# What asks about known vulnerabilities, in one of its own too: it and checkov pin each other's dependencies apart.
.audit/installed: tools/audit.lock | .venv/installed
	@echo "Setting up .audit, once: about 5 seconds and 40 MB."
	$(BIN)/python -m venv --clear .audit
	.audit/bin/python -m pip install --quiet --upgrade pip
	.audit/bin/python -m pip install --quiet --no-compile --require-hashes --requirement tools/audit.lock
	touch $@

# What the dashboards' queries and alerts are tried on: Debian's own, unpacked and not installed; 96 MB.
.prometheus/installed:
	@echo "Fetching Prometheus from Debian, once: 35 MB."
	rm -rf .prometheus && mkdir .prometheus
	@# Without a network apt would try for minutes.
	cd .prometheus && { timeout 60 apt-get download --quiet=2 prometheus \
	  || { timeout 60 apt-get update --quiet=2 && timeout 60 apt-get download --quiet=2 prometheus; }; }
	cd .prometheus && dpkg-deb --extract prometheus_*.deb . && rm -rf prometheus_*.deb etc lib var usr/share
	touch $@

# The renderer that Teams' cards are drawn with, for the channel's page.
simulator/node_modules/installed: simulator/package-lock.json
	cd simulator && npm ci --silent
	touch $@

# The stand-in for Azure Storage that the tests of blobs and queues talk to; 185 MB.
tests/azurite/node_modules/installed: tests/azurite/package-lock.json
	cd tests/azurite && npm ci --silent
	touch $@

# Grafana's published types and the compiler that holds the dashboard to them; 26 MB.
tests/dashboards/schema/node_modules/installed: tests/dashboards/schema/package-lock.json
	cd tests/dashboards/schema && npm ci --silent
	touch $@

picture: .venv/installed simulator/node_modules/installed  ## draws the pictures in docs/ anew; needs chromium
	$(BIN)/python -m tools.picture
	$(BIN)/python -m tools.silence_picture
	$(BIN)/python -m tools.status_picture
	@$(MAKE) --no-print-directory .prometheus/installed
	$(BIN)/python -m tools.dashboard_picture

clean:  ## removes what was installed
	rm -rf .venv .checkov .audit .prometheus simulator/node_modules tests/azurite/node_modules tests/dashboards/schema/node_modules
