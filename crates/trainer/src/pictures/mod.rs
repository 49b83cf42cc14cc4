//! Bitmaps for people to look at.

mod colour;
mod grid;
mod sheet;

pub use colour::ColourMap;
pub(crate) use grid::png;
pub use grid::{Tile, grid, grid_of_side, marked_grid, write_png};
pub use sheet::{Section, colour_bar, sheet};
