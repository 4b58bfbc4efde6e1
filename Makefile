# What people call; `make help` lists it. The work is in tools/ and bindings/c/Makefile.

export CARGO_TARGET_DIR ?= $(CURDIR)/target
LIBDIR := $(CARGO_TARGET_DIR)/release

.DEFAULT_GOAL := help
.PHONY: help setup build examples demo install runtimes test bench fuzz instructions fmt lint header clean

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

setup: ## install what is missing (Debian packages, Telethon for the tests)
	@tools/setup.sh

build: ## the release library: target/release/libmtsession.so and .a
	cargo build --release --lib

examples: build ## the C examples, into bindings/c/build/
	@$(MAKE) --no-print-directory -C bindings/c LIBDIR=$(LIBDIR)

demo: setup examples ## take a session that Telethon wrote through the life of a client
	@tools/demo.sh

# Whoever may write below PREFIX need not be who builds: root has no cargo, often.
install: ## libraries, headers, mtsession.pc and CMake package, below PREFIX=/usr/local
	@if command -v cargo >/dev/null; then $(MAKE) --no-print-directory build; fi
	@PREFIX=$(PREFIX) DESTDIR=$(DESTDIR) tools/install.sh

# Called as .NET calls this system.
RUNTIME := linux-$(if $(filter aarch64,$(shell uname -m)),arm64,x64)
runtimes: build ## the library into the C# package, which `dotnet pack` then carries
	install -D -s -m 755 $(LIBDIR)/libmtsession.so \
		bindings/csharp/MtSession/runtimes/$(RUNTIME)/native/libmtsession.so

test: setup ## everything that is tested, ending with one line of counts
	@tools/test.py

bench: setup ## measure beside Telethon, grammers and plain SQLite; draws docs/bench.svg
	@benches/run.py

FUZZ_SECONDS ?= 60
fuzz: setup ## give each fuzzer of tests/fuzz all that it thinks of in FUZZ_SECONDS=60
	@tests/fuzz/run.py $(FUZZ_SECONDS)

instructions: setup build ## instructions of the hot calls, against those kept in benches/
	@tools/instructions.py

fmt: ## format the Rust sources
	cargo fmt
	cargo fmt --manifest-path benches/grammers/Cargo.toml

lint: ## rustfmt, clippy and rustdoc, with warnings denied
	cargo fmt --check
	cargo fmt --manifest-path benches/grammers/Cargo.toml --check
	cargo clippy --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' cargo doc --no-deps

header: ## rewrite include/mtsession.h from the doc comments
	UPDATE_HEADER=1 cargo test --test header
	cp include/mtsession.h bindings/go/

clean: ## remove everything that was built
	cargo clean
	$(MAKE) -C bindings/c clean
