//! Every scenario of `scenarios/` on every host it names: `debian-12::NAME`, `debian-13::NAME`.

use libtest_mimic::Arguments;

/// A guest keeps a core busy while it boots.
const AT_ONCE: usize = 2;

fn main() -> anyhow::Result<()> {
    let mut arguments = Arguments::from_args();
    arguments.test_threads.get_or_insert(AT_ONCE);
    libtest_mimic::run(&arguments, boot::trials()?).exit();
}
