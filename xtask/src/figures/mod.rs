//! `cargo xtask figures`: the README's pictures and the guide's, from the embedded digits.

mod guide;

use std::{
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::{Context, bail, ensure};

/// Makes all of them, in `assets/figures` and `docs/guide/src/figures`.
pub fn make() -> anyhow::Result<()> {
    let figures = crate::root().join("assets/figures");
    a_run(&figures)?;
    saliency(&figures)?;
    augmented(&figures)?;
    graph(&figures)?;
    guide::make()
}

/// A network with its blocks.
fn graph(figures: &Path) -> anyhow::Result<()> {
    draw(
        &["graph", "resnet-mnist"],
        &figures.join("resnet-mnist.svg"),
    )
}

/// Digits as augmented.toml changes them.
fn augmented(figures: &Path) -> anyhow::Result<()> {
    let config = figures.join("augmented.toml");
    let config = config.to_str().context("a path that is no UTF-8")?;
    let words = [
        "data",
        "preview",
        "--augment",
        "--count",
        "24",
        "--columns",
        "12",
        "--config",
        config,
    ];
    draw(&words, &figures.join("augmented.png"))
}

/// Has the program write `picture`.
fn draw(words: &[&str], picture: &Path) -> anyhow::Result<()> {
    let status = kiln()
        .args(words)
        .arg("--out")
        .arg(picture)
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "{} failed: {status}", words.join(" "));
    println!("{}", picture.display());
    Ok(())
}

/// What counts in a digit for a residual network after three epochs.
fn saliency(figures: &Path) -> anyhow::Result<()> {
    let run = trained("residual", &["--model", "resnet-mnist", "--epochs", "3"])?;
    let run = run.to_str().context("a path that is no UTF-8")?;
    let words = ["saliency", run, "--test-image", DIGIT];
    draw(&words, &figures.join("saliency.png"))
}

/// The test image that is looked at.
const DIGIT: &str = "12";

/// The folder of a run that is trained anew, in `target/figures/NAME`.
fn trained(name: &str, words: &[&str]) -> anyhow::Result<PathBuf> {
    let runs = crate::root().join("target/figures").join(name);
    if runs.exists() {
        fs::remove_dir_all(&runs).with_context(|| format!("cannot empty {}", runs.display()))?;
    }
    let status = kiln()
        .args(["--backend", "flex", "--out"])
        .arg(&runs)
        .args(words)
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "the run failed: {status}");
    let run = fs::read_dir(&runs)?.next();
    Ok(run.context("the run left no folder")??.path())
}

/// The curves of a run of the default recipe, what it says of some test images, its
/// confusion matrix, its first layer on a digit, and its report.
fn a_run(figures: &Path) -> anyhow::Result<()> {
    let run = trained("default", &[])?;
    let to = figures.join("curves.svg");
    fs::copy(run.join("curves.svg"), &to)?;
    println!("{}", to.display());

    let run = run.to_str().context("a path that is no UTF-8")?;
    // With a seed that takes up mistakes, which are rare.
    let words = [
        "predict",
        run,
        "--random",
        "24",
        "--columns",
        "12",
        "--seed",
        "7",
    ];
    draw(&words, &figures.join("predictions.png"))?;
    confusion(run, figures)?;
    let words = ["features", run, "--test-image", DIGIT, "--filters"];
    draw(&words, &figures.join("features.png"))?;
    report(Path::new(run), &figures.join("report.png"))
}

/// Of what goes by such a name, one that is there can draw a page.
const BROWSERS: [&str; 4] = [
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// The beginning of the report of a run, as a browser draws it.
fn report(run: &Path, picture: &Path) -> anyhow::Result<()> {
    let page = run.join("report.html").canonicalize()?;
    for browser in BROWSERS {
        let drawn = Command::new(browser)
            // As it is for a container, whose sandbox a browser cannot have; the page is our own.
            .args(["--headless=new", "--no-sandbox", "--hide-scrollbars"])
            .arg("--window-size=1000,860")
            .arg(format!("--screenshot={}", picture.display()))
            .arg(format!("file://{}", page.display()))
            .output();
        let output = match drawn {
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            drawn => drawn.with_context(|| format!("cannot run {browser}"))?,
        };
        ensure!(
            output.status.success(),
            "{browser} failed: {}",
            output.status
        );
        println!("{}", picture.display());
        return Ok(());
    }
    let known = BROWSERS.join(", ");
    bail!(
        "no browser to draw {} with: none of {known}",
        picture.display()
    )
}

/// The confusion matrix of a run, as `confusion.svg`.
fn confusion(run: &str, figures: &Path) -> anyhow::Result<()> {
    let picture = figures.join("confusion.svg");
    let status = kiln()
        .args(["eval", run, "--picture"])
        .arg(&picture)
        .status()
        .context("cannot start cargo")?;
    ensure!(status.success(), "eval failed: {status}");
    println!("{}", picture.display());
    Ok(())
}

/// The program, built.
fn kiln() -> Command {
    let mut kiln = Command::new(env!("CARGO"));
    kiln.args(["run", "--package", "trainer", "--"])
        .current_dir(crate::root());
    kiln
}
