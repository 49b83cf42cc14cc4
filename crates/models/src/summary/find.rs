//! Layers by name, and by what they are.

use super::{LayerSummary, Summary};
use crate::{ModelError, Shape};

impl LayerSummary {
    /// Whether it is a convolution, which gives maps and has filters.
    #[must_use]
    pub fn is_convolution(&self) -> bool {
        matches!(self.kind, "Conv2d" | "WhiteningConv2d")
    }

    /// Height and width of its maps, unless it gives a row of features.
    fn map_size(&self) -> Option<[usize; 2]> {
        match self.output {
            Shape::Map([_, height, width]) => Some([height, width]),
            Shape::Flat(_) => None,
        }
    }

    /// Whether it makes of a convolution's maps others of the same places: a norm, an
    /// activation, or the sum or the branches that end a block.
    fn refines(&self) -> bool {
        const KINDS: [&str; 9] = [
            "BatchNorm2d",
            "ReLU",
            "LeakyReLU",
            "ELU",
            "Sigmoid",
            "Tanh",
            "GELU",
            "SiLU",
            "Hardswish",
        ];
        self.block || KINDS.contains(&self.kind)
    }
}

impl Summary {
    /// The layer of that name.
    ///
    /// # Errors
    /// [`ModelError::NoSuchLayer`] with the names of all layers.
    pub fn layer(&self, name: &str) -> Result<&LayerSummary, ModelError> {
        let mut layers = self.layers.iter();
        layers
            .find(|layer| layer.name == name)
            .ok_or_else(|| ModelError::NoSuchLayer {
                network: self.network.clone(),
                layer: name.into(),
                known: self.layers.iter().map(|layer| layer.name.clone()).collect(),
            })
    }

    /// The convolution that sees the image, if there is any convolution.
    #[must_use]
    pub fn first_convolution(&self) -> Option<&LayerSummary> {
        let mut layers = self.layers.iter();
        layers.find(|layer| layer.is_convolution())
    }

    /// The last maps that convolutions give: those of the last convolution outside of
    /// second classifiers, after the norm, the activation and the end of the block that
    /// follow it without a change of size. Grad-CAM's layer: Selvaraju et al. (2017) take
    /// the ReLU after the last convolution of VGG-16.
    #[must_use]
    pub fn last_maps(&self) -> Option<&LayerSummary> {
        let own: Vec<&LayerSummary> = self.layers.iter().filter(|l| !l.training_only).collect();
        let last = own.iter().rposition(|layer| layer.is_convolution())?;
        let size = own[last].map_size();
        let after = own[last + 1..].iter();
        let refined = after.take_while(|layer| layer.refines() && layer.map_size() == size);
        refined.last().or(own.get(last)).copied()
    }
}

#[cfg(test)]
mod tests {
    use crate::{Model, googlenet, lenet5, mlp, resnet18, vgg16};

    fn last_maps(model: Model) -> Option<String> {
        let summary = model.summary([3, 32, 32]).unwrap();
        summary.last_maps().map(|layer| layer.name.clone())
    }

    #[test]
    fn the_last_maps_are_those_that_grad_cam_takes() {
        for (model, expected) in [
            (lenet5(10), Some("relu2")),
            // conv5_3's ReLU, as in the paper.
            (vgg16(10), Some("features.29")),
            (resnet18(10), Some("layer4.1")),
            // All branches, and no second classifier.
            (googlenet(10).auxiliary_heads(), Some("inception5b")),
            (mlp(10), None),
        ] {
            let name = model.architecture().name;
            assert_eq!(last_maps(model).as_deref(), expected, "{name}");
        }
    }

    #[test]
    fn a_layer_that_is_not_there_is_answered_with_one_that_is() {
        let summary = lenet5(10).summary([1, 28, 28]).unwrap();
        assert_eq!(summary.layer("conv2").unwrap().name, "conv2");
        assert_eq!(summary.first_convolution().unwrap().name, "conv1");
        let error = summary.layer("conv3").unwrap_err().to_string();
        assert!(
            error.starts_with("lenet5 has no layer `conv3` (did you mean `conv"),
            "{error}"
        );
        // Of many layers, those of the block are named.
        let summary = googlenet(10).summary([3, 32, 32]).unwrap();
        let error = |name: &str| summary.layer(name).unwrap_err().to_string();
        assert_eq!(
            error("inception5b.branch4.1.con"),
            "googlenet has no layer `inception5b.branch4.1.con` (did you mean \
             `inception5b.branch4.1.conv`?); known: inception5b.branch1.conv, \
             inception5b.branch1.bn, inception5b.branch1.relu, inception5b.branch2.0.conv, \
             inception5b.branch2.0.bn, inception5b.branch2.0.relu, inception5b.branch2.1.conv, \
             inception5b.branch2.1.bn, inception5b.branch2.1.relu, inception5b.branch3.0.conv, \
             inception5b.branch3.0.bn, inception5b.branch3.0.relu, inception5b.branch3.1.conv, \
             inception5b.branch3.1.bn, inception5b.branch3.1.relu, inception5b.branch4.0, \
             inception5b.branch4.1.conv, inception5b.branch4.1.bn, inception5b.branch4.1.relu, \
             inception5b; `kiln summary` lists all 195"
        );
        assert_eq!(
            error("layer9"),
            "googlenet has no layer `layer9`; `kiln summary` lists all 195"
        );
    }
}
