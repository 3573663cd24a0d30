//! One fact of every kind with a value in every field, made by what `serde` knows of the types: whoever adds a kind or a
//! field has it in here without a line.

use std::cell::{Cell, RefCell};

use ledger::Fact;
use serde::{
    de::{DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess, SeqAccess, VariantAccess, Visitor, value::Error},
    forward_to_deserialize_any,
};

/// Each fact, and the names of its fields.
pub fn every_fact() -> Vec<(Fact, Vec<&'static str>)> {
    let seen = Seen::default();
    let mut out = Vec::new();
    loop {
        let fact = Fact::deserialize(Kind { nth: out.len(), seen: &seen }).expect("a fact");
        out.push((fact, seen.fields.take()));
        if out.len() == seen.kinds.get() {
            return out;
        }
    }
}

#[derive(Default)]
struct Seen {
    kinds: Cell<usize>,
    /// Of the fact that is being made.
    fields: RefCell<Vec<&'static str>>,
    /// No two fields have the same value.
    last: Cell<i64>,
}

impl Seen {
    fn next(&self) -> i64 {
        self.last.set(self.last.get() + 1);
        self.last.get()
    }
}

/// The `nth` variant of the list of kinds.
#[derive(Clone, Copy)]
struct Kind<'a> {
    nth: usize,
    seen: &'a Seen,
}

impl<'de> Deserializer<'de> for Kind<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        unreachable!("the kinds are an enum")
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &str, kinds: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        self.seen.kinds.set(kinds.len());
        visitor.visit_enum(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 char str string bytes byte_buf option unit unit_struct newtype_struct seq tuple
        tuple_struct map struct identifier ignored_any
    }
}

impl<'de> EnumAccess<'de> for Kind<'_> {
    type Error = Error;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Error> {
        Ok((seed.deserialize((self.nth as u32).into_deserializer())?, self))
    }
}

impl<'de> VariantAccess<'de> for Kind<'_> {
    type Error = Error;

    fn unit_variant(self) -> Result<(), Error> {
        unreachable!("every kind has a body")
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(Example { seen: self.seen, outer: true })
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, _: V) -> Result<V::Value, Error> {
        unreachable!("bodies have named fields")
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        Example { seen: self.seen, outer: true }.deserialize_struct("", fields, visitor)
    }
}

/// A value of whatever type is asked for.
#[derive(Clone, Copy)]
struct Example<'a> {
    seen: &'a Seen,
    /// It is the body itself, whose fields are noted.
    outer: bool,
}

impl<'de> Deserializer<'de> for Example<'_> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Error> {
        unreachable!("a fact holds whole numbers, texts, choices and lists")
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_bool(true)
    }

    fn deserialize_i32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.seen.next())
    }

    fn deserialize_i64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_i64(self.seen.next())
    }

    /// Every text may be an id, so every one is.
    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_string(format!("019aa4b6-4500-7101-8101-{:012x}", self.seen.next()))
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(Two { example: Self { outer: false, ..self }, left: 2 })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        if self.outer {
            self.seen.fields.borrow_mut().extend(fields);
        }
        visitor.visit_map(Fields { example: Self { outer: false, ..self }, fields: fields.iter() })
    }

    fn deserialize_enum<V: Visitor<'de>>(self, _: &str, choices: &'static [&'static str], visitor: V) -> Result<V::Value, Error> {
        let last = choices.last().copied().unwrap_or_default();
        visitor.visit_enum(IntoDeserializer::<Error>::into_deserializer(last))
    }

    forward_to_deserialize_any! {
        i8 i16 u8 u16 u32 u64 f32 f64 char str bytes byte_buf unit unit_struct newtype_struct tuple tuple_struct map identifier
        ignored_any
    }
}

struct Two<'a> {
    example: Example<'a>,
    left: usize,
}

impl<'de> SeqAccess<'de> for Two<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(self.example).map(Some)
    }
}

struct Fields<'a> {
    example: Example<'a>,
    fields: std::slice::Iter<'static, &'static str>,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        self.fields.next().map(|field| seed.deserialize((*field).into_deserializer())).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        seed.deserialize(self.example)
    }
}
