//! `cargo xtask ci`: every check, cheapest first. Stops at the first that fails.

use std::{
    process::Command,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};

/// What can be built without a vendor's toolkit.
const BUILDABLE: &str = "trainer/wgpu,trainer/vulkan,trainer/webgpu,trainer/ndarray,trainer/tui,\
                         examples/learner";

/// What the tests of every backend are built with, once: burn-flex is another crate with
/// `tui` than without.
const FULL: &str = "wgpu,ndarray,tui";

/// A name, and the words after `cargo`.
type Check = (&'static str, &'static [&'static str]);

const CHECKS: &[Check] = &[
    ("format", &["fmt", "--all", "--check"]),
    // The tables in it, from the files of measurements.
    ("the README's figures", &["xtask", "readme", "--check"]),
    (
        "lints",
        &[
            "clippy",
            "--workspace",
            "--all-targets",
            "--features",
            BUILDABLE,
            "--",
            "-D",
            "warnings",
        ],
    ),
    (
        "documentation",
        &["doc", "--workspace", "--no-deps", "--features", BUILDABLE],
    ),
    ("tests", &["test", "--workspace"]),
    (
        "tests on every backend",
        &[
            "test",
            "--package",
            "trainer",
            "--test",
            "backends",
            "--test",
            "transfers",
            "--features",
            FULL,
        ],
    ),
    // `kiln compare --check` with flex, ndarray and wgpu is one of them; the dashboard is in a
    // pseudo-terminal.
    (
        "comparison and dashboard",
        &[
            "test",
            "--package",
            "trainer",
            "--test",
            "kiln",
            "--features",
            FULL,
            "--",
            "compare",
            "dashboard",
        ],
    ),
    // Those that have more to do than with the default features, on the same build of Burn.
    (
        "examples on every backend",
        &[
            "test",
            "--package",
            "trainer",
            "--package",
            "examples",
            "--test",
            "run",
            "--features",
            FULL,
            "--features",
            "examples/learner",
            "--",
            "burn_learner",
            "swap_backend",
        ],
    ),
];

/// Runs every check.
pub fn run() -> anyhow::Result<()> {
    let mut times: Vec<(&str, Duration)> = Vec::new();
    for (name, words) in CHECKS {
        println!("== {name}: cargo {}", words.join(" "));
        let started = Instant::now();
        let status = Command::new(env!("CARGO"))
            .args(*words)
            .current_dir(crate::root())
            .env("RUSTDOCFLAGS", "-D warnings")
            // On a software adapter, most of the time would go into finding the
            // fastest of many kernels.
            .env("CUBECL_AUTOTUNE_LEVEL", "minimal")
            // Gigabytes that nobody uses again.
            .env("CARGO_INCREMENTAL", "0")
            .status()
            .context("cannot start cargo")?;
        ensure!(status.success(), "{name} failed: {status}");
        times.push((name, started.elapsed()));
    }
    println!("== all checks passed");
    for (name, time) in times {
        println!("{:>6} s  {name}", time.as_secs());
    }
    Ok(())
}
