//! Words as people read them.

use crate::isa::{FieldIndex, Form, Isa, Piece};
use crate::word::Decoded;

impl Isa {
    /// The assembly text of a word, `None` if it is not an instruction.
    ///
    /// It is the first form of the opcode that can say all of the word: a form that leaves out a
    /// field stands for words in which that field is 0.
    pub fn disassemble(&self, word: u32) -> Option<String> {
        self.decode(word).map(|decoded| self.write_decoded(decoded))
    }

    /// The assembly text of a decoded word.
    pub fn write_decoded(&self, decoded: Decoded) -> String {
        let format = self.format_of(decoded.instruction);
        write_pieces(self.form_for(decoded), |piece| match piece {
            Piece::Register(field) => format!("%{}", decoded.field(format, field)),
            Piece::Immediate(field) => decoded.field(format, field).to_string(),
            Piece::Number(number) => number.to_string(),
            Piece::Punctuation(mark) => mark.to_string(),
        })
    }

    /// The form in which a word is written.
    pub fn form_for(&self, decoded: Decoded) -> &Form {
        let format = self.format_of(decoded.instruction);
        let forms = &self.instruction(decoded.instruction).forms;
        let faithful = |form: &&Form| {
            (1..format.fields.len())
                .map(|i| FieldIndex(i as u8))
                .all(|field| form.mentions(field) || decoded.field(format, field) == 0)
        };
        forms.iter().find(faithful).unwrap_or(&forms[0])
    }
}

/// A form as text: the mnemonic, a space, the operands with a space behind each comma, and between
/// operands that nothing else separates.
pub fn write_pieces(form: &Form, write: impl Fn(Piece) -> String) -> String {
    let mut text = form.mnemonic.clone();
    for (i, &piece) in form.pieces.iter().enumerate() {
        let follows_operand = i > 0
            && match form.pieces[i - 1] {
                Piece::Punctuation(mark) => ")]}".contains(mark),
                Piece::Number(_) | Piece::Register(_) | Piece::Immediate(_) => true,
            };
        let is_operand = matches!(
            piece,
            Piece::Number(_) | Piece::Register(_) | Piece::Immediate(_) | Piece::Punctuation('%')
        );
        if i == 0 || (follows_operand && is_operand) {
            text.push(' ');
        }
        text += &write(piece);
        if piece == Piece::Punctuation(',') {
            text.push(' ');
        }
    }
    text
}
