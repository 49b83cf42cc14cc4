use rand::RngExt;

use super::*;
use crate::{
    reference::{close, generator, numbers},
    simd::Level,
};

/// Windows of many sorts, with a number of planes.
fn windows() -> Vec<(Window, usize)> {
    let mut random = generator("windows");
    let mut drawn = Vec::new();
    while drawn.len() < 60 {
        let kernel = [random.random_range(1..5), random.random_range(1..5)];
        let window = Window::new(
            kernel,
            [random.random_range(1..4), random.random_range(1..4)],
            kernel.map(|kernel| random.random_range(0..=kernel / 2)),
            random.random(),
            [random.random_range(1..9), random.random_range(1..40)],
        );
        drawn.extend(window.map(|window| (window, random.random_range(1..5))));
    }
    for (kernel, padding) in [(2, 0), (3, 1)] {
        let window = Window::new([kernel; 2], [2; 2], [padding; 2], false, [32; 2]);
        drawn.push((window.unwrap(), 40));
    }
    drawn
}

/// The places in the plane that each window of a plane sees, row after row.
fn seen(window: Window) -> Vec<Vec<usize>> {
    let [height, width] = window.input;
    let mut all = Vec::new();
    for row in 0..window.output[0] {
        for column in 0..window.output[1] {
            let mut places = Vec::new();
            for at in 0..window.kernel[0] * window.kernel[1] {
                let y = row * window.stride[0] + at / window.kernel[1];
                let x = column * window.stride[1] + at % window.kernel[1];
                let [top, left] = window.padding;
                if (top..top + height).contains(&y) && (left..left + width).contains(&x) {
                    places.push((y - top) * width + x - left);
                }
            }
            all.push(places);
        }
    }
    all
}

#[test]
fn the_largest_of_a_window_is_the_first_of_equals() {
    for (window, planes) in windows() {
        // Few different values, so that there are equal ones.
        let x: Vec<f32> = numbers("x", planes * window.area())
            .iter()
            .map(|v| (v * 3.0).round())
            .collect();
        let mut expected = (Vec::new(), Vec::new());
        for plane in x.chunks(window.area()) {
            for places in seen(window) {
                let mut best = places[0];
                for &place in &places[1..] {
                    if plane[place] > plane[best] {
                        best = place;
                    }
                }
                expected.0.push(plane[best]);
                expected.1.push(best as u32);
            }
        }
        for level in Level::all() {
            assert_eq!(max(level, &x, window), expected, "{window:?}");
        }
        let dy = numbers("dy", expected.0.len());
        let mut dx = vec![0.0; x.len()];
        for (at, &dy) in dy.iter().enumerate() {
            let plane = at / window.windows();
            dx[plane * window.area() + expected.1[at] as usize] += f64::from(dy);
        }
        close(&max_backward(&dy, &expected.1, window), &dx);
    }
}

#[test]
fn infinities_and_what_is_not_a_number_have_a_place() {
    let window = Window::new([2; 2], [2; 2], [0; 2], false, [2, 4]).unwrap();
    let (least, nan) = (f32::NEG_INFINITY, f32::NAN);
    let x = [least, least, nan, 1.0, least, least, 2.0, nan];
    for level in Level::all() {
        let (largest, places) = max(level, &x, window);
        assert_eq!(largest[0], least);
        assert!(largest[1].is_nan());
        assert_eq!(places, [0, 7]);
    }
}

#[test]
fn averages_are_those_of_the_definition() {
    for (window, planes) in windows() {
        for with_padding in [false, true] {
            let x = numbers("x", planes * window.area());
            let dy = numbers("dy", planes * window.windows());
            let (mut y, mut dx) = (Vec::new(), vec![0.0; x.len()]);
            for (plane, values) in x.chunks(window.area()).enumerate() {
                for (at, places) in seen(window).into_iter().enumerate() {
                    let start = |axis: usize, at: usize| at * window.stride[axis];
                    let padded = |axis: usize, at: usize| {
                        let all = window.input[axis] + 2 * window.padding[axis];
                        (start(axis, at) + window.kernel[axis]).min(all) - start(axis, at)
                    };
                    let count = match with_padding {
                        true => padded(0, at / window.output[1]) * padded(1, at % window.output[1]),
                        false => places.len(),
                    } as f64;
                    y.push(places.iter().map(|&p| f64::from(values[p])).sum::<f64>() / count);
                    let dy = f64::from(dy[plane * window.windows() + at]) / count;
                    for place in places {
                        dx[plane * window.area() + place] += dy;
                    }
                }
            }
            for level in Level::all() {
                close(&average(level, &x, window, with_padding), &y);
                let gradient = average_backward(level, &mut dy.clone(), window, with_padding);
                close(&gradient, &dx);
            }
        }
    }
}

#[test]
fn global_averages_are_means_of_planes() {
    for (planes, area) in [(1, 1), (7, 49), (600, 64), (3, 40_000)] {
        let x = numbers("x", planes * area);
        let mean = |plane: &[f32]| plane.iter().map(|&v| f64::from(v)).sum::<f64>() / area as f64;
        let expected: Vec<f64> = x.chunks(area).map(mean).collect();
        for level in Level::all() {
            close(&global_average(level, &x, area), &expected);
        }
        let dy = numbers("dy", planes);
        let spread: Vec<f64> = (0..x.len())
            .map(|at| f64::from(dy[at / area]) / area as f64)
            .collect();
        close(&global_average_backward(&dy, area), &spread);
    }
}

#[test]
fn windows_that_miss_the_plane_are_not_covered() {
    assert_eq!(Window::new([2; 2], [1; 2], [2; 2], false, [4; 2]), None);
    assert_eq!(Window::new([5; 2], [1; 2], [0; 2], false, [4; 2]), None);
    assert_eq!(Window::new([1; 2], [1; 2], [0; 2], false, [0, 4]), None);
}
