//! A walk over values that lie alike, by vectors and threads.

/// What is done with values that lie alike: `changed` by `read`, each by itself.
///
/// A plain loop: it is compiled for every [`Level`](crate::simd::Level).
pub(super) trait Pass<const CHANGED: usize, const READ: usize>: Sync {
    /// Must be inlined, as [`Kernel::run`](crate::simd::Kernel::run).
    fn run(&self, changed: [&mut [f32]; CHANGED], read: [&[f32]; READ]);
}

/// How many values a thread takes at a time. Fewer take less time than waking a thread:
/// LeNet-5 is faster on one, its largest parameter having 48,000.
#[cfg(feature = "flex")]
pub(super) const CHUNK: usize = 64 * 1024;

/// Runs `pass` over slices of one length, on the threads of the current pool.
#[cfg(feature = "flex")]
pub(super) fn each<P, const CHANGED: usize, const READ: usize>(
    pass: &P,
    mut changed: [&mut [f32]; CHANGED],
    mut read: [&[f32]; READ],
) where
    P: Pass<CHANGED, READ>,
{
    let length = changed.first().map_or(0, |values| values.len());
    if length <= CHUNK {
        return chunk(crate::simd::level(), pass, changed, read);
    }
    let half = length.div_ceil(2).next_multiple_of(CHUNK);
    let first_changed = changed
        .each_mut()
        .map(|values| values.split_off_mut(..half).unwrap_or_default());
    let first_read = read
        .each_mut()
        .map(|values| values.split_off(..half).unwrap_or_default());
    rayon::join(
        || each(pass, first_changed, first_read),
        || each(pass, changed, read),
    );
}

/// Runs `pass` on this thread, with the vectors of `level`.
#[cfg(feature = "flex")]
pub(super) fn chunk<P, const CHANGED: usize, const READ: usize>(
    level: crate::simd::Level,
    pass: &P,
    changed: [&mut [f32]; CHANGED],
    read: [&[f32]; READ],
) where
    P: Pass<CHANGED, READ>,
{
    level.run(Chunk {
        pass,
        changed,
        read,
    });
}

#[cfg(feature = "flex")]
struct Chunk<'a, P, const CHANGED: usize, const READ: usize> {
    pass: &'a P,
    changed: [&'a mut [f32]; CHANGED],
    read: [&'a [f32]; READ],
}

#[cfg(feature = "flex")]
impl<P, const CHANGED: usize, const READ: usize> crate::simd::Kernel for Chunk<'_, P, CHANGED, READ>
where
    P: Pass<CHANGED, READ>,
{
    type Output = ();

    #[inline(always)]
    fn run<S: pulp::Simd>(self, _: S) {
        self.pass.run(self.changed, self.read);
    }
}
