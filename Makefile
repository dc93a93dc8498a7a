# One command per task. Everything is installed into this folder; nothing needs to be configured.
PYTHON ?= python3
DATA ?= ../shared/data
BIN := .venv/bin
# A test that fails among others and passes alone is unsteady: the report of both runs names it, to be mended.
AGAIN := [ $$? -eq 1 ] && echo "the tests that failed, once more and alone:" &&
FAILED := --last-failed --last-failed-no-failures none
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help setup run test lint types borders migrations unit scripts browser e2e bench clean

help:
	@echo "make run    start the whole site            make test   every check and every test"
	@echo "make lint   the quick checks                make bench  every bench (QUICK=1 for a short run)"
	@echo "            (REPLAY=1: recorded answers of real models, from REPLAY_DATA)"
	@echo "make setup  install and build               make clean  remove what setup installed; keeps var/"

setup:
	@$(PYTHON) -I stack/install/bootstrap.py

run: setup
	@exec $(BIN)/python manage.py up

lint: setup
	@$(PYTHON) -I stack/install/bootstrap.py --check-lock
	ruff check .
	ruff format --check .
	npm run --silent check
	djlint --check --lint --quiet templates
	typos
	deptry .
	deptry tests bench testing --exclude none --extend-exclude none --ignore DEP002,DEP004

types: setup
	mypy .

borders: setup
	lint-imports --no-cache
	python -m pytest -q -p no:randomly tests/project

migrations: setup
	python manage.py makemigrations --check --dry-run

# The tests of the project itself run with the borders.
unit: setup
	coverage erase
	coverage run -m pytest -n 2 -m "not e2e" --ignore tests/project || { $(AGAIN) coverage run -m pytest -m "not e2e" $(FAILED); }
	coverage combine --quiet
	coverage report --skip-covered

scripts: setup
	npm run --silent test

browser: setup
	@python -m testing.chromium

e2e: browser
	python -m pytest -n 2 -m e2e tests/e2e || { $(AGAIN) python -m pytest -m e2e tests/e2e $(FAILED); }

# The cheapest checks first.
test: setup
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory types
	@$(MAKE) --no-print-directory borders
	@$(MAKE) --no-print-directory migrations
	@$(MAKE) --no-print-directory unit
	@$(MAKE) --no-print-directory scripts
	@$(MAKE) --no-print-directory e2e

bench: setup
	@python -m bench --data "$(DATA)" $(if $(QUICK),--quick)

clean:
	rm -rf .venv .tools node_modules static/dist static/collected .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .coverage .coverage.* htmlcov test-artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
