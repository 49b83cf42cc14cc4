//! Places in an image as whole numbers, and rows of them that lie on a line.

/// Bits of a [`Place`] after the point.
pub(super) const FRACTION_BITS: usize = 32;

/// A place in an image, x and y in units of 2⁻³² pixels from the centre of the
/// first pixel.
pub(super) type Place = [i64; 2];

/// A place given in pixels; none if it is too far away for a [`Place`].
pub(super) fn place([x, y]: [f64; 2]) -> Option<Place> {
    let possible = |at: f64| at.abs() < f64::from(1 << 29);
    let fixed = |at: f64| (at * (1_i64 << FRACTION_BITS) as f64) as i64;
    (possible(x) && possible(y)).then(|| [fixed(x), fixed(y)])
}

/// Where the pixels of a row come from: each `step` further.
pub(super) struct Line {
    pub step: Place,
    /// Columns for a unit of place; not read where `step` is 0.
    columns: [f64; 2],
}

impl Line {
    pub fn new(step: Place) -> Self {
        let columns = step.map(|step| 1.0 / step as f64);
        Self { step, columns }
    }

    /// The place of `column`, if that of the first is `start`.
    pub fn at(&self, start: Place, column: usize) -> Place {
        [0, 1].map(|axis| start[axis] + self.step[axis] * column as i64)
    }

    /// The columns below `count`, from and to, whose places on the axis are at
    /// least 0 and below `end` pixels. `start` is the place of the first.
    pub fn within(&self, axis: usize, start: i64, end: i64, count: usize) -> (usize, usize) {
        let end = end << FRACTION_BITS;
        let (step, columns) = (self.step[axis], self.columns[axis]);
        match step {
            0 if (0..end).contains(&start) => (0, count),
            0 => (0, 0),
            1.. => (
                first(-start, step, columns, count),
                first(end - start, step, columns, count),
            ),
            // The same of the axis turned round.
            _ => (
                first(start - end + 1, -step, -columns, count),
                first(start + 1, -step, -columns, count),
            ),
        }
    }
}

/// The first column that has come at least `far`, at `step` a column; `count` if
/// none below has.
fn first(far: i64, step: i64, columns: f64, count: usize) -> usize {
    // Rounded: it may be one too few or too many.
    let mut column = (far as f64 * columns) as i64;
    column = column.clamp(0, count as i64);
    while column > 0 && step * (column - 1) >= far {
        column -= 1;
    }
    while column < count as i64 && step * column < far {
        column += 1;
    }
    column as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_too_far_away_are_none() {
        for far in [1e9, -1e300, f64::INFINITY, f64::NAN] {
            assert_eq!(place([far, 0.0]), None);
            assert_eq!(place([0.0, far]), None);
        }
        assert_eq!(place([1.5, -2.0]), Some([3 << 31, -2 << 32]));
    }
}
