//! Numbers as text: rounded half to even on the binary value, and no digit more than needed.

/// `value` with at most so many decimals and at least one: 66.5, 41.0, 0.0001, -0.0; below 0.0001 as 3.8e-05.
///
/// The formats are those the predecessor's readers know.
pub fn decimal(value: f64, decimals: usize) -> String {
    let mut text = format!("{value:.decimals$}");
    while text.ends_with('0') && !text.ends_with(".0") {
        text.pop();
    }
    let rounded: f64 = text.parse().unwrap_or(value);
    if rounded != 0.0 && rounded.abs() < 1e-4 { scientific(rounded) } else { text }
}

fn scientific(value: f64) -> String {
    let text = format!("{value:e}");
    match text.split_once("e-") {
        Some((digits, exponent)) => format!("{digits}e-{exponent:0>2}"),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shortest_text_of_the_rounded_value() {
        for (value, decimals, expect) in [
            (66.5, 2, "66.5"),
            (41.0, 2, "41.0"),
            (66.059, 2, "66.06"),
            (0.125, 2, "0.12"),
            (0.375, 2, "0.38"),
            // 2.675 is a little below in binary.
            (2.675, 2, "2.67"),
            (-0.00004, 4, "-0.0"),
            (0.00004, 4, "0.0"),
            (0.0001, 4, "0.0001"),
            (48.374_860_2, 6, "48.37486"),
            (0.000_038, 6, "3.8e-05"),
            (-0.000_004, 6, "-4e-06"),
            (1_234_567.0, 2, "1234567.0"),
        ] {
            assert_eq!(decimal(value, decimals), expect, "{value} with {decimals} decimals");
        }
    }
}
