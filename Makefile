# Every target first brings .venv to requirements/dev.lock, and does nothing when it is there.
# DATABASE_URL=postgresql://… makes `make test` use that server instead of the embedded one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.matches-lock

.PHONY: help demo serve test mutants check audit bench openapi lock clean
.DEFAULT_GOAL := help

help: ## This list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

$(STAMP): requirements/dev.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked environment (once)…"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r requirements/dev.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --no-index -e .
	@touch $@

demo: $(STAMP) ## One agent through everything, over HTTP; ONCE=1 ends after it
	@$(BIN)/pacnum demo $(if $(ONCE),--once)

serve: $(STAMP) ## The API at http://127.0.0.1:8000
	@$(BIN)/pacnum serve

test: $(STAMP) ## All tests, then coverage; DATABASE_URL=… uses an external server, PYTEST_ARGS=… picks some
ifdef PYTEST_ARGS
	@PACNUM_TEST_DATABASE_URL="$(DATABASE_URL)" $(BIN)/python -m pytest -n 2 $(PYTEST_ARGS)
else
	@PACNUM_TEST_DATABASE_URL="$(DATABASE_URL)" $(BIN)/python -m pytest -n 2 --cov --cov-report=
	@$(BIN)/python -m tests.coverage_gate
endif

mutants: $(STAMP) ## Mutation testing of the measurement: an hour; MODULES="bank models" tries some
	@OPENBLAS_NUM_THREADS=1 $(BIN)/mutmut run $(MODULES:%='pacnum_api.psychometrics.%.*')
	@$(BIN)/python -m tests.mutants

check: $(STAMP) ## Every gate
	@$(BIN)/python -m tests.gates

audit: $(STAMP) ## Known vulnerabilities of the locked packages; asks an advisory service, so it needs internet
	@$(BIN)/pip-audit --strict --require-hashes --disable-pip -r requirements/runtime.lock

bench: $(STAMP) ## Benchmarks: ratios against floors measured in the same run
	@$(BIN)/python -m benchmarks.run

openapi: $(STAMP) ## Regenerate openapi/openapi.json and docs/problems.md
	@$(BIN)/pacnum openapi --out openapi/openapi.json --problems docs/problems.md

lock: ## Resolve the dependencies again
	@test -x $(BIN)/uv || { $(PYTHON) -m venv $(VENV) && $(BIN)/python -m pip install --quiet uv; }
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade --quiet --python-version 3.11 pyproject.toml -o requirements/runtime.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade --quiet --python-version 3.11 --group dev pyproject.toml -o requirements/dev.lock
	$(BIN)/uv pip compile --universal --generate-hashes --no-emit-index-url --upgrade --quiet --python-version 3.11 requirements/build.in -o requirements/build.lock

clean: ## Remove the environment and caches
	rm -rf $(VENV) mutants .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage*
