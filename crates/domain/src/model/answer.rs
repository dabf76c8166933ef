//! Answers as values: yes and no are booleans, n/a is null, everything else an array with a number for its type.

use crate::cbor::Value;
use crate::checklist::Answer;

/// The value of an answer.
pub fn to_value(answer: &Answer) -> Value {
    let typed = |number, value| Value::Array(vec![Value::Int(number), value]);
    match answer {
        Answer::Yes => Value::Bool(true),
        Answer::No => Value::Bool(false),
        Answer::Na => Value::Null,
        Answer::Number(n) => typed(1, Value::Int(*n)),
        Answer::Percent(n) => typed(2, Value::Int(*n)),
        Answer::Temperature(n) => typed(3, Value::Int(*n)),
        Answer::Choice(code) => typed(4, Value::text(code)),
        Answer::Text(text) => typed(5, Value::text(text)),
    }
}

/// The answer that a value holds; none for a value of a newer version.
pub fn from_value(value: &Value) -> Option<Answer> {
    match value {
        Value::Bool(true) => Some(Answer::Yes),
        Value::Bool(false) => Some(Answer::No),
        Value::Null => Some(Answer::Na),
        Value::Array(parts) => match parts.as_slice() {
            [Value::Int(1), Value::Int(n)] => Some(Answer::Number(*n)),
            [Value::Int(2), Value::Int(n)] => Some(Answer::Percent(*n)),
            [Value::Int(3), Value::Int(n)] => Some(Answer::Temperature(*n)),
            [Value::Int(4), Value::Text(code)] => Some(Answer::Choice(code.clone())),
            [Value::Int(5), Value::Text(text)] => Some(Answer::Text(text.clone())),
            _ => None,
        },
        _ => None,
    }
}

/// Free text is personal data until someone proves otherwise: it is always detached.
pub fn detached(answer: &Answer) -> bool {
    matches!(answer, Answer::Text(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_round_trip() {
        let all = [
            Answer::Yes,
            Answer::No,
            Answer::Na,
            Answer::Number(-3),
            Answer::Percent(50),
            Answer::Temperature(365),
            Answer::Choice("c".into()),
            Answer::Text("t".into()),
        ];
        for answer in all {
            assert_eq!(from_value(&to_value(&answer)), Some(answer));
        }
        assert_eq!(from_value(&Value::Array(vec![Value::Int(9)])), None);
    }
}
