//! A plain convolutional network, as beginners build it: two convolutions, a
//! pooling, a wide hidden layer, dropout (Srivastava and others, "Dropout: a
//! simple way to prevent neural networks from overfitting", JMLR 15, 2014).

use super::MNIST;
use crate::{LayerSpec, NetworkSpec};

family! {
    "plain CNN", "Srivastava et al. 2014", forms: false, scalable: true;

    /// Two 3×3 convolutions, max pooling, a hidden layer of 1,024 and dropout 0.5.
    /// 25,775,882 parameters for grey images of 28×28 pixels and 10 classes.
    cnn2 = "cnn2" for MNIST, 10: |c| {
        NetworkSpec::new("cnn2")
            .layer("conv1", LayerSpec::conv2d(c.wide(64), 3).padding(1))
            .layer("relu1", LayerSpec::relu())
            .layer("conv2", LayerSpec::conv2d(c.wide(128), 3).padding(1))
            .layer("relu2", LayerSpec::relu())
            .layer("pool", LayerSpec::max_pool2d(2, 2))
            .layer("flatten", LayerSpec::flatten())
            .layer("fc1", LayerSpec::linear(c.wide(1024)))
            .layer("relu3", LayerSpec::relu())
            .layer("dropout", LayerSpec::dropout(0.5))
            .layer("fc2", LayerSpec::linear(c.classes))
    };
}
