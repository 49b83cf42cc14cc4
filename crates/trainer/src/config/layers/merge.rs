//! Tables of TOML over each other, in which every key keeps its place in the text.

use std::borrow::Cow;

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

/// A key, with its place in the text.
pub(super) type Name<'a> = Spanned<Cow<'a, str>>;

/// Sets `path` to `value`, in tables that are made where there are none.
pub(super) fn set<'a>(table: &mut DeTable<'a>, path: &[Name<'a>], value: Spanned<DeValue<'a>>) {
    let Some((name, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        replace(table, name.clone(), value);
        return;
    }
    let is_table = |value: &Spanned<DeValue<'_>>| value.get_ref().is_table();
    if !table.get(name.get_ref().as_ref()).is_some_and(is_table) {
        let empty = DeValue::Table(DeTable::new());
        replace(table, name.clone(), Spanned::new(name.span(), empty));
    }
    if let Some(value_there) = table.get_mut(name.get_ref().as_ref())
        && let DeValue::Table(inner) = value_there.get_mut()
    {
        set(inner, rest, value);
    }
}

/// Puts `upper` over `lower`, tables key by key.
pub(super) fn merge<'a>(lower: &mut DeTable<'a>, upper: DeTable<'a>) {
    for (name, value) in upper {
        let there = lower.get_mut(name.get_ref().as_ref());
        match (there.map(Spanned::get_mut), value) {
            (Some(DeValue::Table(lower)), value) if value.get_ref().is_table() => {
                if let DeValue::Table(upper) = value.into_inner() {
                    merge(lower, upper);
                }
            }
            (_, value) => replace(lower, name, value),
        }
    }
}

/// Inserts a key anew: the place of an old one would stay.
fn replace<'a>(table: &mut DeTable<'a>, name: Name<'a>, value: Spanned<DeValue<'a>>) {
    table.remove(name.get_ref().as_ref());
    table.insert(name, value);
}

/// The same table, `by` bytes further on.
pub(super) fn moved_table(table: DeTable<'_>, by: usize) -> DeTable<'_> {
    let mut moved_on = DeTable::new();
    for (name, value) in table {
        let span = name.span();
        let name = Spanned::new(span.start + by..span.end + by, name.into_inner());
        moved_on.insert(name, moved(value, by));
    }
    moved_on
}

/// The same value, `by` bytes further on.
pub(super) fn moved(value: Spanned<DeValue<'_>>, by: usize) -> Spanned<DeValue<'_>> {
    let span = value.span();
    let inner = match value.into_inner() {
        DeValue::Table(table) => DeValue::Table(moved_table(table, by)),
        DeValue::Array(items) => {
            DeValue::Array(items.into_iter().map(|item| moved(item, by)).collect())
        }
        plain => plain,
    };
    Spanned::new(span.start + by..span.end + by, inner)
}
