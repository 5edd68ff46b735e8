# Careline. `make help` lists what there is.

GO ?= go
BIN := bin/careline
CONFIG ?= config/demo
FUZZTIME ?= 20s
# Sound is measured in real time, and wants the machine to itself: the packages in
# which it is run one after the other, the rest as the cores allow. What is compiled is
# compiled beforehand; vet is lint's.
TEST_TIMEOUT ?= 18m
IN_REAL_TIME := ^careline/(dial|e2e|media|sip)(/|$$)

# A checkout that git won't read (another owner's, or no git at all) has no
# version to stamp; Go would refuse to build it.
ifneq ($(shell git rev-parse --verify -q HEAD >/dev/null 2>&1 && echo yes),yes)
export GOFLAGS := $(GOFLAGS) -buildvcs=false
endif

STATICCHECK := $(GO) tool -modfile=tools/go.mod staticcheck
WEB_SOURCES := $(shell find desk/web -path desk/web/dist -prune -o -type f -print)
WEB_STAMP := desk/web/dist/index.html

.DEFAULT_GOAL := help
.PHONY: bench-ivr fuzz-sip bench-sip bench-media soak-sip flood help build run test unit e2e bench fuzz lint fmt prompts check clean clients toolchain

help: ## List these targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: toolchain $(WEB_STAMP) ## Build bin/careline, web pages inside
	CGO_ENABLED=0 $(GO) build -o $(BIN) ./cmd/careline

run: build ## Build and start the demo contact center; Ctrl-C drains and ends it
	@exec $(BIN) run --config $(CONFIG)

test: toolchain clients $(WEB_STAMP) ## Install the test clients, then run every test with the race detector
	@$(GO) build -race ./...
	@$(GO) test -race -vet=off -timeout $(TEST_TIMEOUT) $$($(GO) list ./... | grep -Ev '$(IN_REAL_TIME)')
	@$(GO) test -race -vet=off -p 1 -timeout $(TEST_TIMEOUT) $$($(GO) list ./... | grep -E '$(IN_REAL_TIME)')

unit: toolchain $(WEB_STAMP) ## Run the tests that need no clients
	@$(GO) test -race -timeout $(TEST_TIMEOUT) $$($(GO) list ./... | grep -v /e2e)

e2e: toolchain clients $(WEB_STAMP) ## Run only the tests with real phones and a real browser
	@$(GO) test -race -timeout $(TEST_TIMEOUT) -v ./e2e/...

bench: toolchain ## Run the benchmarks
	$(GO) test -run '^$$' -bench . -benchmem $$($(GO) list ./... | grep -v /e2e)

bench-sip: build clients ## Measure call set-up: the highest rate on one core, and the times at half of it
	$(GO) run ./e2e/benchsip -program $(BIN)

bench-ivr: toolchain ## Measure flows: 5,000 callers who wait, starting a call, checking 500 steps
	@cd ivr && $(GO) test -count=1 -run '^TestSilentCallersAllGetInLine$$' -args -figures

bench-media: build ## Measure what sound costs: CPU, lateness and memory of calls in the IVR and in bridges
	$(GO) build -o bin/benchmedia ./e2e/benchmedia
	@bin/benchmedia -program $(BIN)

soak-sip: build clients ## Place a million calls (15 minutes at most) and show what they leave behind
	$(GO) run ./e2e/benchsip -program $(BIN) -calls 1000000

flood: toolchain clients $(WEB_STAMP) ## Flood a server with 10,000 junk INVITEs a second for a minute while calls go on
	FLOOD=60s $(GO) test -count=1 -v -run TestCallsGoOnUnderAFlood ./e2e

fuzz: toolchain ## Fuzz each target for FUZZTIME (20s)
	@GO=$(GO) sh tools/fuzz.sh $(FUZZTIME)

# What finds nothing new is soon given up on: its coverage differs from run to
# run, since goroutines do.
fuzz-sip: toolchain ## Fuzz SIP from the packet to the dialog for 40 s
	@$(GO) test -run '^$$' -fuzz '^FuzzRead$$' -fuzztime 8s ./sip/wire
	@$(GO) test -run '^$$' -fuzz '^FuzzServer$$' -fuzztime 18s -fuzzminimizetime 1s ./sip
	@$(GO) test -run '^TestAnySequenceOfOneDialog$$' -timeout 3m ./sip -rapid.checks=500

lint: toolchain $(WEB_STAMP) ## Check format, vet, staticcheck, the pages' types and our own habits
	@unformatted=$$("$$($(GO) env GOROOT)/bin/gofmt" -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')); \
	if [ -n "$$unformatted" ]; then echo "not formatted (make fmt):"; echo "$$unformatted"; exit 1; fi
	$(GO) vet ./...
	$(STATICCHECK) ./...
	@sh tools/typecheck.sh
	$(GO) test -count=1 .

fmt: ## Format the Go code
	"$$($(GO) env GOROOT)/bin/gofmt" -w $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go')

prompts: toolchain ## Speak the prompts and the flows' words that changed (needs espeak-ng and flite)
	$(GO) run ./prompts/render $(CONFIG)/prompts
	$(GO) run ./cmd/careline prompts render $(CONFIG)

check: build ## Check CONFIG (config/demo) for what would go wrong
	@$(BIN) check $(CONFIG)

clean: ## Remove what was built; var/, the records, stays
	rm -rf bin e2e/out
	find desk/web/dist -mindepth 1 ! -name .gitkeep -delete

clients:
	@sh tools/clients.sh

toolchain:
	@sh tools/toolchain.sh $(GO)

$(WEB_STAMP): $(WEB_SOURCES)
	sh desk/web/build.sh
