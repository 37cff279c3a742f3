//! Random numbers, and those that are more interesting than others.

/// A generator of random numbers: `SplitMix64` (Steele, Lea, Flood, 2014).
#[derive(Debug)]
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    pub(super) const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is at least 1.
    pub(super) const fn below(&mut self, bound: u32) -> u32 {
        (((self.bits() >> 32) * bound as u64) >> 32) as u32
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) const fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of several.
    pub(super) fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u32) as usize]
    }

    /// Puts items in any order.
    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for index in (1..items.len()).rev() {
            items.swap(index, self.below(index as u32 + 1) as usize);
        }
    }

    /// A number: small, a power of two or beside one, at the border of an immediate operand, or any.
    pub(super) fn number(&mut self) -> i64 {
        // Immediates have 8, 12, 16, 24 or 32 bits, with or without a sign.
        const BORDERS: [i64; 10] = [
            0x7f,
            0xff,
            0xfff,
            0x1000,
            0x7fff,
            0xffff,
            0x00ff_ffff,
            0x0100_0000,
            0x7fff_ffff,
            0xffff_ffff,
        ];
        match self.below(10) {
            0 | 1 => self.pick(&[0, 1, -1, 2, 3]),
            2 | 3 => i64::from(self.below(200)) - 100,
            4 => 1 << self.below(64),
            5 => (1_i64 << self.below(64)).wrapping_add(self.pick(&[-1, 1])),
            6 => self.pick(&BORDERS) + i64::from(self.below(3)) - 1,
            7 => -(self.pick(&BORDERS) + i64::from(self.below(3)) - 1),
            8 => self.pick(&[i64::MIN, i64::MAX, i64::MIN + 1, i64::MAX - 1]),
            _ => self.bits() as i64,
        }
    }

    /// A divisor that isn't 0: small, a power of two, negative, extreme, or any.
    pub(super) fn divisor(&mut self) -> i64 {
        let number = match self.below(6) {
            0 => self.pick(&[1, -1, i64::MIN, i64::MAX, 2, -2]),
            1 => i64::from(self.below(200)) + 2,
            2 => -(i64::from(self.below(200)) + 2),
            3 => 1 << self.below(64),
            4 => (1_i64 << self.below(64)).wrapping_neg(),
            _ => self.number(),
        };
        if number == 0 { 10 } else { number }
    }
}
