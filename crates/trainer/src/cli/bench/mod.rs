use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, ensure};
use trainer::{
    backend::{AdapterKind, BackendChoice},
    bench::{BenchConfig, BenchMode, Measurement},
};

use super::{
    network::{Image, OptionArgs, image},
    of_flag, print,
};

/// Measures how fast networks compute: milliseconds a step on a fixed random batch, the
/// median over the steps with the quartiles, and the peak of the memory.
///
/// A step of training is forward, cross-entropy, backward, SGD with momentum 0.9, and reading
/// the loss; one of inference is forward and reading the logits. No images are read and nothing
/// is written. Each network has a process of its own.
#[derive(clap::Args)]
pub struct Args {
    /// Networks, with commas between them: names that `kiln models` lists, or files that
    /// describe one
    #[arg(
        help_heading = "What",
        long,
        value_name = "NAME|FILE.toml,…",
        value_delimiter = ',',
        default_value = "lenet5"
    )]
    model: Vec<String>,
    #[command(flatten, next_help_heading = "What")]
    options: OptionArgs,
    /// Channels, height and width of an image, such as 3x32x32 [default: those of the images that
    /// the network was published for; 3x32x32 if it has a form for small images]
    #[arg(help_heading = "What", long, value_name = "CxHxW", value_parser = image)]
    input: Option<Image>,
    /// Number of classes
    #[arg(help_heading = "What", long, value_name = "N", default_value_t = BenchConfig::default().classes)]
    classes: usize,
    /// Images in a step
    #[arg(
        help_heading = "What",
        long,
        visible_alias = "batch",
        value_name = "N",
        default_value_t = BenchConfig::default().batch_size
    )]
    batch_size: usize,
    /// What a step is: train, infer
    #[arg(
        help_heading = "What",
        long,
        value_name = "NAME",
        default_value = "train",
        hide_possible_values = true
    )]
    mode: BenchMode,
    /// Steps that are measured
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = BenchConfig::default().steps)]
    steps: usize,
    /// Steps before these, which are not
    #[arg(help_heading = "How", long, value_name = "N", default_value_t = BenchConfig::default().warmup)]
    warmup: usize,
    /// Where to compute: auto, flex, wgpu, vulkan, metal, webgpu, cuda, rocm, ndarray
    #[arg(
        help_heading = "Where",
        long,
        value_name = "NAME",
        default_value_t = BackendChoice::Auto
    )]
    backend: BackendChoice,
    /// Adapter that a wgpu backend takes: gpu, or cpu for a software one
    #[arg(
        help_heading = "Where",
        long,
        value_name = "KIND",
        default_value = "gpu",
        hide_possible_values = true
    )]
    adapter: AdapterKind,
    /// Threads that the CPU computes with [default: one for each physical core]
    #[arg(help_heading = "Where", long, value_name = "N")]
    threads: Option<usize>,
    /// Print one JSON array
    #[arg(help_heading = "Output", long)]
    json: bool,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let configs: Vec<BenchConfig> = self.model.iter().map(|model| self.of(model)).collect();
        // Before the first is measured, which may take a while.
        for config in &configs {
            config.check().map_err(of_flag)?;
        }
        let widest = self.model.iter().map(|model| model.chars().count());
        let names = widest.max().unwrap_or(0).max("model".len());
        let mut found: Vec<Measurement> = Vec::new();
        for config in &configs {
            let measurement = match configs.len() {
                1 => config.run().map_err(of_flag)?,
                _ => in_a_process(&config.model)?,
            };
            if !self.json {
                // Nothing stands there before something is known.
                let head = match found.is_empty() {
                    true => heading(&measurement, names),
                    false => String::new(),
                };
                print(&(head + &row(&measurement, names)))?;
            }
            found.push(measurement);
        }
        if self.json {
            print(&format!("{}\n", serde_json::to_string(&found)?))?;
        }
        Ok(ExitCode::SUCCESS)
    }

    fn of(&self, model: &str) -> BenchConfig {
        BenchConfig {
            model: model.into(),
            options: self.options.chosen(),
            image: self.input,
            classes: self.classes,
            batch_size: self.batch_size,
            backend: self.backend,
            adapter: self.adapter,
            threads: self.threads,
            mode: self.mode,
            steps: self.steps,
            warmup: self.warmup,
        }
    }
}

/// Measures one of several networks in a process of its own, which has a peak of memory of
/// its own.
fn in_a_process(model: &str) -> anyhow::Result<Measurement> {
    let program = std::env::current_exe().context("cannot find the program itself")?;
    let given: Vec<String> = std::env::args().skip(1).collect();
    let output = Command::new(program)
        .args(words_of_one(&given, model))
        .stderr(Stdio::inherit())
        .output()
        .context("cannot start a process of its own for a network")?;
    ensure!(
        output.status.success(),
        "{model} could not be measured: {}",
        output.status
    );
    let found: Vec<Measurement> = serde_json::from_slice(&output.stdout)
        .with_context(|| format!("what measured {model} gave no result"))?;
    let found = found.into_iter().next();
    found.with_context(|| format!("what measured {model} gave no result"))
}

/// The words `given`, of several networks, for one of them, and for its result as JSON.
fn words_of_one(given: &[String], model: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut given = given.iter();
    while let Some(word) = given.next() {
        match word.as_str() {
            "--json" => {}
            "--model" => {
                given.next();
            }
            word if word.starts_with("--model=") => {}
            word => words.push(word.into()),
        }
    }
    words.push(format!("--model={model}"));
    words.push("--json".into());
    words
}

/// What is common to all rows, and the heads of the columns.
fn heading(of: &Measurement, names: usize) -> String {
    let kernels = match (of.backend == trainer::backend::Backend::Flex, of.kernels) {
        (false, _) => "",
        (true, true) => ", kernels on",
        (true, false) => ", kernels off",
    };
    format!(
        "backend {}: {}{kernels}\n\
         {} steps of {}, {} images each\n\n\
         {:<names$}  image      {:>10}  {:>19}  {:>10}  {:>8}\n",
        of.backend,
        of.device,
        of.steps,
        of.mode.name(),
        of.batch,
        "model",
        "ms a step",
        "middle half",
        "images/s",
        "peak MB",
    )
}

fn row(of: &Measurement, names: usize) -> String {
    let [channels, height, width] = of.image;
    let [low, high] = of.ms_quartiles;
    let peak = of.peak_rss_mb.map_or("-".into(), |mb| format!("{mb:.0}"));
    format!(
        "{:<names$}  {:<9}  {:>10.2}  {:>19}  {:>10.1}  {peak:>8}\n",
        of.model,
        format!("{channels}×{height}×{width}"),
        of.ms_per_step,
        format!("{low:.2} to {high:.2}"),
        of.images_per_s,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_gets_the_words_for_its_network() {
        for (given, expected) in [
            (
                "bench --model a,b --batch 8",
                "bench --batch 8 --model=a --json",
            ),
            (
                "bench --json --model=a,b --threads 2",
                "bench --threads 2 --model=a --json",
            ),
        ] {
            let given: Vec<String> = given.split(' ').map(Into::into).collect();
            assert_eq!(words_of_one(&given, "a").join(" "), expected);
        }
    }
}
