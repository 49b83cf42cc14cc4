//! Bitmaps for people to look at.

mod colour;
mod grid;
mod sheet;

pub use colour::ColourMap;
pub use grid::{Tile, grid, grid_of_side, marked_grid, png, write_png};
pub use sheet::{Section, colour_bar, sheet};
