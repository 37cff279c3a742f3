//! Joins functions to one piece of code.
