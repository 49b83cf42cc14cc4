//! Networks without convolutions.

use crate::{LayerSpec, NetworkSpec};

/// One fully connected layer: softmax regression. 7,850 parameters for grey
/// images of 28×28 pixels and 10 classes.
#[must_use]
pub fn perceptron(classes: usize) -> NetworkSpec {
    NetworkSpec::new("perceptron")
        .layer("flatten", LayerSpec::Flatten)
        .linear("fc", classes)
}

/// Two hidden layers of 512 with dropout 0.2, as in the Keras example
/// `mnist_mlp`. 669,706 parameters for grey images of 28×28 pixels and 10 classes.
#[must_use]
pub fn mlp(classes: usize) -> NetworkSpec {
    NetworkSpec::new("mlp")
        .layer("flatten", LayerSpec::Flatten)
        .linear("fc1", 512)
        .layer("relu1", LayerSpec::Relu)
        .layer("dropout1", LayerSpec::Dropout { p: 0.2 })
        .linear("fc2", 512)
        .layer("relu2", LayerSpec::Relu)
        .layer("dropout2", LayerSpec::Dropout { p: 0.2 })
        .linear("fc3", classes)
}
