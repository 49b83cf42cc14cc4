use super::blend::planes;
use crate::augment::Image;

/// Turns the colours of an RGB image around the colour circle, by `factor` of
/// it, −0.5 to 0.5. Leaves a grey image as it is.
///
/// The way through HSV is Pillow's, and the arithmetic torchvision's in `f32`.
pub(super) fn hue(image: &mut Image, factor: f64) {
    let Some([red, green, blue]) = planes(image) else {
        return;
    };
    let factor = factor as f32;
    for ((red, green), blue) in red.iter_mut().zip(green).zip(blue) {
        let [hue, saturation, value] = to_hsv([*red, *green, *blue]);
        [*red, *green, *blue] = to_rgb([around(hue + factor), saturation, value]);
    }
}

/// The same place on the circle, 0 to 1, for one less than a turn away.
fn around(hue: f32) -> f32 {
    if hue < 0.0 {
        hue + 1.0
    } else if hue >= 1.0 {
        hue - 1.0
    } else {
        hue
    }
}

/// Hue, saturation and value, 0 to 1.
fn to_hsv(rgb: [u8; 3]) -> [f32; 3] {
    let share = |level: u8| f32::from(level) * (1.0_f64 / 255.0) as f32;
    let [red, green, blue] = rgb;
    let most = red.max(green).max(blue);
    let least = red.min(green).min(blue);
    if most == least {
        return [0.0, 0.0, share(most)];
    }
    let [red, green, blue, most, least] = [red, green, blue, most, least].map(share);
    let range = most - least;
    let away = |part: f32| (most - part) / range;
    let sixths = if most == red {
        away(blue) - away(green)
    } else if most == green {
        away(red) + 2.0 - away(blue)
    } else {
        away(green) + 4.0 - away(red)
    };
    let hue = sixths * (1.0_f64 / 6.0) as f32 + 1.0;
    [around(hue), range / most, most]
}

fn to_rgb([hue, saturation, value]: [f32; 3]) -> [u8; 3] {
    let sixths = hue * 6.0;
    let sector = sixths as u8;
    let along = saturation * (sixths - f32::from(sector));
    // A whole level is as wide at 255 as elsewhere.
    let level = |part: f32| (part.clamp(0.0, 1.0) * 255.999) as u8;
    let v = level(value);
    let p = level((1.0 - saturation) * value);
    let q = level((1.0 - along) * value);
    let t = level((along + (1.0 - saturation)) * value);
    match sector {
        1 => [q, v, p],
        2 => [p, v, t],
        3 => [p, q, v],
        4 => [t, p, v],
        5 => [v, p, q],
        // 0, and the full circle, which rounding can reach.
        _ => [v, t, p],
    }
}
