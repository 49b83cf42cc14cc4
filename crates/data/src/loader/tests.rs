use super::*;
use crate::{
    DatasetInfo, Pixels,
    augment::{Augment, Cutmix, Mixup, RandomCrop, RandomHorizontalFlip},
};

/// Forty images of 2×2 pixels; image `i` is the byte `i` and has label `i`.
fn forty() -> ImageDataset {
    let info = DatasetInfo {
        name: "forty".into(),
        classes: (0..40).map(|i| i.to_string()).collect(),
        channels: 1,
        height: 2,
        width: 2,
        mean: vec![0.0],
        std: vec![1.0 / 255.0],
    };
    let pixels = (0..160).map(|i| i / 4).collect();
    ImageDataset::new(Arc::new(info), pixels, (0..40).collect()).unwrap()
}

fn shuffled(batch_size: usize, seed: u64) -> BatchLoader {
    let order = Order::Shuffled { seed };
    BatchLoader::new(forty(), (0..40).collect(), batch_size, order).unwrap()
}

fn batches(loader: &BatchLoader, epoch: u64) -> Vec<Batch> {
    loader.epoch(epoch).map(Result::unwrap).collect()
}

fn labels(loader: &BatchLoader, epoch: u64) -> Vec<Vec<u16>> {
    batches(loader, epoch)
        .into_iter()
        .map(|batch| batch.labels)
        .collect()
}

#[test]
fn keeps_the_last_short_batch_and_the_pixels_with_their_labels() {
    let loader = BatchLoader::new(forty(), vec![1, 3, 5, 7, 9], 2, Order::Sequential).unwrap();
    assert_eq!((loader.images(), loader.batches()), (5, 3));
    assert_eq!(labels(&loader, 1), [vec![1, 3], vec![5, 7], vec![9]]);
    for batch in batches(&shuffled(3, 1), 1) {
        assert_eq!(batch.shape, [batch.len(), 1, 2, 2]);
        let Pixels::Values(values) = batch.pixels else {
            panic!("bytes were not asked for")
        };
        for (image, label) in values.chunks_exact(4).zip(&batch.labels) {
            assert!(image.iter().all(|v| (v - f32::from(*label)).abs() < 1e-4));
        }
    }
}

#[test]
fn can_leave_out_the_last_short_batch() {
    let loader = shuffled(16, 1).drop_last().unwrap();
    assert_eq!((loader.images(), loader.batches()), (32, 2));
    assert_eq!(
        labels(&loader, 1).concat(),
        labels(&shuffled(16, 1), 1).concat()[..32]
    );
    assert_eq!(shuffled(20, 1).drop_last().unwrap().batches(), 2);
    assert!(shuffled(41, 1).drop_last().is_err());
}

#[test]
fn an_epoch_is_a_function_of_seed_and_number() {
    assert_eq!(labels(&shuffled(4, 1), 5), labels(&shuffled(4, 1), 5));
    assert_ne!(labels(&shuffled(4, 1), 5), labels(&shuffled(4, 1), 6));
    assert_ne!(labels(&shuffled(4, 1), 5), labels(&shuffled(4, 2), 5));
}

#[test]
fn batches_depend_neither_on_threads_nor_on_where_one_begins() {
    let crop = RandomCrop {
        padding: 1,
        ..RandomCrop::default()
    };
    let steps: [Augment; 4] = [
        crop.into(),
        RandomHorizontalFlip::default().into(),
        Mixup::default().into(),
        Cutmix::default().into(),
    ];
    // With mixtures and without: those go through other code.
    for steps in [&steps[..], &steps[..2]] {
        let pipeline = Pipeline::new(steps.to_vec(), Arc::clone(forty().info())).unwrap();
        // Batches of more than one chunk.
        let loader = shuffled(source::CHUNK + 3, 7).augment(pipeline, 7).unwrap();
        let one = batches(&loader.clone().threads(1).unwrap(), 3);
        for threads in [2, 8] {
            assert_eq!(batches(&loader.clone().threads(threads).unwrap(), 3), one);
        }
        let later: Vec<_> = loader.epoch_from(3, 1).map(Result::unwrap).collect();
        assert_eq!(later, one[1..]);
        assert_eq!(loader.epoch_from(3, 3).count(), 0);
        assert_ne!(batches(&loader, 4), one);
    }
}

#[test]
fn soft_targets_hold_both_labels() {
    let pipeline = Pipeline::new(vec![Mixup::default().into()], Arc::clone(forty().info()));
    let loader = shuffled(8, 1)
        .augment(pipeline.unwrap(), 1)
        .unwrap()
        .as_bytes(true);
    let unmixed = labels(&shuffled(8, 1), 1);
    for (batch, own) in batches(&loader, 1).into_iter().zip(unmixed) {
        let Pixels::Bytes(bytes, _) = batch.pixels else {
            panic!("bytes were asked for")
        };
        let targets = batch.soft_targets.unwrap();
        for at in 0..8 {
            let target = &targets[40 * at..][..40];
            let before = own[(at + 7) % 8];
            let sum = target[usize::from(own[at])] + target[usize::from(before)];
            assert!((sum - 1.0).abs() < 1e-6);
            let larger = usize::from(batch.labels[at]);
            assert!(target[larger] >= 0.5 && [own[at], before].contains(&batch.labels[at]));
            // A pixel is the mean of the labels by their weights.
            let mean: f32 = target.iter().enumerate().map(|(i, t)| i as f32 * t).sum();
            assert!((f32::from(bytes[4 * at]) - mean).abs() <= 0.51);
        }
    }
}

#[test]
fn a_panic_in_a_thread_is_an_error_at_the_end() {
    let mut loader = shuffled(10, 1);
    // An image that is not there, which the constructor would have refused.
    Arc::make_mut(&mut loader.source).indices[25] = 1000;
    let (loaded, errors): (Vec<_>, Vec<_>) = loader.epoch(1).partition(Result::is_ok);
    assert!(loaded.len() < 4);
    let error = errors[0].as_ref().unwrap_err().to_string();
    assert!(
        errors.len() == 1 && error.contains("a thread panicked: "),
        "{error}"
    );
}

#[test]
fn stops_its_threads_when_dropped_early() {
    let loader = shuffled(1, 1);
    let mut batches = loader.epoch(1);
    batches.next();
    assert!(Arc::strong_count(&loader.source) > 1);
    drop(batches);
    let asked = Instant::now();
    while Arc::strong_count(&loader.source) > 1 {
        assert!(asked.elapsed() < Duration::from_secs(10), "still running");
        thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn refuses_what_cannot_be_loaded() {
    let new = |indices, size| BatchLoader::new(forty(), indices, size, Order::Sequential);
    assert!(new(vec![0], 0).is_err() && new(vec![], 1).is_err() && new(vec![40], 1).is_err());
    assert!(new(vec![0], 1).unwrap().threads(0).is_err());
    assert!(new(vec![0], 1).unwrap().ahead(0).is_err());
    let large = crate::augment::Resize::new(4096.into()).into();
    let pipeline = Pipeline::new(vec![large], Arc::clone(forty().info())).unwrap();
    let loader = |batch_size| {
        let order = Order::Sequential;
        let loader = BatchLoader::new(forty(), (0..40).collect(), batch_size, order);
        loader.unwrap().augment(pipeline.clone(), 1).unwrap()
    };
    // 4 · 4096² bytes an image, and six batches.
    assert!(loader(21).check().is_ok() && loader(40).as_bytes(true).check().is_ok());
    let error = loader(22).check().unwrap_err();
    assert!(
        error.to_string().contains("22 images of 1×4096×4096"),
        "{error}"
    );
    assert_eq!(loader(22).epoch(1).next(), Some(Err(error)));
    let other = Arc::new(crate::dataset::tests::info());
    let pipeline = Pipeline::new(vec![], other).unwrap();
    assert!(new(vec![0], 1).unwrap().augment(pipeline, 1).is_err());
}
