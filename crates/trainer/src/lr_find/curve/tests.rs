use super::*;

/// Of `loss`, until it ends.
fn curve(steps: usize, loss: impl Fn(usize) -> f64) -> LrCurve {
    let mut curve = LrCurve::of(steps);
    loop {
        let at = curve.points.len();
        let end = match curve.add(1e-7 * 1.2_f64.powi(at as i32), loss(at)) {
            Ok(_) => curve.is_over(),
            Err(end) => Some(end),
        };
        if let Some(end) = end {
            curve.end = end;
            return curve;
        }
    }
}

/// A plateau, a descent, an explosion; not smooth.
fn usual(at: usize) -> f64 {
    let at = at as f64;
    0.3 + 2.0 / (1.0 + ((at - 55.0) / 6.0).exp())
        + 0.02 * (3.0 * at).sin()
        + ((at - 88.0) / 2.0).exp()
}

/// Numbers of PyTorch 2.15, with fastai's rule for the valley:
///
/// ```python
/// mean, smoothed = torch.tensor(0., dtype=torch.float64), []
/// for i in range(100):
///     mean = torch.lerp(torch.tensor(usual(i), dtype=torch.float64), mean, 0.98)
///     smoothed.append(float(mean / (1 - 0.98 ** (i + 1))))
///     if smoothed[-1] > 4 * min(smoothed): break
/// steepest = 10 + int(torch.argmin(torch.gradient(torch.tensor(smoothed[10:-1]))[0]))
/// l = smoothed[10:-5]
/// best = [1] * len(l)  # lengths of falling subsequences
/// for i in range(len(l)):
///     for j in range(i):
///         if l[i] < l[j]: best[i] = max(best[i], best[j] + 1)
/// length = max(best); start = best.index(length) - length
/// valley = 10 + start + int(length / 3) + int(length / 3 / 2)
/// ```
#[test]
fn smoothing_and_suggestions_are_pytorchs() {
    let curve = curve(100, usual);
    assert_eq!(curve.end, RangeEnd::Diverged);
    assert_eq!(curve.points.len(), 98);
    for (at, smoothed) in [
        (0, 2.2997910935355717),
        (10, 2.298477676508966),
        (50, 2.1713076532115134),
        (97, 6.136849998297887),
    ] {
        assert!((curve.points[at].smoothed - smoothed).abs() < 1e-12, "{at}");
    }
    let found = curve.suggestion().unwrap();
    assert_eq!(found.steepest, curve.points[66]);
    assert_eq!(found.valley, Some(curve.points[50]));
    assert_eq!(found.lr(), curve.points[50].lr);
    assert!(!found.at_the_end);
}

#[test]
fn a_flat_or_rising_curve_suggests_nothing() {
    // As good as random.
    let noise = |at: usize| (at as f64 * at as f64 * 0.7).sin();
    let rising = |at: usize| 2.3 + at as f64 / 30.0;
    let fall = |of: &LrCurve| match of.suggestion() {
        Err(NoSuggestion::NoDescent {
            highest, lowest, ..
        }) => highest - lowest,
        other => panic!("{other:?}"),
    };
    for size in [0.003, 0.1] {
        let noisy = curve(100, |at| 2.3 + size * noise(at));
        assert!(fall(&noisy) > 0.0);
        let words = noisy.suggestion().unwrap_err().to_string();
        assert!(words.contains("than it varies between batches"), "{words}");
        // The same with a short descent below its noise, as of a network that learns.
        let learns = curve(100, |at| {
            let descent = if (80..90).contains(&at) {
                size * 4.0
            } else {
                0.0
            };
            2.3 + size * noise(at) - descent
        });
        let found = learns.suggestion().unwrap();
        let rate = learns.points[80].lr..learns.points[90].lr;
        assert!(rate.contains(&found.steepest.lr), "{found:?}");
    }
    assert_eq!(fall(&curve(100, rising)), 0.0);
    assert_eq!(fall(&curve(100, |_| 0.0)), 0.0);
}

#[test]
fn an_early_end_suggests_nothing() {
    for (points, last, end) in [
        (12, 1e9, RangeEnd::Diverged),
        (12, f64::NAN, RangeEnd::NotFinite),
    ] {
        let early = curve(100, |at| if at < points - 1 { 2.0 } else { last });
        assert_eq!(early.end, end);
        let found = early.suggestion();
        assert!(
            matches!(found, Err(NoSuggestion::TooFew { .. })),
            "{found:?}"
        );
    }
}

#[test]
fn a_descent_that_goes_on_is_said_so() {
    let falling = curve(40, |at| 2.0 - (at as f64 / 40.0).powi(8));
    assert_eq!(falling.end, RangeEnd::Steps);
    let found = falling.suggestion().unwrap();
    assert!(found.at_the_end);
    assert_eq!(found.steepest, falling.points[38]);
}
