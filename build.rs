//! Gives the shared library its name of record, which cargo does not.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let os = std::env::var("CARGO_CFG_TARGET_OS").unwrap_or_default();
    let name = match os.as_str() {
        "linux" | "android" | "freebsd" | "netbsd" | "openbsd" => "-Wl,-soname,libmtsession.so.0",
        "macos" | "ios" => "-Wl,-install_name,@rpath/libmtsession.0.dylib",
        _ => return,
    };
    println!("cargo::rustc-cdylib-link-arg={name}");
}
