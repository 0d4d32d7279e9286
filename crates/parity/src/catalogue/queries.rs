//! The query.

use super::{Entry, with_query};

pub(super) const ENTRIES: &[Entry] = &[
    Entry {
        name: "repeated_query_name",
        about: "The same name twice: the first counts, the last, or neither.",
        requests: |sample| {
            let (request, name) = sample.text_query()?;
            let mut requests = vec![
                ("different", with_query(&request, &format!("{name}=a&{name}=b"))),
                ("empty_first", with_query(&request, &format!("{name}=&{name}=b"))),
                ("empty_last", with_query(&request, &format!("{name}=a&{name}="))),
            ];
            if let Some((request, name)) = sample.number_query() {
                requests.push(("number_then_text", with_query(&request, &format!("{name}=5&{name}=x"))));
                requests.push(("text_then_number", with_query(&request, &format!("{name}=x&{name}=5"))));
            }
            Some(requests)
        },
    },
    Entry {
        name: "plus_in_query",
        about: "`+` and `%20`: both a space, or one of them a plus sign.",
        requests: |sample| {
            let (request, name) = sample.text_query()?;
            Some(vec![
                ("plus", with_query(&request, &format!("{name}=a+b"))),
                ("encoded_space", with_query(&request, &format!("{name}=a%20b"))),
                ("encoded_plus", with_query(&request, &format!("{name}=a%2Bb"))),
            ])
        },
    },
    Entry {
        name: "query_forms",
        about: "Names without a value, empty pairs, brackets, other separators, encoded names.",
        requests: |sample| {
            let (request, name) = sample.text_query()?;
            Some(vec![
                ("name_alone", with_query(&request, &name)),
                ("empty_value", with_query(&request, &format!("{name}="))),
                ("missing", with_query(&request, "")),
                ("empty_pairs", with_query(&request, &format!("&&{name}=a&&"))),
                ("equals_in_value", with_query(&request, &format!("{name}=a=b"))),
                ("semicolon", with_query(&request, &format!("{name}=a;b=c"))),
                ("brackets", with_query(&request, &format!("{name}[]=a"))),
                (
                    "encoded_name",
                    with_query(&request, &format!("%{:02X}{}=a", name.as_bytes().first()?, name.get(1..)?)),
                ),
                ("other_case", with_query(&request, &format!("{}=a", name.to_uppercase()))),
                ("second_question_mark", with_query(&request, &format!("{name}=a?b"))),
                ("unknown_name", with_query(&request, &format!("{name}=a&nosuch=1"))),
            ])
        },
    },
    Entry {
        name: "query_encoding",
        about: "A query that cannot be decoded, or is not UTF-8.",
        requests: |sample| {
            let (request, name) = sample.text_query()?;
            Some(vec![
                ("not_utf_8", with_query(&request, &format!("{name}=%FF"))),
                ("no_digits", with_query(&request, &format!("{name}=%zz"))),
                ("cut_short", with_query(&request, &format!("{name}=a%2"))),
                ("in_another_name", with_query(&request, &format!("{name}=a&nosuch=%FF"))),
                ("nul", with_query(&request, &format!("{name}=a%00b"))),
            ])
        },
    },
    Entry {
        name: "odd_number",
        about: "What is no whole number to one parser and is one to another.",
        requests: |sample| {
            let (request, name) = sample.number_query()?;
            let forms = [
                ("text", "abc"),
                ("empty", ""),
                ("plus", "%2B5"),
                ("space_before", "%205"),
                ("space_after", "5%20"),
                ("leading_zero", "05"),
                ("fraction", "5.5"),
                ("whole_fraction", "5.0"),
                ("exponent", "5e0"),
                ("hexadecimal", "0x5"),
                ("underscore", "1_0"),
                ("minus_zero", "-0"),
                ("other_digits", "%EF%BC%95"),
                ("two_to_the_31", "2147483648"),
                ("two_to_the_63", "9223372036854775808"),
                ("below_64_bits", "-9223372036854775809"),
                ("many_digits", "99999999999999999999999999"),
                ("infinity", "Infinity"),
                ("truth", "true"),
            ];
            Some(
                forms
                    .into_iter()
                    .map(|(form, text)| (form, with_query(&request, &format!("{name}={text}"))))
                    .collect(),
            )
        },
    },
];
