//! Against the sums as they are defined, in `f64`, on every level of SIMD; and what no
//! shape, number of threads or earlier call may change.

mod case;

use chacha20::ChaCha8Rng;
use rand::RngExt;
use rayon::ThreadPoolBuilder;

use self::case::Case;
use super::*;
use crate::{
    reference::{close, generator},
    scratch::{output, recycle, scratch},
};

/// Stride 1, dilation 1 and one group.
fn plain(
    batch: usize,
    [inputs, outputs]: [usize; 2],
    image: [usize; 2],
    kernel: [usize; 2],
    padding: [usize; 2],
) -> ConvShape {
    ConvShape {
        batch,
        groups: 1,
        inputs,
        outputs,
        image,
        kernel,
        stride: [1; 2],
        padding,
        dilation: [1; 2],
    }
}

/// A shape of any sort, with up to 64 channels in some groups, or in one group so many
/// that vectors along them are full; `None` if the kernel does not fit, or it is too much
/// work for a test.
fn drawn(random: &mut ChaCha8Rng, many_channels: bool) -> Option<ConvShape> {
    let mut pair = |from: usize, to: usize| [0; 2].map(|_| random.random_range(from..=to));
    let (groups, [inputs, outputs], largest) = if many_channels {
        (1, pair(14, 64), 9)
    } else {
        let [groups, power] = pair(1, 4);
        let most = (4 << (2 * power.min(3) - 2)) / groups;
        (groups, pair(1, most.max(1)), 17)
    };
    let shape = ConvShape {
        batch: pair(1, 5)[0],
        groups,
        inputs,
        outputs,
        image: pair(1, largest),
        kernel: pair(1, 5),
        stride: pair(1, 3),
        padding: pair(0, 3),
        dilation: pair(1, 2),
    };
    let [height, width] = shape.output()?;
    let work = shape.batch * groups * shape.weight_len() * height * width;
    (work < 1_500_000).then_some(shape)
}

/// Shapes that the fixed ones of the tests below have in common: every way through the
/// code, with more images than are computed together.
fn ways() -> [ConvShape; 13] {
    let strided = ConvShape {
        stride: [2; 2],
        ..plain(5, [20, 24], [17, 15], [3; 2], [1; 2])
    };
    [
        plain(19, [3, 8], [14, 13], [5; 2], [2; 2]),
        plain(37, [6, 10], [3; 2], [3; 2], [1; 2]),
        strided,
        ConvShape {
            stride: [2, 3],
            ..plain(4, [33, 17], [9; 2], [1; 2], [0; 2])
        },
        ConvShape {
            groups: 3,
            dilation: [2; 2],
            ..plain(6, [4, 7], [11, 12], [3; 2], [2; 2])
        },
        ConvShape {
            groups: 16,
            ..plain(9, [1, 1], [10; 2], [3; 2], [1; 2])
        },
        // So many channels that vectors run along them.
        ConvShape {
            stride: [2; 2],
            ..plain(11, [32, 48], [17, 15], [3; 2], [1; 2])
        },
        ConvShape {
            stride: [2, 1],
            dilation: [1, 2],
            ..plain(19, [26, 16], [7, 6], [4, 2], [3, 1])
        },
        plain(33, [64, 40], [3, 2], [1; 2], [0; 2]),
        plain(130, [16; 2], [40; 2], [1; 2], [0; 2]),
        // Winograd's transforms: tiles of 4 and of 2, few images, and many of many tiles.
        plain(3, [20, 33], [9, 12], [3; 2], [1; 2]),
        plain(5, [32, 16], [6; 2], [3; 2], [1; 2]),
        plain(30, [80, 16], [32; 2], [3; 2], [1; 2]),
    ]
}

fn best() -> Level {
    *Level::all().last().unwrap()
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| value.into()).collect()
}

fn bits(results: &[Vec<f32>; 3]) -> Vec<u32> {
    results
        .iter()
        .flatten()
        .map(|value| value.to_bits())
        .collect()
}

#[test]
fn outputs_are_counted_as_in_pytorch() {
    let shape = ConvShape {
        stride: [2, 3],
        dilation: [2, 1],
        ..plain(2, [3, 4], [9, 7], [3, 5], [1, 2])
    };
    assert_eq!(shape.output(), Some([4, 3]));
    // A kernel as large as the padded image, and a larger one.
    let padded = |kernel| plain(1, [1, 1], [2, 4], [kernel, 1], [1, 0]).output();
    assert_eq!(padded(4), Some([1, 4]));
    assert_eq!(padded(5), None);
    for axis in 0..2 {
        let [mut image, mut kernel, mut stride, mut dilation] = [shape; 4];
        image.image[axis] = 0;
        kernel.kernel[axis] = 0;
        stride.stride[axis] = 0;
        dilation.dilation[axis] = 0;
        for shape in [image, kernel, stride, dilation] {
            assert_eq!(shape.output(), None, "{shape:?}");
        }
    }
    assert_eq!(ConvShape { batch: 0, ..shape }.output(), None);
}

#[test]
fn shapes_of_every_sort() {
    let mut random = generator("shapes");
    for many_channels in [false, true] {
        let shapes = std::iter::from_fn(|| Some(drawn(&mut random, many_channels)));
        for shape in shapes.flatten().take(150) {
            Case::new(shape).check();
        }
    }
}

#[test]
fn many_channels() {
    for (channels, image, kernel, padding) in [
        ([512, 512], [1, 2], [1, 1], [0, 0]),
        ([512, 20], [4, 3], [3, 3], [1, 1]),
        ([40, 512], [2, 2], [3, 3], [1, 1]),
        ([300, 257], [4, 4], [3, 3], [1, 1]),
        ([3, 130], [7, 7], [5, 5], [2, 2]),
        ([130, 3], [5, 5], [2, 4], [0, 3]),
    ] {
        Case::new(plain(2, channels, image, kernel, padding)).check();
    }
    let strided = ConvShape {
        stride: [2; 2],
        ..plain(1, [256, 512], [4; 2], [1; 2], [0; 2])
    };
    Case::new(strided).check();
    let depthwise = ConvShape {
        groups: 512,
        ..plain(3, [1, 1], [5; 2], [3; 2], [1; 2])
    };
    Case::new(depthwise).check();
}

/// From 16 channels on, these are computed by Winograd's transforms.
#[test]
fn three_by_three_of_every_size_and_padding() {
    let mut random = generator("winograd");
    let mut draw = |from: usize, to: usize| random.random_range(from..=to);
    for size in 2..=17 {
        for padding in 0..=2 {
            let other = (draw(2, 17), draw(0, 2));
            let upright = ([size, other.0], [padding, other.1]);
            let lying = ([other.0, size], [other.1, padding]);
            for (image, padding) in [upright, lying] {
                let channels = [draw(16, 36), draw(16, 36)];
                let shape = plain(draw(1, 2), channels, image, [3; 2], padding);
                // Kernels that do not fit: an image of 2 without padding.
                if shape.output().is_some() {
                    Case::new(shape).check();
                }
            }
        }
    }
}

/// Large batches go other ways than small ones, and are too much for the definition.
#[test]
fn a_batch_is_its_images() {
    let levels = Level::all();
    let on_all = |shape| levels.iter().map(move |&level| (shape, level));
    for (shape, level) in ways().into_iter().flat_map(on_all) {
        let case = Case::new(shape);
        let [y, dx, dw] = case.results(level);
        let mut sums = vec![0.0; dw.len()];
        let [input, output] = [&case.x, &case.dy].map(|all| all.len() / shape.batch);
        for image in 0..shape.batch {
            let one = Case {
                shape: ConvShape { batch: 1, ..shape },
                x: case.x[image * input..][..input].to_vec(),
                dy: case.dy[image * output..][..output].to_vec(),
                ..case.clone()
            };
            let [y_of_one, dx_of_one, dw_of_one] = one.results(level);
            close(&y[image * output..][..output], &wide(&y_of_one));
            close(&dx[image * input..][..input], &wide(&dx_of_one));
            for (sum, of_one) in sums.iter_mut().zip(wide(&dw_of_one)) {
                *sum += of_one;
            }
        }
        close(&dw, &sums);
    }
}

#[test]
fn threads_do_not_change_a_bit() {
    for shape in ways() {
        let case = Case::new(shape);
        let [one, two, three] = [1, 2, 3].map(|threads| {
            let pool = ThreadPoolBuilder::new().num_threads(threads).build();
            bits(&pool.unwrap().install(|| case.results(best())))
        });
        assert!(one == two && one == three, "{shape:?}");
    }
}

/// Memory is used again as it was left.
#[test]
fn what_was_computed_before_does_not_matter() {
    for shape in ways() {
        let case = Case::new(shape);
        let before = bits(&case.results(best()));
        let nan = Case {
            x: vec![f32::NAN; case.x.len()],
            dy: vec![f32::NAN; case.dy.len()],
            weight: vec![f32::NAN; case.weight.len()],
            ..case.clone()
        };
        let spoilt = nan.results(best());
        assert!(
            spoilt
                .iter()
                .all(|values| values.iter().any(|v| v.is_nan()))
        );
        // Buffers of all sizes, whatever was asked for.
        let mut buffers: Vec<_> = (8..23).map(|power| scratch(1 << power)).collect();
        buffers.iter_mut().for_each(|buffer| buffer.fill(f32::NAN));
        drop(buffers);
        // Outputs of just these sizes.
        for values in &spoilt {
            drop(output(values.len()));
            recycle(vec![f32::NAN; values.len()]);
        }
        let after = case.results(best());
        assert!(
            after.iter().flatten().all(|value| value.is_finite()),
            "{shape:?}"
        );
        assert!(bits(&after) == before, "{shape:?}");
    }
}

/// Images share vectors, and channels memory.
#[test]
fn an_image_of_nan_stays_by_itself() {
    for shape in ways() {
        let case = Case::new(shape);
        let [y, dx, _] = case.results(best());
        let [input, output] = [&case.x, &case.dy].map(|all| all.len() / shape.batch);
        let mut spoilt = case.clone();
        spoilt.x[input..][..input].fill(f32::NAN);
        spoilt.dy[output..][..output].fill(f32::NAN);
        let [spoilt_y, spoilt_dx, _] = spoilt.results(best());
        for (good, spoilt, len) in [(&y, &spoilt_y, output), (&dx, &spoilt_dx, input)] {
            assert!(spoilt[len..][..len].iter().any(|value| value.is_nan()));
            assert_eq!(spoilt[..len], good[..len], "{shape:?}");
            assert_eq!(spoilt[2 * len..], good[2 * len..], "{shape:?}");
        }
    }
}
