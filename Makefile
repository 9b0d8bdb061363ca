# The commands of this repository; `make` alone lists them.

PYTHON ?= python3
PORT ?= 5000

BIN := .venv/bin
STAMP := .venv/.installed
ENGLISH := translations/en/LC_MESSAGES/messages.mo
BROWSERS := chromium chromium-browser google-chrome

# As root, or by a sudo that asks nothing; where neither apt-get nor sudo is there, this just fails.
SUDO := $(shell [ "$$(id -u)" = 0 ] || echo sudo -n)
APT_INSTALL := $(SUDO) sh -c 'apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$$@" >/dev/null' --

COMPILE := $(BIN)/uv pip compile pyproject.toml --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock"

.PHONY: help install demo serve test bench lint lock messages browser clean

help: ## list these commands
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' $(firstword $(MAKEFILE_LIST)) | expand -t 10

install: $(STAMP) $(ENGLISH) ## make the virtual environment .venv with the locked packages

$(STAMP): requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed; name it: make PYTHON=python3.12 ..." >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(APT_INSTALL) python3-venv \
		|| { echo "This Python cannot make virtual environments; install its venv package (Debian: python3-venv)." >&2; exit 1; }
	@[ -x $(BIN)/pip ] || $(PYTHON) -m venv --clear .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	@touch $@

$(ENGLISH): translations/en/LC_MESSAGES/messages.po $(STAMP)
	@$(BIN)/pybabel --quiet compile --input-file $< --output-file $@ --locale en

demo: install ## serve the panel with demo data on 127.0.0.1 (PORT=5000)
	$(BIN)/flask --app app demo up --host 127.0.0.1 --port $(PORT)

serve: install ## serve the panel with gunicorn, as for real; settings come from the environment (README)
	@exec $(BIN)/gunicorn --config python:commands.serving 'app:create_app()'

test: install browser lint ## run everything: lint, SQLite, PostgreSQL, browser
	$(BIN)/pytest -n logical --dist worksteal

bench: install ## measure the panel at the size of a province
	$(BIN)/python -m bench --full
	$(BIN)/python -m bench.letters

lint: install ## check style, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

lock: install ## resolve pyproject.toml anew into the two lock files
	$(COMPILE) --upgrade -o requirements.lock
	$(COMPILE) --upgrade --group dev --constraints requirements.lock -o requirements-dev.lock

messages: install ## take new sentences into the English catalogue, to be translated there
	PYTHONPATH=. $(BIN)/pybabel --quiet extract -F translations/babel.cfg -k N_ -k _l -k lazy_gettext --no-location \
		--no-wrap --omit-header --sort-output -o .venv/messages.pot .
	$(BIN)/pybabel --quiet update -i .venv/messages.pot -d translations -l en --no-wrap --no-fuzzy-matching --ignore-obsolete

# The browser tests need Chromium and a Chinese font; without them they are skipped, and the test report says so.
browser:
	@for name in $(BROWSERS); do command -v $$name >/dev/null && exit 0; done; \
		echo "Installing Chromium for the browser tests ..."; \
		$(APT_INSTALL) chromium fonts-noto-cjk \
		|| echo "Chromium could not be installed: the browser tests will be skipped." >&2

clean: ## remove the environment and caches; the data in instance/ stays
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache tests/.artifacts
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
