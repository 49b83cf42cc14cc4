//! Burn's tensors as slices, where the kernels do the work of an optimizer.

use burn::tensor::Tensor;
#[cfg(feature = "flex")]
use {
    burn::{
        backend::Flex,
        tensor::{DType, Shape},
    },
    burn_flex::FlexTensor,
};

use super::pass::Pass;

/// Runs `pass` over tensors of one length. `false`, and nothing has changed, where the
/// kernels do not work.
#[cfg(feature = "flex")]
pub(super) fn in_place<const CHANGED: usize, const READ: usize>(
    pass: &impl Pass<CHANGED, READ>,
    changed: [&mut Tensor<1>; CHANGED],
    read: [&Tensor<1>; READ],
) -> bool {
    // Taken when it is known that all of them can be.
    let to_change: Vec<_> = changed.iter().filter_map(|t| on_flex(t)).collect();
    let to_read: Vec<_> = read.into_iter().filter_map(on_flex).collect();
    let mut lengths = to_change.iter().chain(&to_read).map(length);
    let first = lengths.next();
    let alike = lengths.all(|length| Some(length) == first);
    let (Ok(mut to_change), Ok(to_read)) = (
        <[FlexTensor; CHANGED]>::try_from(to_change),
        <[FlexTensor; READ]>::try_from(to_read),
    ) else {
        return false;
    };
    if !alike {
        return false;
    }
    // Nobody else holds what is changed, then: neither the callers' variables do.
    let nothing = Tensor::from_primitive::<Flex>(FlexTensor::empty(Shape::new([0]), DType::F32));
    let changed = changed.map(|place| {
        *place = nothing.clone();
        place
    });
    super::pass::each(
        pass,
        to_change.each_mut().map(slice_mut),
        to_read.each_ref().map(slice),
    );
    for (place, new) in changed.into_iter().zip(to_change) {
        *place = Tensor::from_primitive::<Flex>(new);
    }
    true
}

#[cfg(not(feature = "flex"))]
pub(super) fn in_place<const CHANGED: usize, const READ: usize>(
    _: &impl Pass<CHANGED, READ>,
    _: [&mut Tensor<1>; CHANGED],
    _: [&Tensor<1>; READ],
) -> bool {
    false
}

/// What `tensor` is on the CPU, with its values beside each other. `None` if the kernels
/// are off or do not compute with it.
#[cfg(feature = "flex")]
pub(super) fn on_flex(tensor: &Tensor<1>) -> Option<FlexTensor> {
    if !crate::is_enabled() || tensor.dtype() != DType::F32 {
        return None;
    }
    let tensor = tensor.clone().try_into_primitive::<Flex>().ok()?;
    Some(match tensor.is_contiguous() {
        true => tensor,
        false => tensor.to_contiguous(),
    })
}

#[cfg(feature = "flex")]
fn length(tensor: &FlexTensor) -> usize {
    tensor.layout().num_elements()
}

/// The values of a tensor of [`on_flex`].
#[cfg(feature = "flex")]
pub(super) fn slice(tensor: &FlexTensor) -> &[f32] {
    let start = tensor.layout().start_offset();
    &tensor.storage()[start..start + length(tensor)]
}

/// The same, to be changed: of a copy, if somebody else holds the tensor.
#[cfg(feature = "flex")]
fn slice_mut(tensor: &mut FlexTensor) -> &mut [f32] {
    let (start, length) = (tensor.layout().start_offset(), length(tensor));
    &mut tensor.storage_mut()[start..start + length]
}
