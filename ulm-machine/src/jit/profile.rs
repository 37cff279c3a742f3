//! Where jumps through registers went while they were interpreted.

use rustc_hash::FxHashMap;

use crate::fast::Profile;

/// How many targets of one jump are remembered.
const MOST_TARGETS: usize = 16;

/// How many jumps are remembered.
const MOST_JUMPS: usize = 1 << 14;

/// The targets of jumps through registers.
#[derive(Debug, Default)]
pub(super) struct Targets {
    by_jump: FxHashMap<u64, Vec<Target>>,
}

#[derive(Debug, Clone, Copy)]
struct Target {
    address: u64,
    count: u64,
}

impl Targets {
    /// Where the jump at an address went, the most frequent targets first.
    pub(super) fn of(&self, jump: u64) -> Vec<u64> {
        let mut targets = self.by_jump.get(&jump).cloned().unwrap_or_default();
        targets.sort_by_key(|target| std::cmp::Reverse(target.count));
        targets.iter().map(|target| target.address).collect()
    }
}

impl Profile for Targets {
    const ACTIVE: bool = true;

    fn through_register(&mut self, from: u64, to: u64) {
        if self.by_jump.len() >= MOST_JUMPS && !self.by_jump.contains_key(&from) {
            return;
        }
        let targets = self.by_jump.entry(from).or_default();
        if let Some(target) = targets.iter_mut().find(|target| target.address == to) {
            target.count += 1;
        } else if targets.len() < MOST_TARGETS {
            targets.push(Target {
                address: to,
                count: 1,
            });
        }
    }
}
