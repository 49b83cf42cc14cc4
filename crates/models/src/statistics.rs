//! Running statistics of batch norms, computed anew.

use burn::tensor::Tensor;

use crate::{Network, WeightsError};

impl Network {
    /// The network with the running statistics of its batch norms computed anew:
    /// the mean over those of `batches` of images `[N, C, H, W]` on an autodiff
    /// device, as `torch.optim.swa_utils.update_bn` does it. For weights that were
    /// averaged. Second classifiers are run as well, and dropout is at work.
    ///
    /// Without any batches, and without any batch norms, the network as it is.
    ///
    /// # Errors
    /// [`WeightsError::Images`] if they are not of the shape that the network was
    /// built for.
    pub fn with_statistics_of(
        mut self,
        batches: impl IntoIterator<Item = Tensor<4>>,
    ) -> Result<Self, WeightsError> {
        let mut own = Vec::new();
        self.stack
            .each_norm(&mut |norm| own.push(norm.replace_momentum(1.0)));
        if own.is_empty() {
            return Ok(self);
        }
        let result = self.run_batches(batches);
        let mut own = own.into_iter();
        self.stack.each_norm(&mut |norm| {
            if let Some(momentum) = own.next() {
                norm.replace_momentum(momentum);
            }
        });
        result.map(|()| self)
    }

    fn run_batches(
        &mut self,
        batches: impl IntoIterator<Item = Tensor<4>>,
    ) -> Result<(), WeightsError> {
        for (before, images) in batches.into_iter().enumerate() {
            let [_, found @ ..] = images.dims();
            if found != self.image() {
                return Err(WeightsError::Images {
                    network: self.name().into(),
                    expected: self.image(),
                    found,
                });
            }
            self.stack.each_norm(&mut |norm| {
                if before == 0 {
                    norm.reset_statistics();
                }
                norm.replace_momentum(1.0 / (before + 1) as f64);
            });
            // What counts is left in the batch norms.
            drop(self.forward_training(images));
        }
        Ok(())
    }
}
