# What a developer runs. Needs: the .NET SDK named in global.json, GNU make, a POSIX shell; publish also a C linker, which it installs
# where it may (operator/obtain-linker.sh). `make help` lists the targets.
.SUFFIXES:
.PHONY: help demo test unit crash chaos failover fuzz mutate lint docs bench restore publish reproduce sbom manifests clean

CONFIGURATION = Debug
PUBLISHED = artifacts/publish
# What the SDK compiles natively it can link for this system only; what compiles itself while it runs is made for any (RID).
JIT =
RID =
# 1: restored already, by make restore.
RESTORED =
PROFILE = $(if $(JIT),SingleFile,Native)
RUNTIME = $(if $(RID),--runtime $(RID),--use-current-runtime)
EXECUTABLE = visma-operator$(if $(filter win-%,$(RID)),.exe)
# short, or programs: only publish what is compared.
BENCH =
# The projects that make mutate changes.
MUTATE = Lifecycle OAuth
NAMESPACE = visma-system
IMAGE =
# The last word behind / tells a tag from the port of a registry.
IMAGE_NAME = $(lastword $(subst /, ,$(IMAGE)))
IMAGE_TAG = $(word 2,$(subst :, ,$(IMAGE_NAME)))
IMAGE_DIGEST = $(word 2,$(subst @, ,$(IMAGE_NAME)))
IMAGE_VALUES = $(if $(IMAGE),$(if $(IMAGE_DIGEST),\
	--set-string image.repository=$(IMAGE:@$(IMAGE_DIGEST)=) --set-string image.digest=$(IMAGE_DIGEST),\
	--set-string image.repository=$(IMAGE:$(if $(IMAGE_TAG),:$(IMAGE_TAG))=) --set-string image.tag=$(IMAGE_TAG)))
HELM = "$$(command -v helm || echo "$$(tests/helm/obtain.sh)/helm4")"
# Only `make demo KUBECONFIG=file` means a cluster: an exported variable must not send a demo to somebody's production.
DEMO_KUBECONFIG = $(if $(filter command,$(origin KUBECONFIG)),$(KUBECONFIG))

help: ## Lists the targets
	@echo "make <target>:"
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  %-9s %s\n", $$1, $$2 }' Makefile

demo: ## Shows the operator at work in a terminal (STAY=1 stays, KUBECONFIG=file uses that cluster)
	@dotnet build tests/VismaOperator.Demo -v quiet -nologo -clp:NoSummary
	@STAY="$(STAY)" DEMO_KUBECONFIG="$(DEMO_KUBECONFIG)" tests/VismaOperator.Demo/bin/Debug/net10.0/VismaOperator.Demo

test: ## Runs unit tests, then integration tests against a real API server; ends with "N passed, N failed"
	@CONFIGURATION=$(CONFIGURATION) tests/run.sh

unit: ## Runs the unit tests of the operator's own projects, with 500 crash schedules where make test runs 2,500
	@CONFIGURATION=$(CONFIGURATION) CRASH_SCHEDULES=$${CRASH_SCHEDULES:-500} tests/run.sh Lifecycle.Tests OAuth.Tests Kubernetes.Client.Tests Kubernetes.Controllers.Tests VismaOperator.Tests

crash: publish ## Runs 10,000 crash schedules, kills real operator processes 200 times in the middle of exchanges and refuses writes for 60 s (minutes); make test does less of it
	@dotnet build tests/VismaOperator.Tests -v quiet -nologo -clp:NoSummary
	@dotnet build tests/VismaOperator.IntegrationTests -v quiet -nologo -clp:NoSummary
	@tests/apiserver/obtain.sh >/dev/null
	@CRASH_SCHEDULES=$${CRASH_SCHEDULES:-10000} tests/VismaOperator.Tests/bin/Debug/net10.0/VismaOperator.Tests --filter-class '*CrashScheduleTests' --no-ansi --no-progress
	@CRASH_KILLS=$${CRASH_KILLS:-200} CRASH_OUTAGE=$${CRASH_OUTAGE:-60} TEST_OPERATOR_BINARY=$(CURDIR)/$(PUBLISHED)/visma-operator \
		tests/VismaOperator.IntegrationTests/bin/Debug/net10.0/VismaOperator.IntegrationTests --filter-class '*GrantKillTests' --filter-class '*GrantOutageTests' --filter-class '*GrantCutOffTests' --no-ansi --no-progress

chaos: publish ## Strikes replicas, API server and provider for CHAOS_SECONDS=1800, drawn from CHAOS_SEED=1; make test does a minute of it
	@dotnet build tests/VismaOperator.IntegrationTests -v quiet -nologo -clp:NoSummary
	@tests/apiserver/obtain.sh >/dev/null
	@CHAOS_SECONDS=$${CHAOS_SECONDS:-1800} TEST_OPERATOR_BINARY=$(CURDIR)/$(PUBLISHED)/visma-operator \
		tests/VismaOperator.IntegrationTests/bin/Debug/net10.0/VismaOperator.IntegrationTests --filter-class '*ChaosTests' --no-ansi --no-progress

failover: publish ## Ends the leader FAILOVER_ROUNDS=20 times by SIGTERM and by SIGKILL, and judges who acted when (a quarter of an hour); make test does it once
	@dotnet build tests/VismaOperator.IntegrationTests -v quiet -nologo -clp:NoSummary
	@tests/apiserver/obtain.sh >/dev/null
	@FAILOVER_ROUNDS=$${FAILOVER_ROUNDS:-20} FAILOVER_CONNECTIONS=$${FAILOVER_CONNECTIONS:-1000} \
		TEST_OPERATOR_BINARY=$(CURDIR)/$(PUBLISHED)/visma-operator \
		tests/VismaOperator.IntegrationTests/bin/Debug/net10.0/VismaOperator.IntegrationTests --filter-class '*FailoverTests' --no-ansi --no-progress

fuzz: ## Feeds everything that parses input from outside with mutated inputs, FUZZ_SECONDS=257 for each parser (an hour), drawn from FUZZ_SEED=1
	@dotnet build tests/Fuzzing.Tests -v quiet -nologo -clp:NoSummary
	@FUZZ_SECONDS=$${FUZZ_SECONDS:-257} FUZZ_SEED=$${FUZZ_SEED:-1} tests/Fuzzing.Tests/bin/Debug/net10.0/Fuzzing.Tests --no-ansi --no-progress

mutate: ## Changes Lifecycle and OAuth in many small ways; fails where tests notice less than 92% of them (an hour or two of an idle machine; MUTATE=OAuth: one)
	@dotnet tool restore
	@for project in $(MUTATE); do \
		echo "== $$project" && mkdir -p artifacts/mutation/tmp-$$project && (cd tests/$$project.Tests \
		&& MUTATING=1 DOTNET_INFO_WAIT_TIME=120000 TMPDIR=$(CURDIR)/artifacts/mutation/tmp-$$project dotnet stryker --skip-version-check -O ../../artifacts/mutation/$$project) || exit 1; \
	done

lint: ## Builds with warnings as errors, checks the formatting and the shell scripts
	dotnet build VismaOperator.sln -c Release -v quiet -nologo -warnaserror
	dotnet format VismaOperator.sln --no-restore --verify-no-changes
	@if command -v shellcheck >/dev/null; then git ls-files -z '*.sh' .ci/run | xargs -0 shellcheck; else echo "shellcheck is not installed: shell scripts were not checked"; fi

# The definition of sets comes first: the pages are written from the definitions that the build embeds.
docs: ## Writes what is generated: pages and captures in docs/, the template in the definition of sets, Messages.txt
	dotnet build tests/VismaOperator.Tests -v quiet -nologo
	WRITE_DOCS=1 tests/VismaOperator.Tests/bin/Debug/net10.0/VismaOperator.Tests --filter-class '*SetTemplateTests' --no-ansi --no-progress
	dotnet build tests/VismaOperator.Tests -v quiet -nologo
	WRITE_DOCS=1 tests/VismaOperator.Tests/bin/Debug/net10.0/VismaOperator.Tests --filter-trait "Category=Docs" --no-ansi --no-progress
	dotnet build tests/Lifecycle.Tests -v quiet -nologo
	WRITE_DOCS=1 tests/Lifecycle.Tests/bin/Debug/net10.0/Lifecycle.Tests --filter-trait "Category=Docs" --no-ansi --no-progress

bench: publish ## Measures against a real API server, beside a floor program and commit fda7fb3 (an hour; BENCH=short: 15 minutes)
	@benchmarks/run.sh $(BENCH)

restore: # what publish needs beside the packages of the solution, for publish RESTORED=1
	@dotnet restore operator/VismaOperator $(RUNTIME) -p:Configuration=Release -p:PublishProfile=$(PROFILE) -p:SelfContained=true -v quiet -nologo

publish: ## Leaves the native executable at artifacts/publish/visma-operator (JIT=1: a single file, which RID=osx-arm64 makes for another system)
	@$(if $(JIT),,operator/obtain-linker.sh)
	rm -rf $(PUBLISHED) artifacts/publish-all
	dotnet publish operator/VismaOperator $(if $(RESTORED),--no-restore) -c Release $(RUNTIME) --self-contained -p:PublishProfile=$(PROFILE) -o artifacts/publish-all -v quiet -nologo
	@mkdir -p $(PUBLISHED) && mv artifacts/publish-all/$(EXECUTABLE) $(PUBLISHED)/ && rm -rf artifacts/publish-all
	@ls -l $(PUBLISHED)/$(EXECUTABLE)

reproduce: ## Publishes the last commit twice, in two folders, and compares the executables (minutes)
	@operator/reproduce.sh

sbom: ## Writes what the executable is made of to artifacts/visma-operator.cdx.json (CycloneDX)
	dotnet tool restore
	dotnet tool run dotnet-CycloneDX operator/VismaOperator/VismaOperator.csproj --output artifacts --filename visma-operator.cdx.json --output-format Json --exclude-dev --exclude-test-projects

manifests: ## Copies crds/ into the chart and renders artifacts/install.yaml, the chart with its defaults (IMAGE=name:tag or name@digest, NAMESPACE=visma-system)
	cp crds/visma-operator.io_*.yaml charts/visma-operator/files/crds/
	mkdir -p artifacts
	{ printf 'apiVersion: v1\nkind: Namespace\nmetadata:\n  name: %s\n  labels:\n    pod-security.kubernetes.io/enforce: restricted\n' $(NAMESPACE) \
	&& $(HELM) template visma-operator charts/visma-operator --namespace $(NAMESPACE) --skip-tests $(IMAGE_VALUES); } >artifacts/rendered.yaml
	sed '/^ *app\.kubernetes\.io\/managed-by: Helm$$/d' artifacts/rendered.yaml >artifacts/install.yaml # Helm does not manage these
	rm artifacts/rendered.yaml
	@ls -l artifacts/install.yaml

clean: ## Removes what the other targets made in this checkout
	rm -rf artifacts operator/*/bin operator/*/obj tests/*/bin tests/*/obj benchmarks/*/bin benchmarks/*/obj
