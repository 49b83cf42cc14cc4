//! A run, as the templates show it.

use data::ImageDataset;
use serde::Serialize;

use super::{
    classes::Classes,
    confusion::Confusion,
    curves::{COLOURS, Curves},
    environment::{Command, commands, environment},
    figures::{Headline, Stat, headline, stats, status},
    images::Images,
    layers::Layers,
    network::{NetworkTable, spec},
    predictions::{Gallery, mistakes, some},
    settings::Settings,
    share::Share,
    source::{Part, Source, sentence},
    speed::Speed,
};
use crate::{Inference, InferenceOptions, datasets::plain_name};

/// What images of test sets may take of a page, in characters: it stays below 2 MB with all
/// else.
const IMAGES: usize = 800_000;

/// All that is shown of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Run {
    /// From 1.
    number: usize,
    /// What the names of its parts begin with.
    id: String,
    /// How its lines look.
    class: String,
    name: String,
    path: String,
    model: String,
    dataset: String,
    began: Option<String>,
    status: (&'static str, &'static str),
    notes: Vec<String>,
    warnings: Vec<String>,
    headline: Option<Headline>,
    stats: Vec<Stat>,
    curves: Part<Curves>,
    classes: Part<Classes>,
    confusion: Part<Confusion>,
    mistakes: Part<Gallery>,
    predictions: Part<Gallery>,
    layers: Part<Layers>,
    network: Part<NetworkTable>,
    speed: Part<Speed>,
    settings: Part<Settings>,
    config: Part<String>,
    environment: Part<Vec<(&'static str, String)>>,
    commands: Vec<Command>,
}

impl Run {
    /// Run `at` of a page, from 0, of which it may take `share`. `test` is its test set.
    pub fn of(source: &Source, at: usize, test: Part<&ImageDataset>, share: Share) -> Self {
        let id = format!("run{}", at + 1);
        let predictions = source.predictions.as_ref().map_err(String::clone);
        let mut images = predictions.and_then(|predictions| {
            let test = test?;
            let images = Images::new(source, test, predictions, share.of(IMAGES))?;
            Ok((images, test))
        });
        let layers = Inference::open(source.dir.clone(), InferenceOptions::default())
            .map_err(sentence)
            .and_then(|inference| Layers::of(&inference, &mut images, share));
        let mut images = images.map(|(images, _)| images);
        let mistakes = mistakes(&mut images);
        let some = some(&mut images);
        let headline = headline(source);
        let summary = source.summary.as_ref().ok();
        let config = source.config.as_ref().ok();
        let unknown = || "unknown".to_string();
        Self {
            number: at + 1,
            class: format!("run{}", at % COLOURS),
            name: source.name.clone(),
            path: source.path().display().to_string(),
            model: summary
                .map(|summary| summary.model.clone())
                .or_else(|| config.map(|config| config.model.clone()))
                .unwrap_or_else(unknown),
            dataset: summary
                .map(|summary| &summary.dataset)
                .or(config.map(|config| &config.dataset))
                .map_or_else(unknown, |dataset| plain_name(dataset).into_owned()),
            began: source.began.clone(),
            status: status(source),
            notes: source.notes(),
            warnings: source.warnings.clone(),
            stats: stats(source, headline.as_ref()),
            headline,
            curves: Curves::of(source),
            classes: Classes::of(source, share),
            confusion: Confusion::of(source, &id, &mut images, share),
            mistakes,
            predictions: some,
            layers,
            network: spec(source).and_then(|(spec, image)| NetworkTable::of(&spec, image, share)),
            speed: Speed::of(source, share),
            settings: Settings::of(source),
            config: source.config_text.clone(),
            environment: environment(source),
            commands: commands(source),
            id,
        }
    }

    /// The network and the images.
    pub fn title(&self) -> String {
        format!("{} on {}", self.model, self.dataset)
    }
}
