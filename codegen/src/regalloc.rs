//! Register allocation by linear scan.
pub mod parallel_move {
    use crate::machine::Location;
    pub fn sequence(_m: &[(Location, Location)], _s: u8) -> Vec<(Location, Location)> {
        Vec::new()
    }
}
