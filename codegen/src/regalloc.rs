//! Register allocation by linear scan.
