# The two commands that matter: `make lab` opens the course, `make test` proves it.
# Each sets up .venv first, and does nothing for that when it is there already.

PYTHON ?= python3
IN_VENV := .venv/bin/python
LESSON ?=
ARGS ?=

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

lab: installed  ## open JupyterLab on the course (LESSON=06 for a certain lesson)
	@$(IN_VENV) tools/lab.py "$(LESSON)"

test: installed-dev  ## run everything: lint, tests, notebooks, JavaScript, browser
	@$(IN_VENV) tools/test.py

reset: installed  ## bring a lesson back as it was (LESSON=06); yours is put aside
	@$(IN_VENV) tools/notebooks.py reset "$(LESSON)"

notebooks: installed-dev  ## write the notebooks from notebooks/source, and run them
	@$(IN_VENV) tools/notebooks.py build "$(LESSON)"

badges: installed-dev  ## link the lessons to Colab and Binder (REPO=owner/name on GitHub)
	@$(IN_VENV) -m tools.badges $(if $(filter command,$(origin REPO)),"$(REPO)")

format: installed-dev  ## tidy the code
	@$(IN_VENV) -m ruff check --fix . && $(IN_VENV) -m ruff format .

site: installed-dev  ## build the web site in build/site (LESSON=02: run that one alone)
	@$(IN_VENV) -m website $(LESSON)

race: installed-dev  ## race the recipes (ARGS="--data drawn --only fast quick" without MNIST)
	@$(IN_VENV) -m benchmarks.race $(ARGS)

audit: installed-dev  ## measure what takes long; the results go to docs/audit (needs MNIST)
	@$(IN_VENV) -m benchmarks.recipes
	@$(IN_VENV) -m benchmarks.drawn_digits
	@$(IN_VENV) -m benchmarks.kernel_explorer
	@$(IN_VENV) -m benchmarks.reading
	@$(IN_VENV) -m benchmarks.draw_pad
	@$(IN_VENV) -m benchmarks.race
	@$(IN_VENV) -m benchmarks.climb
	@$(IN_VENV) -m benchmarks.convolution
	@$(IN_VENV) -m benchmarks.start
	@$(IN_VENV) -m benchmarks.table
	@$(IN_VENV) -m benchmarks.mutants
	@$(IN_VENV) -m benchmarks.claims --data drawn
	@$(IN_VENV) -m benchmarks.claims --data mnist
	@$(IN_VENV) -m benchmarks.versions
	@COLAB=all $(IN_VENV) -m pytest --quiet tests/test_colab.py
	@LESSONS=all $(IN_VENV) -m pytest --quiet tests/test_lessons_anywhere.py

lock: installed-dev  ## pin what is installed in requirements.lock
	@$(IN_VENV) tools/lock.py

installed:
	@$(PYTHON) tools/install.py

installed-dev:
	@$(PYTHON) tools/install.py --dev

.PHONY: help lab test reset notebooks badges site race audit format lock installed installed-dev
