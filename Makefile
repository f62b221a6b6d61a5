# atoll: what a developer runs. `make` alone builds.
GOLANGCI = go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
TFLINT = go run github.com/terraform-linters/tflint@v0.64.0
FUZZTIME = 60s

.PHONY: up build test lint e2e acceptance fuzz gen bench

up: build ## the example app on this machine, by bin/atoll up
	./bin/atoll up

build: ## bin/atoll; without libraries, for it is the first process of containers
	CGO_ENABLED=0 go build -trimpath -o bin/atoll ./cmd/atoll
	[ "$$(go env GOOS)" = linux ] || CGO_ENABLED=0 GOOS=linux go build -trimpath -o bin/atoll-linux-$$(go env GOARCH) ./cmd/atoll

test: ## everything that needs no Terraform
	go test ./...
	cd examples/guestbook && go test ./...

lint: ## vet, builds for other systems, golangci-lint, gofmt, terraform fmt, tflint
	go vet ./... && go vet -tags e2e ./test/... && cd examples/guestbook && go vet ./...
	GOOS=darwin go build -o /dev/null ./cmd/atoll && GOOS=windows go build -o /dev/null ./cmd/atoll
	$(GOLANGCI) run ./...
	terraform fmt -check -recursive blueprint test/e2e/testdata
	cd blueprint && $(TFLINT) --recursive

e2e: build ## the blueprint and the AWS CLI against the local cloud; builds the AWS provider once where it cannot be downloaded
	./bin/atoll provider ensure
	go test -tags e2e -count=1 -timeout 60m -parallel 4 ./test/e2e/

acceptance: build ## the AWS provider's own tests against the local cloud; writes docs/acceptance.md
	./bin/atoll provider ensure
	go run ./tools/acceptance

fuzz: ## each decoder for FUZZTIME; findings stay under testdata/fuzz
	./tools/fuzz.sh $(FUZZTIME)

gen: ## the AWS API tables and structs, from AWS's published models
	cd tools/apigen && npm ci --no-audit --no-fund && node generate.mjs
	go run ./tools/coverage > docs/coverage.md

bench: build ## speed, memory and start time of the local cloud; go test -bench for its parts
	go run ./tools/bench
