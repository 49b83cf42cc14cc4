//! Maps of the plane: torchvision's `affine`, `rotate`, `perspective` and
//! `elastic` on byte tensors.

use super::{
    Fill, Image, Interpolation,
    line::{self, Line},
    sample::resample,
};

/// Rotates by `angle` degrees (clockwise), shears by `shear` degrees (x, y),
/// scales by `scale`, above 0, around `center` (x, y in pixels from the upper
/// left corner; none: the middle), and moves by `translate` pixels (x, y):
/// torchvision's `affine`. Without `fill` as its None.
#[expect(clippy::too_many_arguments, reason = "torchvision's, in its order")]
pub(super) fn affine(
    image: &mut Image,
    angle: f64,
    translate: [f64; 2],
    scale: f64,
    shear: [f64; 2],
    center: Option<[f64; 2]>,
    interpolation: Interpolation,
    fill: Option<&Fill>,
) {
    let [_, height, width] = image.shape();
    let middle = [width as f64 / 2.0, height as f64 / 2.0];
    let center = center.map_or([0.0; 2], |[x, y]| [x - middle[0], y - middle[1]]);
    let map = Affine {
        matrix: inverse(angle, translate, scale, shear, center),
        size: [width, height],
    };
    map.apply(image, interpolation, fill);
}

/// Rotates by `angle` degrees around the middle, or `center`: torchvision's
/// `rotate`, which turns anticlockwise where its `affine` turns clockwise.
pub(super) fn rotate(
    image: &mut Image,
    angle: f64,
    center: Option<[f64; 2]>,
    interpolation: Interpolation,
    fill: Option<&Fill>,
) {
    let angle = -angle.rem_euclid(360.0);
    let (still, straight) = ([0.0; 2], [0.0; 2]);
    affine(
        image,
        angle,
        still,
        1.0,
        straight,
        center,
        interpolation,
        fill,
    );
}

/// Where a pixel of the new image, counted from its middle, comes from in the
/// old one: the rows of a 2×3 matrix. `center` counts from the middle too.
fn inverse(
    angle: f64,
    translate: [f64; 2],
    scale: f64,
    shear: [f64; 2],
    center: [f64; 2],
) -> [[f64; 3]; 2] {
    // The map forward is a rotation times a shear, a matrix of determinant 1.
    let (angle, [shear_x, shear_y]) = (angle.to_radians(), shear.map(f64::to_radians));
    let a = (angle - shear_y).cos() / shear_y.cos();
    let b = -(a * shear_x.tan() + angle.sin());
    let c = (angle - shear_y).sin() / shear_y.cos();
    let d = angle.cos() - c * shear_x.tan();
    let back = [[d / scale, -b / scale], [-c / scale, a / scale]];
    let [x, y] = [center[0] + translate[0], center[1] + translate[1]];
    [0, 1].map(|axis| {
        let [by_x, by_y] = back[axis];
        [by_x, by_y, center[axis] - by_x * x - by_y * y]
    })
}

/// An affine map, from pixels of the new image to places in the old one.
struct Affine {
    /// Counted from the middle.
    matrix: [[f64; 3]; 2],
    /// Width and height.
    size: [usize; 2],
}

impl Affine {
    fn apply(&self, image: &mut Image, interpolation: Interpolation, fill: Option<&Fill>) {
        let step = line::place([self.matrix[0][0], self.matrix[1][0]]);
        let line = step.map(Line::new);
        resample(image, fill, |source, row, out| {
            // Along a row the places lie on a line, unless it leads too far away.
            let start = line::place(self.place(0, row));
            let end = line::place(self.place(out.len(), row));
            let place = |column| line::place(self.place(column, row));
            let rounded = |axis, column| self.rounded(axis, column, row);
            match (interpolation, line.as_ref().zip(start.and(end).and(start))) {
                (Interpolation::Bilinear, Some((line, start))) => {
                    source.bilinear_line(line, start, out);
                }
                (Interpolation::Bilinear, None) => source.bilinear_row(out, place),
                (Interpolation::Nearest, Some((line, start))) => {
                    source.nearest_row(out, |column| Some(line.at(start, column)), rounded);
                }
                (Interpolation::Nearest, None) => source.nearest_row(out, place, rounded),
            }
        });
    }

    /// Where a pixel comes from, in pixels: x and y.
    fn place(&self, column: usize, row: usize) -> [f64; 2] {
        let [width, height] = self.size;
        let x = column as f64 + 0.5 - width as f64 / 2.0;
        let y = row as f64 + 0.5 - height as f64 / 2.0;
        [0, 1].map(|axis| {
            let [by_x, by_y, shift] = self.matrix[axis];
            by_x * x + by_y * y + shift + (self.size[axis] as f64 - 1.0) / 2.0
        })
    }

    /// The column (`axis` 0) or row (1) that is nearest to where a pixel comes
    /// from, as PyTorch rounds.
    fn rounded(&self, axis: usize, column: usize, row: usize) -> i64 {
        let [width, height] = self.size.map(|size| size as f32);
        let x = column as f32 + 0.5 - width / 2.0;
        let y = row as f32 + 0.5 - height / 2.0;
        let half = [width, height][axis] / 2.0;
        let factors = self.matrix[axis].map(|factor| factor as f32 / half);
        nearest(product(factors, [x, y], self.size), half)
    }
}

/// A row of a matrix times a place: in single precision, as PyTorch does it.
///
/// Halfway between two pixels, rounding errors decide which of them is nearest:
/// so they are made here too. PyTorch counts places from -1 to 1, and its matrix
/// product fuses multiplication and addition, unless the matrices are small.
fn product([by_x, by_y, shift]: [f32; 3], [x, y]: [f32; 2], [width, height]: [usize; 2]) -> f32 {
    match 6 * width * height < 400 {
        true => x * by_x + y * by_y + shift,
        false => y.mul_add(by_y, x * by_x) + shift,
    }
}

/// The pixel nearest to a place from -1 to 1, on an axis of twice `half` pixels.
fn nearest(place: f32, half: f32) -> i64 {
    ((place + 1.0) * half - 0.5).round_ties_even() as i64
}

/// Takes each pixel from where a map of perspective, `[a, b, c, d, e, f, g, h]`,
/// sends it: x from `(ax + by + c) / (gx + hy + 1)` and y from
/// `(dx + ey + f) / (gx + hy + 1)`, all in pixels from the upper left corner of
/// the image. torchvision's `perspective`.
pub(super) fn perspective(
    image: &mut Image,
    [a, b, c, d, e, f, g, h]: [f64; 8],
    interpolation: Interpolation,
    fill: &Fill,
) {
    let [_, height, width] = image.shape();
    resample(image, Some(fill), |source, row, out| {
        let y = row as f64 + 0.5;
        let place = |column| {
            let x = column as f64 + 0.5;
            let depth = g * x + h * y + 1.0;
            line::place([
                (a * x + b * y + c) / depth - 0.5,
                (d * x + e * y + f) / depth - 0.5,
            ])
        };
        let rounded = |axis: usize, column| {
            let half = [width, height][axis] as f32 / 2.0;
            let factors = [[a, b, c], [d, e, f]][axis].map(|factor| factor as f32 / half);
            let depth = [g as f32, h as f32, 1.0];
            let product = |row| product(row, [column as f32 + 0.5, y as f32], [width, height]);
            nearest(product(factors) / product(depth) - 1.0, half)
        };
        match interpolation {
            Interpolation::Bilinear => source.bilinear_row(out, place),
            Interpolation::Nearest => source.nearest_row(out, place, rounded),
        }
    });
}

/// Takes each pixel from `field` further, x of all pixels and then y, in halves
/// of the image's sides: torchvision's `elastic`.
pub(super) fn displace(
    image: &mut Image,
    field: &[f32],
    interpolation: Interpolation,
    fill: &Fill,
) {
    let [_, height, width] = image.shape();
    let field = field.split_at(height * width);
    let by = |axis: usize, at: usize| [field.0, field.1][axis][at];
    resample(image, Some(fill), |source, row, out| {
        let place = |column: usize| {
            let at = row * width + column;
            line::place([
                column as f64 + f64::from(by(0, at)) * width as f64 / 2.0,
                row as f64 + f64::from(by(1, at)) * height as f64 / 2.0,
            ])
        };
        let rounded = |axis: usize, column: usize| {
            let (side, at) = [(width, column), (height, row)][axis];
            let place = middle(at, side) + by(axis, row * width + column);
            nearest(place, side as f32 / 2.0)
        };
        match interpolation {
            Interpolation::Bilinear => source.bilinear_row(out, place),
            Interpolation::Nearest => source.nearest_row(out, place, rounded),
        }
    });
}

/// Where the middle of pixel `at` is on a side of `len` pixels, from -1 to 1,
/// rounded as in PyTorch: counted from the nearer end.
fn middle(at: usize, len: usize) -> f32 {
    let end = ((len as f64 - 1.0) / len as f64) as f32;
    let step = 2.0 * end / (len.max(2) - 1) as f32;
    match at < len / 2 {
        true => step.mul_add(at as f32, -end),
        false => step.mul_add(-((len - 1 - at) as f32), end),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::augment::golden::Case;

    #[test]
    fn straight_maps_are_torchvisions() {
        let cases = Case::all("geometry.json");
        for case in cases
            .iter()
            .filter(|case| ["affine", "rotate"].contains(&&*case.step))
        {
            let mut image = case.image();
            let (mode, fill): (_, Fill) = (case.parameter("mode"), case.parameter("fill"));
            let (angle, center) = (case.parameter("angle"), case.parameter("center"));
            if case.step == "rotate" {
                rotate(&mut image, angle, center, mode, Some(&fill));
            } else {
                let (translate, scale) = (case.parameter("translate"), case.parameter("scale"));
                let shear = case.parameter("shear");
                affine(
                    &mut image,
                    angle,
                    translate,
                    scale,
                    shear,
                    center,
                    mode,
                    Some(&fill),
                );
            }
            case.check(&image, u8::from(mode == Interpolation::Bilinear));
        }
    }

    #[test]
    fn parameters_out_of_all_proportion_give_an_image() {
        for scale in [1e-300, 1e-9, 1.0, 1e9, 1e300] {
            for shear in [[0.0, 0.0], [90.0, 0.0], [0.0, 90.0], [89.999, -89.999]] {
                for shift in [0.0, 1e9, -1e12, 1e300] {
                    for mode in [Interpolation::Nearest, Interpolation::Bilinear] {
                        let mut image = Image::new(vec![100; 3 * 7 * 9], [3, 7, 9]);
                        let (translate, fill) = ([shift, 0.3], Fill::Grey(50));
                        affine(
                            &mut image,
                            1.0,
                            translate,
                            scale,
                            shear,
                            None,
                            mode,
                            Some(&fill),
                        );
                        let possible = |value| (50..=100).contains(value);
                        assert!(
                            image.pixels().iter().all(possible),
                            "{scale} {shear:?} {shift}"
                        );
                    }
                }
            }
        }
    }
}
