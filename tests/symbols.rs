//! What the shared library exports, and what it needs.
#![cfg(target_os = "linux")]
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Command;

const LIST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/abi/symbols.txt");
const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include/mtsession.h");

/// The library that cargo made beside this test.
fn library() -> PathBuf {
    let library = std::env::current_exe().unwrap().with_file_name("libmtsession.so");
    assert!(library.exists(), "{} is missing", library.display());
    library
}

fn output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program)
        .args(arguments)
        .arg(library())
        .output()
        .unwrap_or_else(|error| panic!("{program} does not run: {error}"));
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn listed() -> BTreeSet<String> {
    std::fs::read_to_string(LIST).unwrap().lines().map(str::to_owned).collect()
}

#[test]
fn the_library_exports_what_is_listed_and_nothing_else() {
    let symbols = output("nm", &["-D", "--defined-only"]);
    let exported: BTreeSet<String> = symbols
        .lines()
        .filter_map(|line| line.split_whitespace().nth(2))
        .map(str::to_owned)
        .collect();
    assert_eq!(exported, listed(), "left: exported, right: tests/abi/symbols.txt");
}

#[test]
fn the_header_declares_what_is_listed_and_nothing_else() {
    let header = std::fs::read_to_string(HEADER).unwrap();
    let declared: BTreeSet<String> = header
        .split("\nMTS_API")
        .skip(1)
        .map(|item| item.split('(').next().unwrap())
        .map(|head| head.split([' ', '*', '\n']).next_back().unwrap().to_owned())
        .collect();
    assert_eq!(declared, listed(), "left: declared, right: tests/abi/symbols.txt");
}

#[test]
fn the_list_is_in_order_and_without_doubles() {
    let list = std::fs::read_to_string(LIST).unwrap();
    let sorted = listed().into_iter().collect::<Vec<_>>();
    assert_eq!(list.lines().collect::<Vec<_>>(), sorted);
}

#[test]
fn the_library_has_its_name_of_record_and_needs_only_the_system() {
    let dynamic = output("readelf", &["-d", "-W"]);
    let named = |tag: &str| -> BTreeSet<String> {
        dynamic
            .lines()
            .filter(|line| line.contains(tag))
            .filter_map(|line| Some(line.split_once('[')?.1.split_once(']')?.0.to_owned()))
            .collect()
    };
    assert_eq!(named("(SONAME)"), BTreeSet::from(["libmtsession.so.0".to_owned()]));
    for needed in named("(NEEDED)") {
        assert!(
            ["libc.so.", "libm.so.", "libgcc_s.so.", "ld-linux"]
                .iter()
                .any(|known| needed.starts_with(known)),
            "the library needs {needed}"
        );
    }
}
