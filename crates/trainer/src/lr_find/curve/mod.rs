//! The curve of a range test, and what it suggests.

use serde::Serialize;

/// How much of the mean a loss before keeps with the next one: fastai's and
/// Lightning's.
const BETA: f64 = 0.98;
/// The test ends where the smoothed loss is more than so many times its lowest:
/// fastai's and Lightning's.
const DIVERGED: f64 = 4.0;
/// Points at the end that are not judged by: Lightning's for the steepest descent,
/// fastai's for the valley.
const STEEPEST_LEAVES: usize = 1;
const VALLEY_LEAVES: usize = 5;
/// A fall is looked for between means of so many neighbouring losses as they are: the
/// smoothed loss lags behind by some fifty.
const WINDOW: usize = 5;
/// So many standard errors of the difference of two such means are no chance, among all
/// pairs of a curve.
const LEAST_FALL: f64 = 5.0;

/// An update of a range test.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LrPoint {
    /// The learning rate.
    pub lr: f64,
    /// The mean loss of the images of the update, before it.
    pub loss: f64,
    /// The exponential mean of the losses so far, with bias correction.
    pub smoothed: f64,
}

/// What ended a range test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum RangeEnd {
    /// All updates were done.
    Steps,
    /// The smoothed loss was more than 4 times its lowest.
    Diverged,
    /// The loss was NaN or infinite. That point is left out.
    NotFinite,
    /// It was asked to stop.
    Interruption,
}

/// What a range test found: the points in the order of their rates.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LrCurve {
    /// The updates that were done.
    pub points: Vec<LrPoint>,
    /// Updates that were asked for.
    pub steps: usize,
    /// What ended it.
    pub end: RangeEnd,
}

/// What a curve says of the learning rate.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct LrSuggestion {
    /// Where the smoothed loss falls most from one rate to the next, by the central
    /// difference: Lightning's suggestion.
    pub steepest: LrPoint,
    /// A point half-way through the middle third of the longest run of ever lower
    /// smoothed losses: fastai's default suggestion. `None` where too few points are
    /// left.
    pub valley: Option<LrPoint>,
    /// Whether the loss falls most at the very end of what was tried: a larger rate
    /// may be better.
    pub at_the_end: bool,
}

/// Why a curve suggests no learning rate.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum NoSuggestion {
    /// The test ended after a few updates.
    #[error(
        "the curve has too few points ({points}) to judge by: begin at a lower rate, or take more steps"
    )]
    TooFew {
        /// How many there are.
        points: usize,
    },
    /// The loss does not fall anywhere by more than it varies between batches.
    #[error(
        "the loss falls nowhere by more than it varies between batches (the mean of \
         neighbouring batches from {highest:.4} to {lowest:.4}, a batch by ±{noise:.4}): the \
         network learns at none of these rates in so many steps; try more steps, another range, \
         or look at the network and its images"
    )]
    NoDescent {
        /// The mean loss of some neighbours where it falls most.
        highest: f64,
        /// The lowest after them.
        lowest: f64,
        /// The standard deviation of a loss from its neighbours.
        noise: f64,
    },
}

impl LrSuggestion {
    /// The rate to train with: that of the valley or, where there is none, of the
    /// steepest descent. The smoothed loss lags behind, and falls most where the loss
    /// itself has its lowest point behind it: a whole training with that rate may
    /// diverge, as LeNet-5 with SGD does.
    #[must_use]
    pub fn lr(&self) -> f64 {
        self.valley.unwrap_or(self.steepest).lr
    }
}

impl LrCurve {
    /// A curve of `steps` updates, none of which is done.
    pub(super) fn of(steps: usize) -> Self {
        Self {
            points: Vec::with_capacity(steps),
            steps,
            end: RangeEnd::Steps,
        }
    }

    /// Adds the loss at a rate, smoothed; an error if that ends the test.
    pub(super) fn add(&mut self, lr: f64, loss: f64) -> Result<LrPoint, RangeEnd> {
        if !loss.is_finite() {
            return Err(RangeEnd::NotFinite);
        }
        // The mean without bias correction, out of the last one with it.
        let number = self.points.len() as i32;
        let before = match self.points.last() {
            Some(last) => last.smoothed * (1.0 - BETA.powi(number)),
            None => 0.0,
        };
        let mean = BETA * before + (1.0 - BETA) * loss;
        let point = LrPoint {
            lr,
            loss,
            smoothed: mean / (1.0 - BETA.powi(number + 1)),
        };
        self.points.push(point);
        Ok(point)
    }

    /// Whether the test is at its end by its last point.
    pub(super) fn is_over(&self) -> Option<RangeEnd> {
        let lowest = self.points.iter().map(|point| point.smoothed);
        let lowest = lowest.fold(f64::INFINITY, f64::min);
        let last = self.points.last()?;
        if last.smoothed > DIVERGED * lowest {
            Some(RangeEnd::Diverged)
        } else {
            (self.points.len() >= self.steps).then_some(RangeEnd::Steps)
        }
    }

    /// What it suggests. The first tenth of the steps, where the smoothed loss is that
    /// of a few batches, and the last points are not judged by.
    ///
    /// # Errors
    /// [`NoSuggestion`], with what to do.
    pub fn suggestion(&self) -> Result<LrSuggestion, NoSuggestion> {
        let points = self.judged(STEEPEST_LEAVES);
        let too_few = NoSuggestion::TooFew {
            points: self.points.len(),
        };
        if points.len() < 2 {
            return Err(too_few);
        }
        check_fall(points)?;
        let at = steepest(points).ok_or(too_few)?;
        Ok(LrSuggestion {
            steepest: points[at],
            valley: valley(self.judged(VALLEY_LEAVES)),
            at_the_end: at + 1 == points.len() && self.end == RangeEnd::Steps,
        })
    }

    fn judged(&self, leaves: usize) -> &[LrPoint] {
        let end = self.points.len().saturating_sub(leaves);
        self.points.get(self.steps / 10..end).unwrap_or_default()
    }
}

/// Looks at the deepest fall from some neighbours to later ones.
fn check_fall(points: &[LrPoint]) -> Result<(), NoSuggestion> {
    let mean = |some: &[LrPoint]| some.iter().map(|p| p.loss).sum::<f64>() / some.len() as f64;
    let mut so_far = f64::NEG_INFINITY;
    let mut deepest = None;
    for loss in points.windows(WINDOW.min(points.len())).map(mean) {
        so_far = so_far.max(loss);
        if deepest.is_none_or(|(highest, lowest)| so_far - loss > highest - lowest) {
            deepest = Some((so_far, loss));
        }
    }
    let (highest, lowest) = deepest.unwrap_or_default();
    let noise = noise(points);
    let least = LEAST_FALL * noise * (2.0 / WINDOW as f64).sqrt();
    match highest > lowest && highest - lowest >= least {
        true => Ok(()),
        false => Err(NoSuggestion::NoDescent {
            highest,
            lowest,
            noise,
        }),
    }
}

/// The standard deviation of a loss, out of the median difference of neighbours (0.6745
/// standard deviations of that, if it is normal): a descent or an explosion hardly
/// counts.
fn noise(points: &[LrPoint]) -> f64 {
    let pairs = points.windows(2);
    let mut differences: Vec<f64> = pairs.map(|two| (two[1].loss - two[0].loss).abs()).collect();
    differences.sort_by(f64::total_cmp);
    let median = differences.get(differences.len() / 2).copied();
    median.unwrap_or(0.0) / (0.6745 * 2_f64.sqrt())
}

/// The first point with the lowest slope: the central difference, at both ends that
/// to the only neighbour, as `torch.gradient` has it. Of rates that rise by the same
/// factor it is that over the logarithm of the rate.
fn steepest(points: &[LrPoint]) -> Option<usize> {
    let last = points.len().checked_sub(1)?;
    let slope = |at: usize| {
        let (before, after) = (at.saturating_sub(1), (at + 1).min(last));
        (points[after].smoothed - points[before].smoothed) / (after - before).max(1) as f64
    };
    (0..points.len()).min_by(|&a, &b| slope(a).total_cmp(&slope(b)))
}

/// fastai's `valley`: the longest falling subsequence of the losses, which need not be
/// neighbours; of the stretch of as many points up to its end, the point after one
/// third and half of another.
fn valley(points: &[LrPoint]) -> Option<LrPoint> {
    let mut lengths = vec![1_usize; points.len()];
    let mut end = 0;
    for at in 0..points.len() {
        let higher = (0..at).filter(|&before| points[at].smoothed < points[before].smoothed);
        lengths[at] = higher.map(|before| lengths[before] + 1).max().unwrap_or(1);
        if lengths[at] > lengths[end] {
            end = at;
        }
    }
    let length = lengths.get(end).copied().filter(|&length| length >= 3)?;
    // As whole numbers: a third, and half of a third.
    let within = length / 3 + length / 6;
    points.get((end + within).checked_sub(length)?).copied()
}

#[cfg(test)]
mod tests;
