//! Bitmaps for people to look at.

mod grid;

pub(crate) use grid::png;
pub use grid::{Tile, grid, marked_grid, write_png};
