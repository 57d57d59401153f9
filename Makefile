# `make demo` and `make test` need python3 with pip, make and git; everything else they bring along.

PYTHON ?= python3
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
RUN := .venv/bin

# The system's certificates: a company's proxy is in them. The second name is that of older uv.
export UV_SYSTEM_CERTS ?= 1
export UV_NATIVE_TLS ?= 1

.PHONY: demo test test-full lint completions clean

demo: .venv/ready
	@$(RUN)/python benchmarks/demo.py

test: .venv/ready
	$(RUN)/python -m pytest -q -n 4

test-full: .venv/ready
	$(RUN)/python -m pytest -q -n 4 -m full

lint: .venv/ready
	$(RUN)/ruff check .
	$(RUN)/ruff format --check .
	$(RUN)/mypy

completions: .venv/ready
	$(RUN)/python completions/write.py

clean:
	rm -rf .venv .uv

.venv/ready: pyproject.toml | $(UV)
	$(UV) sync --quiet
	@touch $@

# `pip --target` also works where the system's Python is managed by the distribution.
.uv/bin/uv:
	$(PYTHON) -m pip install --quiet --disable-pip-version-check --target .uv uv
