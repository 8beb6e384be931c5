//! Sums over sampled items, from which the variance of any ratio of their counts follows.

/// Sums of `D` counts over items, and of the products of every two of them. Counts are whole numbers, so that the sums are
/// exact up to 2^53.
#[derive(Debug, Clone, PartialEq)]
pub struct Moments<const D: usize> {
    sums: [f64; D],
    products: [[f64; D]; D],
}

/// Sums over items of two counts y and x, and of their products.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Sums {
    /// Σ y.
    pub y: f64,
    /// Σ x.
    pub x: f64,
    /// Σ y².
    pub yy: f64,
    /// Σ x².
    pub xx: f64,
    /// Σ xy.
    pub xy: f64,
}

impl<const D: usize> Default for Moments<D> {
    fn default() -> Self {
        Self { sums: [0.0; D], products: [[0.0; D]; D] }
    }
}

impl<const D: usize> Moments<D> {
    /// Adds an item with these counts.
    pub fn add(&mut self, counts: &[f64; D]) {
        for ((sum, products), count) in self.sums.iter_mut().zip(&mut self.products).zip(counts) {
            // Most items have rows of one kind only.
            if *count == 0.0 {
                continue;
            }
            *sum += count;
            for (product, other) in products.iter_mut().zip(counts) {
                *product += count * other;
            }
        }
    }

    /// Returns the sums of the counts.
    #[must_use]
    pub const fn totals(&self) -> &[f64; D] {
        &self.sums
    }

    /// Returns the sums of two linear combinations of the counts: `part` gives y, `whole` gives x.
    #[must_use]
    pub fn sums(&self, part: &[f64; D], whole: &[f64; D]) -> Sums {
        Sums {
            y: dot(part, &self.sums),
            x: dot(whole, &self.sums),
            yy: self.product(part, part),
            xx: self.product(whole, whole),
            xy: self.product(part, whole),
        }
    }

    /// Σ of the products of two linear combinations.
    fn product(&self, one: &[f64; D], other: &[f64; D]) -> f64 {
        one.iter().zip(&self.products).map(|(weight, products)| weight * dot(other, products)).sum()
    }
}

fn dot<const D: usize>(weights: &[f64; D], values: &[f64; D]) -> f64 {
    weights.iter().zip(values).map(|(weight, value)| weight * value).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sums_of_combinations_are_those_of_the_items(items in prop::collection::vec([0..9u8, 0..9u8, 0..9u8], 0..50)) {
            let (part, whole) = ([1.0, 0.0, 1.0], [1.0, 1.0, 1.0]);
            let mut moments = Moments::default();
            let mut expected = Sums::default();
            for item in items {
                let counts = item.map(f64::from);
                moments.add(&counts);
                let (y, x) = (dot(&part, &counts), dot(&whole, &counts));
                expected.y += y;
                expected.x += x;
                expected.yy += y * y;
                expected.xx += x * x;
                expected.xy += x * y;
            }
            prop_assert_eq!(moments.sums(&part, &whole), expected);
        }
    }
}
