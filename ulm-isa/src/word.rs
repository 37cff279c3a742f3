//! Words and fields: encoding and decoding for any format.

use crate::isa::{Field, FieldIndex, FieldKind, Format, InstructionId, Isa, OpcodeTable};

/// Why a value can't be put into a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FieldError {
    /// The value is outside the field's range.
    #[error("{value} is not in the range {low} … {high}")]
    OutOfRange {
        /// The value.
        value: i64,
        /// The least value that fits.
        low: i64,
        /// The greatest value that fits.
        high: i64,
    },
    /// A jump distance that is not a multiple of 4 bytes.
    #[error("the distance {value} is not a multiple of 4")]
    NotAMultipleOfFour {
        /// The distance in bytes.
        value: i64,
    },
}

impl Field {
    /// The value of the field in a word; sign-extended, and in bytes for a jump distance.
    #[inline]
    pub fn extract(&self, word: u32) -> i64 {
        let bits = word >> self.shift;
        match self.kind {
            FieldKind::Unsigned => i64::from(bits & (u32::MAX >> (32 - self.bits))),
            FieldKind::Signed => sign_extend(bits, self.bits),
            FieldKind::Jump => sign_extend(bits, self.bits) * 4,
        }
    }

    /// The bits of `value` at the field's place in a word, all other bits 0.
    #[inline]
    pub fn insert(&self, value: i64) -> Result<u32, FieldError> {
        let unused = 64 - self.bits;
        let (units, fits) = match self.kind {
            FieldKind::Unsigned => (value, (value as u64) << unused >> unused == value as u64),
            FieldKind::Signed => (value, value << unused >> unused == value),
            FieldKind::Jump => {
                let words = value >> 2;
                (words, words << unused >> unused == words && value % 4 == 0)
            }
        };
        if fits {
            Ok((((units as u64) << unused >> unused) as u32) << self.shift)
        } else {
            Err(self.misfit(value))
        }
    }

    /// Why `value` does not fit.
    #[cold]
    fn misfit(&self, value: i64) -> FieldError {
        let (low, high) = self.range().into_inner();
        if (low..=high).contains(&value) {
            FieldError::NotAMultipleOfFour { value }
        } else {
            FieldError::OutOfRange { value, low, high }
        }
    }
}

#[inline]
fn sign_extend(bits: u32, width: u32) -> i64 {
    let unused = 32 - width;
    i64::from(((bits << unused) as i32) >> unused)
}

/// A word that is an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decoded {
    /// The word.
    pub word: u32,
    /// What it is.
    pub instruction: InstructionId,
}

impl Decoded {
    /// The value of a field.
    #[inline]
    pub fn field(self, format: &Format, field: FieldIndex) -> i64 {
        format.fields[field.0 as usize].extract(self.word)
    }
}

impl Isa {
    /// The instruction of a word; `None` if its opcode is not one.
    #[inline]
    pub fn decode(&self, word: u32) -> Option<Decoded> {
        let opcode = word >> (32 - self.opcode_bits);
        let instruction = match &self.by_opcode {
            OpcodeTable::Dense(table) => table[opcode as usize]?,
            OpcodeTable::Sparse(table) => *table.get(&opcode)?,
        };
        Some(Decoded { word, instruction })
    }

    /// The word of an instruction with these values of its fields.
    ///
    /// `values` has one value for each field behind the opcode, in the format's order; a missing
    /// one is 0. Unused bits are 0.
    ///
    /// # Errors
    ///
    /// The index of the first field whose value does not fit, and why.
    #[inline]
    pub fn encode(
        &self,
        instruction: InstructionId,
        values: &[i64],
    ) -> Result<u32, (FieldIndex, FieldError)> {
        let opcode = self.instruction(instruction).opcode;
        let mut word = opcode << (32 - self.opcode_bits);
        let fields = &self.format_of(instruction).fields[1..];
        for (i, (field, &value)) in fields.iter().zip(values).enumerate() {
            word |= field
                .insert(value)
                .map_err(|error| (FieldIndex(i as u8 + 1), error))?;
        }
        Ok(word)
    }
}
