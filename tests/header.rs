//! The committed header is what cbindgen makes of `src/ffi`, and every C and C++ compiles it.
#![allow(clippy::expect_used, clippy::indexing_slicing, clippy::panic, clippy::unwrap_used)]

use std::path::Path;
use std::process::Command;

const HEADER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/include/mtsession.h");

fn generated() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    let mut header = Vec::new();
    cbindgen::Builder::new()
        .with_config(config)
        .with_src(root.join("src/ffi/mod.rs"))
        .generate()
        .unwrap()
        .write(&mut header);
    String::from_utf8(header).unwrap()
}

#[test]
fn the_committed_header_is_the_generated_one() {
    let generated = generated();
    if std::env::var_os("UPDATE_HEADER").is_some() {
        std::fs::write(HEADER, &generated).unwrap();
    }
    let committed = std::fs::read_to_string(HEADER).unwrap();
    let differs = committed.lines().zip(generated.lines()).position(|(old, new)| old != new);
    assert!(
        committed == generated,
        "include/mtsession.h is not what src/ffi says, from line {} on: run \
         `UPDATE_HEADER=1 cargo test --test header` and commit it",
        differs.map_or(committed.lines().count().min(generated.lines().count()), |line| line) + 1
    );
}

/// Every function with the names of its pointers, but the error's and those that may be NULL.
fn pointers() -> Vec<(String, Vec<String>)> {
    let header = generated();
    let mut functions = Vec::new();
    for item in header.split("\nMTS_API").skip(1) {
        let (head, parameters) = item.split_once(';').unwrap().0.split_once('(').unwrap();
        let last = |text: &str| text.split([' ', '*', '\n']).next_back().unwrap().to_owned();
        let name = last(head);
        if name.ends_with("_free")
            || ["mts_error_", "mts_buffer_"].iter().any(|it| name.starts_with(it))
        {
            continue;
        }
        let pointers: Vec<_> = parameters
            .trim_end_matches(')')
            .split(',')
            .filter(|parameter| parameter.contains('*'))
            .map(last)
            .filter(|pointer| !["err", "options"].contains(&pointer.as_str()))
            .collect();
        functions.push((name, pointers));
    }
    assert!(functions.len() > 60, "only {} functions were found", functions.len());
    functions
}

/// `tests/c/bad_input.c` must not fall behind the header: each session is closed, forked and NULL,
/// each other pointer NULL.
#[test]
fn every_pointer_of_every_function_is_null_in_the_c_tests() {
    let source = |name: &str| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/c").join(name);
        std::fs::read_to_string(path).unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let (sessions, others) = (source("every_call.h"), source("null_pointers.h"));
    for (function, pointers) in pointers() {
        for pointer in pointers {
            let asked = ["N", "SINK"]
                .iter()
                .any(|it| others.contains(&format!("{it}(\"{pointer}\", {function}(")));
            let session = pointer == "session" && sessions.contains(&format!("{function}(s, "));
            assert!(asked || session, "{function} is never called with {pointer} NULL");
        }
    }
}

/// A newcomer finds at each function whether it may call him back, and what Telethon calls it.
#[test]
fn every_function_says_what_telethon_calls_it_and_whether_it_calls_back() {
    let header = generated();
    let mut functions = 0;
    for item in header.split("/**") {
        let Some((comment, code)) = item.split_once("*/") else { continue };
        if !code.starts_with("\nMTS_API") {
            continue;
        }
        let name = code.split('(').next().unwrap().split([' ', '*', '\n']).next_back().unwrap();
        let words = comment.replace('*', " ").split_whitespace().collect::<Vec<_>>().join(" ");
        functions += 1;
        assert!(
            words.ends_with("Never calls back.")
                || words.ends_with("May call back a custom storage.")
                || name == "mts_session_custom",
            "{name}: {words}"
        );
        assert!(words.contains("Telethon: "), "{name} does not name Telethon's counterpart");
    }
    let exported = header.matches("\nMTS_API").count();
    assert_eq!(functions, exported, "a function has no comment");
}

#[test]
fn the_header_compiles_alone_and_twice_in_every_c_and_cpp() {
    let folder = tempfile::tempdir().unwrap();
    let include = format!("-I{}/include", env!("CARGO_MANIFEST_DIR"));
    let source = "#include <mtsession.h>\n#include <mtsession.h>\n";
    for (extension, compilers, standards) in [
        ("c", ["gcc", "clang"], &["c99", "c11", "c17", "c2x"][..]),
        ("cpp", ["g++", "clang++"], &["c++17", "c++20", "c++2b"][..]),
    ] {
        let file = folder.path().join(format!("alone.{extension}"));
        std::fs::write(&file, source).unwrap();
        for compiler in compilers {
            for standard in standards {
                let output = Command::new(compiler)
                    .args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"])
                    .args([&format!("-std={standard}"), &include])
                    .arg(&file)
                    .output()
                    .unwrap_or_else(|error| panic!("{compiler} does not run: {error}"));
                assert!(
                    output.status.success(),
                    "{compiler} -std={standard}: {}",
                    String::from_utf8_lossy(&output.stderr)
                );
            }
        }
    }
}
