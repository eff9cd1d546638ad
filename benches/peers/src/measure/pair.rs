//! Paired measurement: two sides, in turns, the order changing with every pair; the figure is the median of the ratios.

use std::fmt;

use crate::cli::Result;

/// The median of several values, and how far they lie apart.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The least.
    pub least: f64,
    /// The greatest.
    pub most: f64,
    /// How many.
    pub n: usize,
}

impl Spread {
    /// The spread of some values, of which there must be one at least.
    pub fn of(mut values: Vec<f64>) -> Result<Self> {
        values.sort_by(f64::total_cmp);
        let n = values.len();
        let (least, most) = values.first().copied().zip(values.last().copied()).ok_or("nothing was measured")?;
        let median = f64::midpoint(values[(n - 1) / 2], values[n / 2]);
        Ok(Self { median, least, most, n })
    }
}

impl fmt::Display for Spread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.4} ({:.4}..{:.4}, n={})", self.median, self.least, self.most, self.n)
    }
}

/// What some pairs gave: the ratios of the first side to the second, and each side's own values.
#[derive(Debug)]
pub struct Pairs {
    /// First over second, pair by pair.
    pub ratio: Spread,
    /// The first side.
    pub first: Spread,
    /// The second side, the denominator.
    pub second: Spread,
}

impl Pairs {
    /// Measures `n` pairs: first, second; second, first; and so on.
    pub fn measure(
        n: usize,
        mut first: impl FnMut() -> Result<f64>,
        mut second: impl FnMut() -> Result<f64>,
    ) -> Result<Self> {
        let (mut firsts, mut seconds) = (Vec::new(), Vec::new());
        for turn in 0..n {
            if turn % 2 == 0 {
                firsts.push(first()?);
                seconds.push(second()?);
            } else {
                seconds.push(second()?);
                firsts.push(first()?);
            }
        }
        let ratios = firsts.iter().zip(&seconds).map(|(a, b)| a / b).collect();
        Ok(Self { ratio: Spread::of(ratios)?, first: Spread::of(firsts)?, second: Spread::of(seconds)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_of_an_even_number_lies_between_the_middle_two() {
        let spread = Spread::of(vec![4.0, 1.0, 3.0, 2.0]).unwrap();
        assert_eq!(spread, Spread { median: 2.5, least: 1.0, most: 4.0, n: 4 });
        assert!(Spread::of(Vec::new()).is_err());
    }

    #[test]
    fn pairs_alternate() {
        let order = std::cell::RefCell::new(String::new());
        let say = |side: char, value: f64| {
            order.borrow_mut().push(side);
            Ok(value)
        };
        let pairs = Pairs::measure(3, || say('a', 1.0), || say('b', 2.0)).unwrap();
        assert_eq!(*order.borrow(), "abbaab");
        assert_eq!(pairs.ratio.median, 0.5);
    }
}
