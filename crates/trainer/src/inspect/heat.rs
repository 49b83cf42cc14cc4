use std::fmt::Write;

use data::augment::Image;
use models::Shape;

use super::{HeatMap, Saliency, SaliencyMethod, short};
use crate::pictures::{ColourMap, Section, Tile, colour_bar, grid_of_side};

/// Side of the images, in pixels.
const SIDE: u32 = 140;
/// How much of the colour there is where nothing counts, and where most does.
const VEIL: [f32; 2] = [0.3, 0.85];
/// The share of the pixels that are drawn below the highest colour of input gradients, of
/// which single ones stand out.
const PERCENTILE: f64 = 0.99;

/// An image with its heat maps, each by itself and over the image, and what is to be said of
/// them: the class, its probability, methods and colours.
///
/// # Panics
/// If the image is not of the size of the maps, or a class has no name.
#[must_use]
pub fn saliency_picture(image: &Image, saliency: &Saliency, classes: &[String]) -> Vec<Section> {
    let grey = image.grey();
    let [channels, height, width] = image.shape();
    let mut pixels = Vec::new();
    for channel in 0..3 {
        let plane = channel.min(channels - 1) * height * width;
        pixels.extend_from_slice(&image.pixels()[plane..][..height * width]);
    }
    let tile = |pixels: Vec<u8>, caption: &str| Tile {
        pixels,
        shape: [3, height, width],
        caption: vec![caption.into()],
    };
    let mut tiles = vec![tile(pixels, "image")];
    let mut legends = Vec::new();
    for map in &saliency.maps {
        let name = match map.method {
            SaliencyMethod::GradCam => "Grad-CAM",
            SaliencyMethod::Gradient => "input gradient",
        };
        let top = map.top();
        let shares: Vec<f32> = map.values.iter().map(|value| share(*value, top)).collect();
        tiles.push(tile(ColourMap::Viridis.planes(&shares), name));
        tiles.push(tile(over(grey.pixels(), &shares), "over the image"));
        legends.push(map.legend(top));
    }
    let mut sections = vec![Section {
        heading: vec![saliency.told(classes)],
        picture: grid_of_side(&tiles, tiles.len(), SIDE),
    }];
    sections.extend(legends);
    sections
}

impl Saliency {
    /// The class in question and its probability, and what the network tells.
    ///
    /// # Panics
    /// If a class has no name.
    #[must_use]
    pub fn told(&self, classes: &[String]) -> String {
        let percent = |class: usize| 100.0 * self.prediction.probabilities[class];
        let (class, predicted) = (self.class, self.prediction.best().label);
        let mut text = format!("class {}: {:.1} %", classes[class], percent(class));
        match class == predicted {
            true => text.push_str(", which the network tells"),
            false => {
                let (other, percent) = (&classes[predicted], percent(predicted));
                let _ = write!(text, "; the network tells {other}: {percent:.1} %");
            }
        }
        text
    }
}

impl HeatMap {
    /// The value that has the highest colour.
    fn top(&self) -> f32 {
        let mut sorted = self.values.clone();
        sorted.sort_by(f32::total_cmp);
        let last = sorted.len() - 1;
        match self.method {
            SaliencyMethod::GradCam => sorted[last],
            SaliencyMethod::Gradient => sorted[(last as f64 * PERCENTILE) as usize],
        }
    }

    /// What it shows, in words.
    #[must_use]
    pub fn told(&self) -> String {
        let [height, width] = self.size;
        match &self.layer {
            Some((layer, shape)) => format!(
                "Grad-CAM of layer {layer}: {}, brought to {height}×{width}",
                Shape::Map(*shape)
            ),
            None => "input gradient: how much the score changes with each pixel".into(),
        }
    }

    /// What it shows, and what the colours stand for.
    fn legend(&self, top: f32) -> Section {
        let high = match self.method {
            SaliencyMethod::GradCam => short(top),
            SaliencyMethod::Gradient => format!("{} and more", short(top)),
        };
        Section {
            heading: vec![self.told()],
            picture: colour_bar(ColourMap::Viridis, "0", &high),
        }
    }
}

fn share(value: f32, top: f32) -> f32 {
    match top > 0.0 {
        true => (value / top).min(1.0),
        // Nothing counts, or what counts is less than a hundredth of the pixels.
        false if value > 0.0 => 1.0,
        false => 0.0,
    }
}

/// Colours over an image in grey: the more something counts, the less of the image is left.
fn over(grey: &[u8], shares: &[f32]) -> Vec<u8> {
    let colours = ColourMap::Viridis.planes(shares);
    let planes = colours.chunks_exact(grey.len());
    let blended = |plane: &[u8]| -> Vec<u8> {
        let pixels = plane.iter().zip(grey).zip(shares);
        let blend = |((&colour, &grey), share): ((&u8, &u8), &f32)| {
            let veil = VEIL[0] + (VEIL[1] - VEIL[0]) * share;
            (f32::from(colour) * veil + f32::from(grey) * (1.0 - veil)).round() as u8
        };
        pixels.map(blend).collect()
    };
    planes.flat_map(blended).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Prediction, pictures::sheet};

    fn saliency(values: Vec<f32>, method: SaliencyMethod) -> Saliency {
        Saliency {
            class: 1,
            prediction: Prediction::of(&[1.0, 0.0]),
            maps: vec![HeatMap {
                method,
                layer: None,
                size: [1, 2],
                values,
            }],
        }
    }

    #[test]
    fn says_the_class_and_what_the_network_tells() {
        let classes = ["cat".to_string(), "dog".to_string()];
        let mut saliency = saliency(vec![0.0; 2], SaliencyMethod::Gradient);
        // 1 / (1 + e) and e / (1 + e).
        assert_eq!(
            saliency.told(&classes),
            "class dog: 26.9 %; the network tells cat: 73.1 %"
        );
        saliency.class = 0;
        assert_eq!(
            saliency.told(&classes),
            "class cat: 73.1 %, which the network tells"
        );
    }

    #[test]
    fn what_counts_most_is_yellow() {
        let image = Image::new(vec![0, 100], [1, 1, 2]);
        let classes = ["cat".to_string(), "dog".to_string()];
        let found = saliency(vec![0.0, 4.0], SaliencyMethod::GradCam);
        let picture = saliency_picture(&image, &found, &classes);
        assert_eq!(picture.len(), 2, "the images, and a legend");
        let pixel = |x: u32| picture[0].picture.get_pixel(x, 7).0;
        assert_eq!([pixel(7), pixel(77)], [[0; 3], [100; 3]]);
        let [low, high] = [0.0, 1.0].map(|share| ColourMap::Viridis.colour(share));
        assert_eq!([pixel(153), pixel(223)], [low, high]);
        // Little of the image is left there.
        let left = high.map(|colour| (f32::from(colour) * 0.85 + 15.0).round() as u8);
        assert_eq!(pixel(369), left);
        // A map of zeros has a picture, too.
        let nothing = saliency(vec![0.0; 2], SaliencyMethod::Gradient);
        assert!(sheet(&saliency_picture(&image, &nothing, &classes)).height() > 100);
    }
}
