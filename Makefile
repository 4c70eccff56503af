# Two commands do it all: `make run` opens the shop, `make test` proves it. `make help` lists the rest.

PYTHON ?= $(shell for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2> /dev/null && echo $$name && exit; done; echo python3)
BIN := .venv/bin
WORKERS ?= 2
SEED ?= 1
HISTORIES ?= 1000

# Compiled modules halve the start; some machines forbid them by this variable.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help run test lint bench chaos histories assets texts lock clean

help: ## This list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18

run: ## Open the shop: install what is missing, start everything, print the address (PORT, INSTANCE_DIR)
	@$(PYTHON) scripts/bootstrap.py shop
	@exec $(BIN)/python -m flask --app wsgi up

test: ## Everything that must hold: lint, types, import contracts, templates, all tests
	@$(PYTHON) scripts/bootstrap.py tests
	@$(MAKE) --no-print-directory lint
	@$(BIN)/python -m pytest -q -n $(WORKERS) --dist loadscope

lint: ## Style, types, import contracts, templates; without the tests
	@$(PYTHON) scripts/bootstrap.py tools
	@echo "  Style" && $(BIN)/python -m ruff check --quiet . && $(BIN)/python -m ruff format --check --quiet --output-format concise .
	@echo "  Types" && $(BIN)/python -m mypy --no-error-summary
	@echo "  Import contracts" && said=$$($(BIN)/python $(BIN)/lint-imports 2>&1) || { echo "$$said"; exit 1; }
	@echo "  Templates" && $(BIN)/python -m djlint --quiet --lint templates

bench: ## Measure: see benchmarks/README.md
	@$(PYTHON) scripts/bootstrap.py tools
	@for program in benchmarks/*.py; do echo "  $$program"; $(BIN)/python $$program || exit 1; done

chaos: ## Kill parts of a shop under load 210 times, then check the books (SEED): see tests/chaos/README.md
	@$(PYTHON) scripts/bootstrap.py tests
	@$(BIN)/python -m tests.chaos --seed $(SEED)

histories: ## Make up 1,000 histories of orders and money, new ones each time (HISTORIES): see tests/histories/README.md
	@$(PYTHON) scripts/bootstrap.py tests
	@HISTORIES=$(HISTORIES) $(BIN)/python -m pytest -q tests/histories

assets: ## Build the browser files into static/dist
	@$(PYTHON) scripts/bootstrap.py assets

texts: ## Find the texts of code and templates, bring the catalogues of all languages up to them, compile
	@$(PYTHON) scripts/bootstrap.py tools
	@$(BIN)/python scripts/texts.py
	@$(PYTHON) scripts/bootstrap.py tools

lock: ## Renew requirements*.txt and package-lock.json from pyproject.toml and package.json
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 pyproject.toml -o requirements.txt
	$(BIN)/python -m uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --python-version 3.11 --extra dev pyproject.toml -c requirements.txt -o requirements-dev.txt
	npm install --package-lock-only

clean: ## Remove what was installed and built; the shop's data in instance/ stay
	rm -rf .venv node_modules static/dist .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis
