//! What a step computes: additions and multiplications, by the usual conventions.

use models::Summary;

use super::BenchMode;

/// Multiply-adds for one image of a forward pass: of convolutions and fully connected
/// layers, as [`Summary`] counts them; those of second classifiers in training alone.
pub(super) fn multiply_adds(summary: &Summary, mode: BenchMode) -> usize {
    let counts = |training_only: bool| mode == BenchMode::Train || !training_only;
    let layers = summary.layers.iter();
    layers
        .filter(|layer| counts(layer.training_only))
        .map(|layer| layer.multiply_adds)
        .fold(0, usize::saturating_add)
}

/// Floating-point operations of a step of `batch` images.
///
/// A multiply-add is 2. A training step counts 3 forward passes: the backward pass computes
/// the gradients of the inputs and those of the weights, each as much as the forward pass.
/// That is the convention of the field (OpenAI, "AI and Compute", 2018), and not what an
/// implementation does: batch norms, activations and the optimizer are left out, the gradient
/// of the first layer's input, which nobody needs, is counted, and Winograd's convolutions do
/// with fewer.
pub(super) fn of_step(multiply_adds: usize, batch: usize, mode: BenchMode) -> f64 {
    let passes = match mode {
        BenchMode::Train => 3.0,
        BenchMode::Infer => 1.0,
    };
    passes * 2.0 * multiply_adds as f64 * batch as f64
}

/// 10⁹ operations a second.
pub(super) fn gflops(operations: f64, ms: f64) -> f64 {
    operations / (1e6 * ms)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// conv1: 6·28·28·(1·5·5) = 117,600; conv2: 16·10·10·(6·5·5) = 240,000;
    /// fc1 to fc3: 400·120 + 120·84 + 84·10 = 58,920.
    #[test]
    fn lenets_operations_are_those_by_hand() {
        let summary = models::lenet5(10).summary([1, 28, 28]).unwrap();
        for (mode, passes) in [(BenchMode::Train, 3.0), (BenchMode::Infer, 1.0)] {
            let macs = multiply_adds(&summary, mode);
            assert_eq!(macs, 416_520);
            assert_eq!(of_step(macs, 256, mode), passes * 213_258_240.0);
        }
        // 639,774,720 operations in 10 ms.
        let of_training = of_step(416_520, 256, BenchMode::Train);
        assert!((gflops(of_training, 10.0) - 63.977_472).abs() < 1e-9);
    }

    #[test]
    fn second_classifiers_count_in_training_alone() {
        let options = models::ModelOptions {
            auxiliary_heads: true,
            ..models::ModelOptions::default()
        };
        let with = models::googlenet(10).options(options).summary([3, 32, 32]);
        let without = models::googlenet(10).summary([3, 32, 32]).unwrap();
        let with = with.unwrap();
        let infer = multiply_adds(&with, BenchMode::Infer);
        assert_eq!(infer, multiply_adds(&without, BenchMode::Infer));
        assert_eq!(infer, multiply_adds(&without, BenchMode::Train));
        assert!(multiply_adds(&with, BenchMode::Train) > infer);
    }
}
