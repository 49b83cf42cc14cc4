//! The programs of the guide (`docs/guide`) compile, and those without `no_run` hold what they
//! assert.

macro_rules! chapters {
    ($($name:ident = $file:literal;)*) => {
        $(#[doc = include_str!(concat!("../../../docs/guide/src/", $file))] struct $name;)*
    };
}

chapters! {
    Introduction = "introduction.md";
    Neuron = "neuron.md";
    Layers = "layers.md";
    Convolution = "convolution.md";
    Lenet = "lenet.md";
    Training = "training.md";
    Deeper = "deeper.md";
    Resnet = "resnet.md";
    Using = "using.md";
    Pytorch = "pytorch.md";
}
