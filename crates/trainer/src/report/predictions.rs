//! Images with what they were taken for: the most confident mistakes, and some of all.

use serde::Serialize;

use super::{
    format::count,
    images::{Images, Tile},
    source::Part,
};

/// Images of the test set, and what is to be said about their choice.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(super) struct Gallery {
    about: String,
    tiles: Vec<Tile>,
}

const MISTAKES: usize = 24;
const SOME: usize = 36;

/// The mistakes that the network was surest of.
pub(super) fn mistakes(images: &mut Part<Images<'_>>) -> Part<Gallery> {
    let images = images.as_mut().map_err(|problem| problem.clone())?;
    let predictions = images.predictions();
    let mut wrong: Vec<usize> = (0..predictions.len())
        .filter(|&index| !predictions[index].is_right())
        .collect();
    let confidence = |index: usize| predictions[index].confidence;
    wrong.sort_by(|&a, &b| confidence(b).total_cmp(&confidence(a)));
    let tiles: Vec<Tile> = wrong
        .iter()
        .take(MISTAKES)
        .map_while(|&i| images.tile(i))
        .collect();
    Ok(Gallery {
        about: match wrong.len() {
            0 => format!(
                "None of {} was mistaken.",
                count(predictions.len(), "test image")
            ),
            all if all == tiles.len() => {
                format!("All {} of the test set.", count(all, "mistake"))
            }
            all => format!(
                "The {} that the network was surest of, of {} on {}.",
                tiles.len(),
                count(all, "mistake"),
                count(predictions.len(), "test image")
            ),
        },
        tiles,
    })
}

/// Images evenly over the test set.
pub(super) fn some(images: &mut Part<Images<'_>>) -> Part<Gallery> {
    let images = images.as_mut().map_err(|problem| problem.clone())?;
    let all = images.predictions().len();
    let shown = all.min(SOME);
    let tiles: Vec<Tile> = (0..shown)
        .map(|at| at * all / shown)
        .map_while(|index| images.tile(index))
        .collect();
    let wrong = tiles.iter().filter(|tile| !tile.right()).count();
    Ok(Gallery {
        about: format!(
            "{} evenly over the {} of the test set, {}.",
            tiles.len(),
            count(all, "image"),
            match wrong {
                0 => "all of them right".into(),
                wrong => format!("{wrong} of them wrong"),
            }
        ),
        tiles,
    })
}
