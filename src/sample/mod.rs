//! Sampled audits: which items are drawn, and what the audit of them tells about all items.
//!
//! Everything here is a function from values to values; `intake` feeds it items, `analysis` feeds it coverage rows.
//!
//! # Drawing
//!
//! Items fall into strata: by certificate type, or by a carried column. Each item has a [`Rank`], a keyed hash of seed, holder
//! code, type code and certificate number; the sample of a stratum is its items with the smallest ranks. So the sample is the
//! same on every machine and for every order of the input files, a larger sample contains a smaller one, and one pass over the
//! inputs is enough ([`Draw`]). How many items each stratum gives is decided when the sizes of all strata are known
//! ([`allocate`]). Ranks are never stored: with the seed, they would tell holder codes to whoever tries them all.
//!
//! # Estimating
//!
//! The unit that is drawn is an item; what is counted are its coverage rows, of which it may have several. Every rate is a ratio
//! of two totals, estimated by the combined ratio estimator over the strata; its variance comes from linearisation, with the
//! finite-population correction, items being clusters of rows (Cochran 1977, chapters 5, 6 and 9).
//!
//! Intervals hold at 95 %. They are score intervals ([`Proportion`]): within one stratum the Wilson interval, with the effective
//! number of rows in place of their number (Wilson 1927; Kott and Carr 1997); over several strata the values that the score
//! test of a weighted sum of proportions does not reject, with the strata's shares at their likeliest values under the hypothesis
//! (Waller, Addy, Jackson and Garrison 1994; Decrouez and Robinson 2012). Unlike intervals that square and add the distances of
//! the strata's Wilson limits, or that average these limits with a reduced quantile (Yan and Su 2010), they keep their coverage
//! where many strata hold few rows of a kind, and where strata at 0 meet strata at 1.
//!
//! - Strata with fewer than 20 rows of a rate are taken together, with the smaller of two effective numbers of rows: that of
//!   the linearised variance, and that of the unequal weights (Kish 1965).
//! - A rate of a group that crosses strata is withheld where its effective number of rows is below 30 (Parker and others 2017).
//! - The count of a status is its share of rows times the rows of an item times the known number of items. The limits of the
//!   factors combine by the method of variance estimates recovery (Zou and Donner 2008).
//! - A failed call leaves a row unknown. The reported interval reaches from the rate with every unknown row against it to the
//!   rate with every one in its favour, widened for chance so that each value in between is covered at 95 % (Imbens and
//!   Manski 2004). The interval of the answered rows alone stands beside it.
//! - Two rates differ by more than chance where the interval of their difference excludes zero (Newcombe 1998, method 10).
//!
//! # Sources
//!
//! - Cochran, W. G. (1977). Sampling Techniques, 3rd edition. Wiley.
//! - Decrouez, G., Robinson, A. P. (2012). Confidence intervals for the weighted sum of two independent binomial proportions.
//!   Australian & New Zealand Journal of Statistics 54, 281–299.
//! - Imbens, G. W., Manski, C. F. (2004). Confidence intervals for partially identified parameters. Econometrica 72, 1845–1857.
//! - Kish, L. (1965). Survey Sampling. Wiley.
//! - Kott, P. S., Carr, D. A. (1997). Developing an estimation strategy for a pesticide data program. Journal of Official
//!   Statistics 13, 367–383.
//! - Newcombe, R. G. (1998). Interval estimation for the difference between independent proportions. Statistics in Medicine
//!   17, 873–890.
//! - Parker, J. D., and others (2017). National Center for Health Statistics data presentation standards for proportions. Vital
//!   and Health Statistics 2 (175).
//! - Waller, J. L., Addy, C. L., Jackson, K. L., Garrison, C. Z. (1994). Confidence intervals for weighted proportions.
//!   Statistics in Medicine 13, 1071–1082.
//! - Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. Journal of the American
//!   Statistical Association 22, 209–212.
//! - Yan, X., Su, X. G. (2010). Stratified Wilson and Newcombe confidence intervals for multiple binomial proportions.
//!   Statistics in Biopharmaceutical Research 2, 329–335.
//! - Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures: a general approach. Statistics in
//!   Medicine 27, 1693–1702.

mod allocation;
mod count;
mod difference;
mod draw;
mod estimate;
mod interval;
mod key;
mod margin;
mod moments;
mod plan;
mod proportion;
mod ratio;
mod size;

pub use allocation::{Measures, StratumSize, allocate};
pub use count::{CountReading, estimate_count, estimate_total};
pub use difference::Difference;
pub use draw::{Draw, DrawProblem, Drawn};
pub use estimate::{Estimate, estimate_rate};
pub use interval::{Interval, Z95, wilson};
pub use key::{DrawKey, Rank};
pub use margin::{Planned, most_for, overall_margin, size_for, stratum_margin};
pub use moments::{Moments, Sums};
pub use plan::{Allocation, CarriedSizes, GroupSizes, SamplePlan, StratifyBy, Stratum};
pub use proportion::Proportion;
pub use ratio::{Cell, Ratio};
pub use size::{Size, Target, parse_share};
