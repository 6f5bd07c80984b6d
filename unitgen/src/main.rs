//! Program `unitgen`: see [`unitgen::run`].

fn main() -> std::process::ExitCode {
    unitgen::run(std::env::args_os()).into()
}
