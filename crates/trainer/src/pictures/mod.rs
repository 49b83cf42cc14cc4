//! Bitmaps for people to look at.

mod grid;

pub use grid::{Tile, grid, write_png};
