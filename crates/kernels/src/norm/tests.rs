use rand::RngExt;

use super::{forward::Statistics, *};
use crate::{
    channels::Rows,
    reference::{close, generator, numbers},
    simd::Level,
};

/// A batch, and all that belongs to it, with the gradients by the book, in `f64`.
struct Case {
    rows: Rows,
    x: Vec<f32>,
    dy: Vec<f32>,
    residual: Option<Vec<f32>>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    /// Statistics that are not those of the batch.
    given: Option<(Vec<f32>, Vec<f32>)>,
    relu: bool,
}

#[derive(Default)]
struct Expected {
    y: Vec<f64>,
    mean: Vec<f64>,
    variance: Vec<f64>,
    dx: Vec<f64>,
    dresidual: Vec<f64>,
    dweight: Vec<f64>,
    dbias: Vec<f64>,
}

const EPSILON: f64 = 1e-5;

impl Case {
    fn all() -> Vec<Self> {
        let mut random = generator("batch norm");
        let mut shapes = vec![[8, 3, 1], [2, 65, 1], [3, 70, 4], [1, 1, 50], [4, 2, 33]];
        for _ in 0..4 {
            shapes.push([
                random.random_range(1..6),
                random.random_range(1..40),
                random.random_range(2..80),
            ]);
        }
        let mut cases = Vec::new();
        for [images, channels, area] in shapes {
            for choice in 0..8 {
                let count = images * channels * area;
                let [relu, residual, given] = [0, 1, 2].map(|bit| choice >> bit & 1 == 1);
                let positive = |values: Vec<f32>| values.iter().map(|v| v.abs() + 0.1).collect();
                // Far from zero, where digits are lost, unless a channel may have next
                // to no variance: there, no `f32` can hold the mean well enough.
                let far = if images * area > 8 { 50.0 } else { 0.0 };
                let x = numbers("x", count).iter().map(|v| v + far).collect();
                cases.push(Self {
                    rows: Rows::of(&[images, channels, area]),
                    x,
                    dy: numbers("dy", count),
                    residual: residual.then(|| numbers("residual", count)),
                    weight: numbers("weight", channels),
                    bias: numbers("bias", channels),
                    given: given.then(|| {
                        let mean = numbers("mean", channels);
                        let variance = positive(numbers("variance", channels));
                        (mean.iter().map(|v| v + far).collect(), variance)
                    }),
                    relu,
                });
            }
        }
        cases
    }

    fn affine(&self) -> Affine<'_> {
        Affine {
            weight: &self.weight,
            bias: &self.bias,
            epsilon: EPSILON,
        }
    }

    fn after(&self) -> After<'_> {
        After {
            residual: self.residual.as_deref(),
            relu: self.relu,
        }
    }

    fn expected(&self) -> Expected {
        let Rows { channels, area, .. } = self.rows;
        let wide = |values: &[f32]| -> Vec<f64> { values.iter().map(|&v| v.into()).collect() };
        let (x, mut dy) = (wide(&self.x), wide(&self.dy));
        let mut result = Expected {
            y: vec![0.0; x.len()],
            dx: vec![0.0; x.len()],
            ..Expected::default()
        };
        for channel in 0..channels {
            let of_channel = |at: &usize| at / area % channels == channel;
            let places: Vec<usize> = (0..x.len()).filter(of_channel).collect();
            let count = places.len() as f64;
            let average =
                |of: &dyn Fn(usize) -> f64| places.iter().map(|&at| of(at)).sum::<f64>() / count;
            let (mean, variance) = match &self.given {
                Some((mean, variance)) => (mean[channel].into(), variance[channel].into()),
                None => {
                    let mean = average(&|at| x[at]);
                    (mean, average(&|at| (x[at] - mean).powi(2)))
                }
            };
            let deviation = (variance + EPSILON).sqrt();
            let weight = f64::from(self.weight[channel]);
            let normal = |at: usize| (x[at] - mean) / deviation;
            for &at in &places {
                let residual = self.residual.as_ref().map_or(0.0, |all| all[at].into());
                let y = normal(at) * weight + f64::from(self.bias[channel]) + residual;
                if self.relu && y < 0.0 {
                    dy[at] = 0.0;
                } else {
                    result.y[at] = y;
                }
            }
            let of_bias = average(&|at| dy[at]);
            let of_weight = average(&|at| dy[at] * normal(at));
            for &at in &places {
                let flow = match &self.given {
                    Some(_) => dy[at],
                    None => dy[at] - of_bias - normal(at) * of_weight,
                };
                result.dx[at] = weight / deviation * flow;
            }
            result.mean.push(mean);
            result.variance.push(variance);
            result.dweight.push(of_weight * count);
            result.dbias.push(of_bias * count);
        }
        result.dresidual = dy;
        result
    }

    fn check(&self, level: Level) {
        let expected = self.expected();
        let mut y = vec![0.0; self.x.len()];
        let statistics = match &self.given {
            None => train(
                level,
                &mut y,
                &self.x,
                self.rows,
                self.affine(),
                self.after(),
            ),
            Some((mean, variance)) => {
                let by = (&**mean, &**variance);
                let x = Some(&*self.x);
                apply(level, &mut y, x, self.rows, self.affine(), by, self.after());
                let mut in_place = self.x.clone();
                let (affine, after) = (self.affine(), self.after());
                apply(level, &mut in_place, None, self.rows, affine, by, after);
                assert_eq!(in_place, y);
                Statistics {
                    mean: mean.clone(),
                    variance: variance.clone(),
                }
            }
        };
        close(&y, &expected.y);
        close(&statistics.mean, &expected.mean);
        close(&statistics.variance, &expected.variance);

        let saved = Backward {
            x: &self.x,
            y: self.relu.then_some(&y),
            weight: &self.weight,
            mean: &statistics.mean,
            variance: &statistics.variance,
            epsilon: EPSILON,
            of_batch: self.given.is_none(),
        };
        let mut dresidual = self.dy.clone();
        let mut dx = vec![0.0; self.x.len()];
        let (dweight, dbias) = backward(level, &mut dresidual, Some(&mut dx), self.rows, saved);
        close(&dx, &expected.dx);
        close(&dresidual, &expected.dresidual);
        close(&dweight, &expected.dweight);
        close(&dbias, &expected.dbias);
        let mut in_place = self.dy.clone();
        let again = backward(level, &mut in_place, None, self.rows, saved);
        assert_eq!((in_place, again), (dx, (dweight, dbias)));
    }
}

#[test]
fn outputs_and_gradients_are_those_of_the_definition() {
    for case in Case::all() {
        for level in Level::all() {
            case.check(level);
        }
    }
}

#[test]
fn results_do_not_depend_on_the_number_of_threads() {
    let rows = Rows::of(&[8, 40, 77]);
    let count = 8 * 40 * 77;
    let (x, weight) = (numbers("x", count), numbers("weight", 40));
    let run = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        pool.unwrap().install(|| {
            let mut y = vec![0.0; count];
            let affine = Affine {
                weight: &weight,
                bias: &weight,
                epsilon: EPSILON,
            };
            let after = After {
                residual: None,
                relu: false,
            };
            let level = crate::simd::level();
            let Statistics { mean, variance } = train(level, &mut y, &x, rows, affine, after);
            let mut dy = numbers("dy", count);
            let saved = Backward {
                x: &x,
                y: None,
                weight: &weight,
                mean: &mean,
                variance: &variance,
                epsilon: EPSILON,
                of_batch: true,
            };
            let gradients = backward(level, &mut dy, None, rows, saved);
            (y, mean, variance, dy, gradients)
        })
    };
    assert_eq!(run(1), run(3));
}

#[test]
fn a_single_value_has_no_variance() {
    for level in Level::all() {
        let mut y = [0.0];
        let affine = Affine {
            weight: &[2.0],
            bias: &[0.5],
            epsilon: EPSILON,
        };
        let after = After {
            residual: None,
            relu: false,
        };
        let statistics = train(level, &mut y, &[7.0], Rows::of(&[1, 1]), affine, after);
        assert_eq!((statistics.mean[0], statistics.variance[0]), (7.0, 0.0));
        assert_eq!(y, [0.5]);
    }
}
