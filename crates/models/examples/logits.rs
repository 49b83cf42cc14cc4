//! Logits of a network of ours with the weights of a file, for images in a file:
//!
//! `logits MODEL FORM CLASSES WEIGHTS IMAGES.safetensors OUT.safetensors`
//!
//! `IMAGES` holds `images`, `[N, C, H, W]`; `OUT` gets `logits`, `[N, classes]`.
//! tests/exchange/resnet18.py compares them with PyTorch's.

use std::{error::Error, path::Path};

use burn::tensor::{Device, Tensor, TensorData};
use models::{Form, Model, StateDict, StateTensor};

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [model, form, classes, weights, images, out] = words.as_slice() else {
        return Err("expected MODEL FORM CLASSES WEIGHTS IMAGES OUT".into());
    };
    let form = match form.as_str() {
        "small" => Form::Small,
        "imagenet" => Form::ImageNet,
        other => return Err(format!("FORM is small or imagenet, not {other}").into()),
    };
    let images = StateDict::read(Path::new(images))?;
    let images = images.get("images").ok_or("there is no tensor `images`")?;
    let [n, image @ ..]: [usize; 4] = images.shape.as_slice().try_into()?;

    let device = Device::flex();
    let network = Model::find(model, classes.parse()?)?
        .form(form)
        .build(image, &device)?
        .with_state_dict(&StateDict::read(Path::new(weights))?)?;
    let data = TensorData::new(images.values.clone(), [n, image[0], image[1], image[2]]);
    let logits = network.forward(Tensor::from_data(data, &device));

    let mut result = StateDict::default();
    let logits = StateTensor {
        shape: logits.dims().to_vec(),
        values: logits.try_into_vec_as::<f32>()?,
    };
    result.insert("logits", logits);
    std::fs::write(out, result.to_safetensors(&[])?)?;
    Ok(())
}
