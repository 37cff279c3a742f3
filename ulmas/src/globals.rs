//! What the names that all files see stand for.

use rustc_hash::FxHashMap;

use crate::error::{AssemblyError, ErrorKind};
use crate::expression::{Base, Operator, Value};
use crate::parser::File;
use crate::statement::Span;
use crate::symbols::SymbolId;

/// The names that all files see: the file that defines each, and its number there.
pub(crate) type Globals<'s> = FxHashMap<&'s str, (usize, SymbolId)>;

/// The values of global names, as other files see them.
#[derive(Debug, Default)]
pub(crate) struct GlobalValues<'s> {
    values: FxHashMap<&'s str, Known>,
}

/// How far the evaluation of a name is.
#[derive(Debug, Clone, Copy)]
enum Known {
    InProgress,
    Value(Value),
    /// An error in it has been reported.
    Broken,
}

impl<'s> GlobalValues<'s> {
    /// Follows every definition through the files; each error once, as `error` gets it with the
    /// name.
    ///
    /// A definition depends on at most one name of another file, so a chain of them is a path:
    /// down to something known, and back.
    pub(crate) fn new(
        files: &[File<'s>],
        globals: &Globals<'s>,
        mut error: impl FnMut(&'s str, ErrorKind),
    ) -> Self {
        let mut values: FxHashMap<&'s str, Known> = FxHashMap::default();
        let exported = files.iter().flat_map(|file| &file.symbols.table);
        for symbol in exported.filter(|symbol| symbol.global.is_some()) {
            let mut path: Vec<(&'s str, Value)> = Vec::new();
            let mut name = symbol.name;
            let mut end = loop {
                match values.get(name) {
                    None => {}
                    Some(Known::InProgress) => {
                        // What leads back is the last name on the path.
                        let last = path.last().map_or(name, |(name, _)| name);
                        let name = last.to_owned();
                        error(last, ErrorKind::Circular { name });
                        break Known::Broken;
                    }
                    Some(known) => break *known,
                }
                let Some(&(index, id)) = globals.get(name) else {
                    break Known::Broken;
                };
                let symbols = &files[index].symbols;
                let known = match symbols.value(id, u32::MAX) {
                    Ok(
                        value @ (Value::Address(Base::External(next), _)
                        | Value::Word(_, Base::External(next), _)),
                    ) => {
                        values.insert(name, Known::InProgress);
                        path.push((name, value));
                        name = symbols.get(next).name;
                        continue;
                    }
                    // Wherever the address is, the name stands for it.
                    Ok(Value::Address(..)) => {
                        Known::Value(Value::Address(Base::Elsewhere(index, id), 0))
                    }
                    Ok(value) => Known::Value(value),
                    Err(_) => Known::Broken,
                };
                values.insert(name, known);
                break known;
            };
            for (name, value) in path.into_iter().rev() {
                if let Known::Value(base) = end {
                    end = with_base(value, base).map_or_else(
                        |kind| {
                            error(name, *kind);
                            Known::Broken
                        },
                        Known::Value,
                    );
                }
                values.insert(name, end);
            }
        }
        Self { values }
    }

    /// A value of `file` with what other files know in place of its external base.
    ///
    /// # Errors
    ///
    /// `None` if the mistake behind it has been reported.
    pub(crate) fn resolve(
        &self,
        file: &File<'s>,
        value: Value,
        span: Span,
    ) -> Result<Value, Option<AssemblyError>> {
        let (Value::Address(Base::External(id), _) | Value::Word(_, Base::External(id), _)) = value
        else {
            return Ok(value);
        };
        let Some(&Known::Value(base)) = self.values.get(file.symbols.get(id).name) else {
            return Err(None);
        };
        let fail = |kind| Err(Some(AssemblyError::new(span, kind)));
        if let Value::Word(_, Base::Segment(_), _) = base {
            // Nothing in an object says how to take a word of it.
            let what = "used in another file";
            return fail(ErrorKind::AddressAsNumber {
                what,
                is_word: true,
            });
        }
        with_base(value, base).or_else(|kind| fail(*kind))
    }
}

/// A value with another one in place of its base.
fn with_base(value: Value, base: Value) -> Result<Value, Box<ErrorKind>> {
    let (word, addend) = match value {
        Value::Number(_) => return Ok(value),
        Value::Address(_, addend) => (None, addend),
        Value::Word(word, _, addend) => (Some(word), addend),
    };
    Ok(match (word, base) {
        (None, Value::Number(number)) => Value::Number(number.saturating_add(addend)),
        (None, Value::Address(base, more)) => Value::Address(base, addend.saturating_add(more)),
        (None, Value::Word(..)) if addend == 0 => base,
        (None, Value::Word(..)) => {
            let operator = Operator::Add;
            return Err(Box::new(ErrorKind::AddressArithmetic {
                operator,
                is_word: true,
            }));
        }
        (Some(word), Value::Number(number)) => {
            Value::Number(number.saturating_add(addend) >> (16 * word) & 0xFFFF)
        }
        (Some(word), Value::Address(base, more)) => {
            Value::Word(word, base, addend.saturating_add(more))
        }
        (Some(_), Value::Word(..)) => return Err(Box::new(ErrorKind::WordOfWord)),
    })
}
