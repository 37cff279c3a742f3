//! Why a program may leave before its end.

/// Why a program left; a number in the IR's exits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// A division by zero. The exit's value is the dividend.
    DivisionByZero,
    /// Too many calls in each other.
    StackExhausted,
    /// A built-in function has ended the program: who runs it knows why.
    Stopped,
    /// Somebody wanted it to end.
    Interrupted,
}

impl Reason {
    const ALL: [Self; 4] = [
        Self::DivisionByZero,
        Self::StackExhausted,
        Self::Stopped,
        Self::Interrupted,
    ];

    /// The number in the IR.
    pub const fn number(self) -> u32 {
        self as u32
    }

    /// The code that `explain` takes; empty for what is no error.
    pub const fn code(self) -> &'static str {
        match self {
            Self::DivisionByZero => "E0301",
            Self::StackExhausted => "E0302",
            Self::Stopped => "E0303",
            Self::Interrupted => "",
        }
    }

    /// What has happened, in a few words.
    pub const fn title(self) -> &'static str {
        match self {
            Self::DivisionByZero => "division by zero",
            Self::StackExhausted => "the stack is exhausted",
            Self::Stopped => "reading on and on past the end of the input",
            Self::Interrupted => "interrupted",
        }
    }

    /// The reason with a number.
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.get(number as usize).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::Reason;

    #[test]
    fn a_reason_comes_back_from_its_number() {
        for reason in Reason::ALL {
            assert_eq!(Reason::from_number(reason.number()), Some(reason));
        }
        assert_eq!(Reason::from_number(4), None);
    }
}
