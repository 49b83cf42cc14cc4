//! Rectangles of random area, ratio and place: what `RandomResizedCrop` cuts out
//! and `RandomErasing` paints over.

use super::{
    Draw,
    parameter::{Problem, check_positive, require},
};

/// A rectangle in an image, in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    /// Row and column of the corner.
    pub place: [usize; 2],
    /// Height and width.
    pub size: [usize; 2],
}

/// That `scale` and `ratio` can be drawn from.
pub(super) fn check_scale_and_ratio(scale: [f64; 2], ratio: [f64; 2]) -> Result<(), Problem> {
    let [least, most] = scale;
    require(
        "scale",
        0.0 <= least && least <= most && most <= 1.0,
        || format!("from {least} to {most} are no shares of an area: least and most, from 0 to 1"),
    )?;
    check_positive("ratio", ratio, "ratios")
}

/// Height and width of a share of an image that is uniform over `scale`, with a
/// ratio (width over height) whose logarithm is uniform over that of `ratio`.
pub(super) fn draw_size(
    [height, width]: [usize; 2],
    scale: [f64; 2],
    ratio: [f64; 2],
    draw: &mut Draw,
) -> [usize; 2] {
    let area = (height * width) as f64 * draw.uniform(scale[0], scale[1]);
    let ratio = draw.uniform(ratio[0].ln(), ratio[1].ln()).exp();
    [area / ratio, area * ratio].map(|square| square.sqrt().round_ties_even() as usize)
}

/// A place for a piece of `size`, each equally likely.
pub(super) fn draw_place([height, width]: [usize; 2], size: [usize; 2], draw: &mut Draw) -> Piece {
    let top = draw.below(height - size[0] + 1);
    let left = draw.below(width - size[1] + 1);
    Piece {
        place: [top, left],
        size,
    }
}
