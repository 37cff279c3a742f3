//! What the benchmarks share: the programs, the compilers that they are given to, what is executed of
//! them, and medians.

#[cfg(feature = "cranelift")]
pub mod cranelift;
pub mod executed;
pub mod machine;
pub mod peers;
pub mod programs;

/// The middle one of some measurements; the mean of the middle two if their number is even.
pub fn median(mut measurements: Vec<f64>) -> f64 {
    measurements.sort_by(f64::total_cmp);
    let middle = measurements.len() / 2;
    if measurements.len().is_multiple_of(2) {
        f64::midpoint(measurements[middle - 1], measurements[middle])
    } else {
        measurements[middle]
    }
}
