use plotters::style::colors::colormaps::ViridisRGB;

/// How a number from 0 to 1 becomes a colour, the larger the lighter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColourMap {
    /// Black to white.
    Grey,
    /// Violet to yellow: viridis (Smith and van der Walt, 2015), whose equal steps look
    /// equal, also in grey and to the colour-blind.
    Viridis,
}

impl ColourMap {
    /// The colour of `share`, as RGB. What is below 0, or no number, is as 0, and what is
    /// above 1 as 1.
    #[must_use]
    pub fn colour(self, share: f32) -> [u8; 3] {
        let share = match share.is_nan() {
            true => 0.0,
            false => share.clamp(0.0, 1.0),
        };
        match self {
            Self::Grey => [(share * 255.0).round() as u8; 3],
            Self::Viridis => {
                let colour = ViridisRGB::get_color(share);
                [colour.0, colour.1, colour.2]
            }
        }
    }

    /// The colours of `shares`, channel by channel: the pixels of an RGB tile.
    #[must_use]
    pub fn planes(self, shares: &[f32]) -> Vec<u8> {
        let colours: Vec<[u8; 3]> = shares.iter().map(|&share| self.colour(share)).collect();
        let plane = |channel: usize| colours.iter().map(move |colour| colour[channel]);
        (0..3).flat_map(plane).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_map_gets_lighter_and_takes_any_number() {
        // Rec. 709's weights of red, green and blue.
        let lightness = |[r, g, b]: [u8; 3]| {
            0.2126 * f32::from(r) + 0.7152 * f32::from(g) + 0.0722 * f32::from(b)
        };
        for map in [ColourMap::Grey, ColourMap::Viridis] {
            let steps = (0..=64).map(|step| lightness(map.colour(step as f32 / 64.0)));
            assert!(steps.is_sorted_by(|a, b| a < b), "{map:?}");
            for (any, like) in [
                (f32::NAN, 0.0),
                (-3.0, 0.0),
                (f32::NEG_INFINITY, 0.0),
                (7.0, 1.0),
                (f32::INFINITY, 1.0),
            ] {
                assert_eq!(map.colour(any), map.colour(like), "{map:?}, {any}");
            }
        }
        // matplotlib.colormaps["viridis"]: (68, 1, 84) to (253, 231, 37).
        assert_eq!(ColourMap::Viridis.colour(0.0), [68, 1, 84]);
        assert_eq!(ColourMap::Viridis.colour(1.0), [254, 232, 37]);
        assert_eq!(
            ColourMap::Grey.planes(&[0.0, 1.0]),
            [0, 255, 0, 255, 0, 255]
        );
    }
}
