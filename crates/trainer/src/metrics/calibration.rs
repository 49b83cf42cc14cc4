/// Of Guo et al. (2017).
const BINS: usize = 15;

/// How far the probabilities of predictions are from how often they are right.
#[derive(Debug, Clone, Default)]
pub(super) struct Calibration {
    bins: [Bin; BINS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Bin {
    confidence: f64,
    correct: f64,
    images: f64,
}

impl Calibration {
    /// Adds an image whose largest probability is `confidence`.
    pub fn add(&mut self, confidence: f64, correct: bool) {
        // Bin m is ((m − 1) / BINS, m / BINS].
        let bin = (confidence * BINS as f64).ceil() as usize;
        let bin = &mut self.bins[bin.clamp(1, BINS) - 1];
        bin.confidence += confidence;
        bin.correct += f64::from(u8::from(correct));
        bin.images += 1.0;
    }

    /// The expected calibration error, 0 to 1.
    pub fn error(&self) -> f64 {
        let images: f64 = self.bins.iter().map(|bin| bin.images).sum();
        if images == 0.0 {
            return 0.0;
        }
        let gap = |bin: &Bin| (bin.correct - bin.confidence).abs();
        self.bins.iter().map(gap).sum::<f64>() / images
    }
}
