//! What is split into two files afterwards says what refers to what.

fn main() {
    println!("cargo::rustc-link-arg-bins=--emit-relocs");
}
