# `make demo` and `make test` need python3 with pip, make and git; everything else they bring along.
# `make demo` installs what the program needs, `make test` what its development needs besides.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := .venv/bin
# Whoever is done takes over from the others: the long tests stand together.
SPREAD := -q -n 4 --dist worksteal

# The system's certificates: a company's proxy is in them. The second name is that of older uv.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1

.PHONY: demo test test-full test-lowest lint completions tables pictures clean

demo: .venv/installed
	@$(RUN)/python benchmarks/demo.py

test: .venv/ready
	@echo 'the suite takes about three minutes on two cores'
	$(RUN)/python -m pytest $(SPREAD)

test-full: .venv/ready test-lowest
	@echo 'the long forms take about twenty minutes more on two cores'
	$(RUN)/python -m pytest $(SPREAD) -m full

# The suite once more, with the lowest version of each dependency that pyproject.toml allows.
test-lowest: .venv-lowest/ready
	.venv-lowest/bin/python -m pytest $(SPREAD)

lint: .venv/ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

completions: .venv/ready
	$(RUN)/python completions/write.py

tables: .venv/ready
	$(RUN)/python docs/write_tables.py

# The pictures of the documents: terminals, from runs in the sandbox, and pages, which need chromium and
# chromedriver. Each time they are new ones.
pictures: .venv/ready
	$(RUN)/python docs/write_terminals.py
	$(RUN)/python docs/write_pictures.py

clean:
	rm -rf .venv .venv-lowest .uv

.venv/installed: pyproject.toml | $(UV)
	@echo 'setting up .venv, which takes half a minute the first time'
	$(UV) sync --quiet --inexact --no-default-groups --extra sandbox
	@touch $@

.venv/ready: pyproject.toml | $(UV)
	@echo 'setting up .venv for development, which takes a minute the first time'
	$(UV) sync --quiet --all-extras
	@touch $@ .venv/installed

.venv-lowest/ready: pyproject.toml | $(UV)
	$(UV) venv --quiet --clear .venv-lowest
	$(UV) pip install --quiet --python .venv-lowest --resolution lowest-direct -e '.[postgres,sandbox]'
	$(UV) pip install --quiet --python .venv-lowest --group test
	@touch $@

# `pip --target` also works where the system's Python is managed by the distribution.
.uv/bin/uv:
	@echo 'fetching uv, which sets up the rest'
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv
