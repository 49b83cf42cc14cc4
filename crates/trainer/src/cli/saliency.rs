//! `kiln saliency`: which parts of an image a class is told by.

use std::{path::PathBuf, process::ExitCode};

use trainer::{
    config::Tta,
    inspect::{self, InspectError, SaliencyMethod, saliency_picture},
};

use super::{
    picked::{self, ImageArgs},
    run::{NetworkArgs, heading},
};

#[derive(clap::Args)]
pub struct Args {
    /// Folder of the run
    #[arg(value_name = "RUN")]
    run: PathBuf,
    /// Image: a file (PNG, JPEG, WebP, BMP), or - for standard input
    #[arg(value_name = "IMAGE", required_unless_present = "test_image")]
    image: Option<PathBuf>,
    /// The class in question [default: the one that the network tells]
    #[arg(long, value_name = "NAME")]
    class: Option<String>,
    /// How it is found what counts
    #[arg(long, value_name = "METHOD", default_value = "both")]
    method: Method,
    /// Layer of Grad-CAM [default: the last convolution, with the norm and the activation after it]
    #[arg(long, value_name = "NAME")]
    layer: Option<String>,
    /// The picture
    #[arg(long, value_name = "FILE.png", default_value = "saliency.png", value_parser = picked::png_file)]
    out: PathBuf,
    #[command(flatten)]
    picked: ImageArgs,
    #[command(flatten)]
    network: NetworkArgs,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Method {
    /// The maps of a layer, weighed by the gradient of the class (Selvaraju et al., 2017)
    GradCam,
    /// The gradient of the class by each pixel (Simonyan et al., 2013)
    Gradient,
    /// One beside the other
    Both,
}

impl Args {
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let methods: &[SaliencyMethod] = match self.method {
            Method::GradCam => &[SaliencyMethod::GradCam],
            Method::Gradient => &[SaliencyMethod::Gradient],
            Method::Both => &[SaliencyMethod::GradCam, SaliencyMethod::Gradient],
        };
        picked::check_out(&self.out, self.image.as_deref())?;
        let inference = self.network.open(&self.run, Some(Tta::None))?;
        let classes = inference.classes();
        let class = match &self.class {
            Some(name) => Some(class_of(name, classes)?),
            None => None,
        };
        let picked = self.picked.pick(&inference, self.image.as_deref())?;
        if let Some(note) = &picked.note {
            tell!("note: {note}");
        }
        let (image, input) = inference.input(&picked.image)?;
        let std = inference.pipeline().normalization().std();
        let network = inference.network();
        let layer = self.layer.as_deref();
        let found = inspect::saliency(network, input, class, methods, layer, std)?;
        let mut sections = saliency_picture(&image, &found, classes);
        sections[0].heading.insert(0, picked.from.clone());
        picked::draw(&sections, &self.out)?;
        let mut text = heading(&self.run, &inference, None);
        text += &format!("{}\n{}\n", picked.from, found.told(classes));
        for map in &found.maps {
            text += &format!("{}\n", map.told());
        }
        super::print(&format!("{text}drawn: {}\n", self.out.display()))?;
        Ok(ExitCode::SUCCESS)
    }
}

/// The number of a class by its name; capital or small letters do not matter if only one
/// class has them.
fn class_of(name: &str, classes: &[String]) -> Result<usize, trainer::TrainError> {
    let exact = classes.iter().position(|class| class == name);
    let alike = || {
        let lower = name.to_lowercase();
        let mut found = classes
            .iter()
            .enumerate()
            .filter(|(_, c)| c.to_lowercase() == lower);
        match (found.next(), found.next()) {
            (Some((class, _)), None) => Some(class),
            _ => None,
        }
    };
    exact.or_else(alike).ok_or_else(|| {
        InspectError::UnknownClass {
            class: name.into(),
            known: classes.to_vec(),
        }
        .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_found_by_name() {
        let classes = ["Bag", "a", "A", "0"].map(String::from);
        let found = |name: &str| class_of(name, &classes).ok();
        assert_eq!(found("bag"), Some(0));
        assert_eq!(
            [found("a"), found("A"), found("0")],
            [Some(1), Some(2), Some(3)]
        );
        let error = class_of("bags", &classes).unwrap_err();
        assert!(error.is_usage());
        assert_eq!(
            error.to_string(),
            "there is no class `bags` (did you mean `Bag`?); known: Bag, a, A, 0"
        );
    }
}
