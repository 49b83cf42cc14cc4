//! Networks without convolutions.
//!
//! Rosenblatt: "The perceptron: a probabilistic model for information storage and
//! organization in the brain", Psychological Review 65(6), 1958, for networks of one
//! layer. Rumelhart, Hinton, Williams: "Learning representations by back-propagating
//! errors", Nature 323, 1986, for hidden layers and how they are trained. The sizes
//! of `mlp` are those of the Keras example `mnist_mlp`.

use super::MNIST;
use crate::{LayerSpec, NetworkSpec};

family! {
    "MLP", "Rosenblatt 1958", forms: false, scalable: false;

    /// One fully connected layer: softmax regression. 7,850 parameters for grey
    /// images of 28×28 pixels and 10 classes.
    perceptron = "perceptron" for MNIST, 10: |c| {
        NetworkSpec::new("perceptron")
            .layer("flatten", LayerSpec::flatten())
            .layer("fc", LayerSpec::linear(c.classes))
    };

    /// Two hidden layers of 512 with dropout 0.2. 669,706 parameters for grey
    /// images of 28×28 pixels and 10 classes.
    mlp = "mlp" for MNIST, 10 by "Rumelhart et al. 1986": |c| {
        NetworkSpec::new("mlp")
            .layer("flatten", LayerSpec::flatten())
            .layer("fc1", LayerSpec::linear(512))
            .layer("relu1", LayerSpec::relu())
            .layer("dropout1", LayerSpec::dropout(0.2))
            .layer("fc2", LayerSpec::linear(512))
            .layer("relu2", LayerSpec::relu())
            .layer("dropout2", LayerSpec::dropout(0.2))
            .layer("fc3", LayerSpec::linear(c.classes))
    };
}
