//! The guide's pictures: what its chapters have the reader do.

use std::{fs, path::Path};

use anyhow::Context;

use super::{DIGIT, confusion, draw, trained};

/// Pictures that need no run: name, and the words after `kiln`.
const WITHOUT_A_RUN: [(&str, &str); 7] = [
    (
        "digits.png",
        "data preview mnist-mini --count 20 --columns 10",
    ),
    (
        "augmented.png",
        "data preview --augment --count 20 --columns 10 --config assets/figures/augmented.toml",
    ),
    (
        "sobel.png",
        "features --kernel sobel --test-image mnist-mini:12",
    ),
    ("lr-find.svg", "lr-find --from 1e-4 --to 1 --backend flex"),
    ("schedule.svg", "schedule --schedule one-cycle --epochs 10"),
    (
        "inception.svg",
        "graph assets/networks/inception.toml --input 1x28x28",
    ),
    ("resnet-mnist.svg", "graph resnet-mnist"),
];

/// Makes all of them, in `docs/guide/src/figures`.
pub fn make() -> anyhow::Result<()> {
    let figures = crate::root().join("docs/guide/src/figures");
    fs::create_dir_all(&figures)?;
    for (name, words) in WITHOUT_A_RUN {
        draw(&split(words), &figures.join(name))?;
    }
    // The weights of softmax regression.
    let run = run(
        "templates",
        "--model assets/networks/templates.toml --lr 0.01 --set optimizer.weight_decay=0.02",
    )?;
    of_run(
        &run,
        "features --filters --columns 10",
        &figures,
        "templates.png",
    )?;
    overfitting(&figures)?;
    // Learned filters, and what they give.
    let run = self::run("filters", "--model convnet --no-augment")?;
    let words = format!("features --test-image {DIGIT} --filters");
    of_run(&run, &words, &figures, "filters.png")?;
    // LeNet-5, as `kiln train` makes it.
    let run = self::run("lenet", "")?;
    let words = format!("features --test-image {DIGIT} --layer conv1 --layer conv2");
    of_run(&run, &words, &figures, "maps.png")?;
    let words = "predict --random 20 --columns 10 --seed 7";
    of_run(&run, words, &figures, "predictions.png")?;
    confusion(&run, &figures)?;
    // What counts in a digit for a residual network.
    let run = self::run("guide-residual", "--model resnet-mnist --epochs 3")?;
    let words = format!("saliency --test-image {DIGIT}");
    of_run(&run, &words, &figures, "saliency.png")
}

/// The curves of a network that learns 500 images by heart.
fn overfitting(figures: &Path) -> anyhow::Result<()> {
    let run = run(
        "overfitting",
        "--model mlp --limit 1500 --valid 1000 --epochs 30 --no-augment --set network.dropout=0",
    )?;
    let to = figures.join("overfit.svg");
    fs::copy(Path::new(&run).join("curves.svg"), &to)?;
    println!("{}", to.display());
    Ok(())
}

/// The folder of a run that is trained anew, with these words.
fn run(name: &str, words: &str) -> anyhow::Result<String> {
    let run = trained(name, &split(words))?;
    let run = run.to_str().context("a path that is no UTF-8")?;
    Ok(run.into())
}

/// Has a verb, the first of `words`, draw something of a run.
fn of_run(run: &str, words: &str, figures: &Path, name: &str) -> anyhow::Result<()> {
    let mut words = split(words);
    words.insert(1, run);
    draw(&words, &figures.join(name))
}

fn split(words: &str) -> Vec<&str> {
    words.split_whitespace().collect()
}
