//! A session's price of one symbol as SVG: the path, the level, the stop, and what happened when.

use std::fmt::Write;

use market::{Price, Timestamp};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 220.0;
const LEFT: f64 = 56.0;
const RIGHT: f64 = 12.0;
const TOP: f64 = 14.0;
const BOTTOM: f64 = 24.0;

/// What a mark stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MarkKind {
    /// A buy was filled.
    Buy,
    /// A sell was filled.
    Sell,
}

/// Something that happened at a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mark {
    /// When.
    pub at: Timestamp,
    /// At which price.
    pub price: Price,
    /// What.
    pub kind: MarkKind,
    /// In words, shown when pointed at.
    pub label: String,
}

/// One symbol's session.
#[derive(Clone, Debug)]
pub struct Chart {
    /// The heading.
    pub title: String,
    /// Prices over time, oldest first; at least two to be drawn.
    pub prices: Vec<(Timestamp, Price)>,
    /// The entry level, if there is one.
    pub level: Option<Price>,
    /// The protective stop, if there is one.
    pub stop: Option<Price>,
    /// What happened.
    pub marks: Vec<Mark>,
}

/// Maps instants and prices onto the drawing.
struct Scale {
    start: Timestamp,
    seconds: f64,
    low: f64,
    range: f64,
}

impl Scale {
    fn of(chart: &Chart) -> Option<Self> {
        let (start, end) = (chart.prices.first()?.0, chart.prices.last()?.0);
        let seconds = end.since(start).num_seconds() as f64;
        let marked = chart.marks.iter().map(|mark| mark.price);
        let lines = chart.level.into_iter().chain(chart.stop);
        let all = chart.prices.iter().map(|(_, price)| *price).chain(marked).chain(lines).map(Price::to_f64);
        let (low, high) = all.fold((f64::MAX, f64::MIN), |(low, high), price| (low.min(price), high.max(price)));
        (seconds > 0.0).then_some(Self { start, seconds, low, range: (high - low).max(0.01) })
    }

    fn x(&self, at: Timestamp) -> f64 {
        LEFT + at.since(self.start).num_seconds() as f64 / self.seconds * (WIDTH - LEFT - RIGHT)
    }

    fn y(&self, price: Price) -> f64 {
        HEIGHT - BOTTOM - (price.to_f64() - self.low) / self.range * (HEIGHT - TOP - BOTTOM)
    }
}

impl Chart {
    /// The drawing; empty when there are not two prices to connect.
    #[must_use]
    pub fn svg(&self) -> String {
        let Some(scale) = Scale::of(self) else { return String::new() };
        let mut svg =
            format!("<svg viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\" aria-label=\"{}\">", escape(&self.title));
        for hour in hours(self) {
            let x = scale.x(hour);
            let text = hour.ny_time().format("%H:%M");
            let bottom = HEIGHT - BOTTOM;
            let _ = write!(svg, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>");
            let _ = write!(
                svg,
                "<text class=\"axis\" x=\"{x:.1}\" y=\"{}\" text-anchor=\"middle\">{text}</text>",
                HEIGHT - 8.0
            );
        }
        self.horizontal(&mut svg, &scale, self.level, "level");
        self.horizontal(&mut svg, &scale, self.stop, "stop");
        let points: Vec<String> =
            self.prices.iter().map(|(at, price)| format!("{:.1},{:.1}", scale.x(*at), scale.y(*price))).collect();
        let _ = write!(svg, "<polyline class=\"price\" points=\"{}\"/>", points.join(" "));
        for mark in &self.marks {
            draw_mark(&mut svg, &scale, mark);
        }
        svg.push_str("</svg>");
        svg
    }

    fn horizontal(&self, svg: &mut String, scale: &Scale, price: Option<Price>, class: &str) {
        let Some(price) = price else { return };
        let y = scale.y(price);
        let _ =
            write!(svg, "<line class=\"{class}\" x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>", WIDTH - RIGHT);
        let _ = write!(svg, "<text class=\"axis {class}\" x=\"4\" y=\"{:.1}\">{price}</text>", y + 4.0);
    }
}

fn draw_mark(svg: &mut String, scale: &Scale, mark: &Mark) {
    let (x, y) = (scale.x(mark.at), scale.y(mark.price));
    let (class, tip) = match mark.kind {
        MarkKind::Buy => ("buy", y + 9.0),
        MarkKind::Sell => ("sell", y - 9.0),
    };
    let label = escape(&mark.label);
    let _ = write!(
        svg,
        "<path class=\"{class}\" d=\"M{:.1} {tip:.1}L{x:.1} {y:.1}L{:.1} {tip:.1}Z\"><title>{label}</title></path>",
        x - 5.0,
        x + 5.0
    );
}

/// The full hours in New York between first and last price.
fn hours(chart: &Chart) -> impl Iterator<Item = Timestamp> {
    let ends = chart.prices.first().zip(chart.prices.last()).map(|(first, last)| (first.0, last.0));
    (0..24).filter_map(move |hour| {
        let (first, last) = ends?;
        let at = first.ny_date().at_hm(hour, 0);
        (first <= at && at <= last).then_some(at)
    })
}

pub(crate) fn escape(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, character| {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
        out
    })
}

#[cfg(test)]
mod tests {
    use market::NyDate;

    use super::*;

    fn price(text: &str) -> Price {
        text.parse().unwrap()
    }

    fn chart() -> Chart {
        let date: NyDate = "2026-11-20".parse().unwrap();
        let prices =
            vec![(date.at_hm(9, 30), price("50")), (date.at_hm(12, 0), price("52")), (date.at_hm(16, 0), price("51"))];
        let mark =
            Mark { at: date.at_hm(10, 30), price: price("50.50"), kind: MarkKind::Buy, label: "<19 & more>".into() };
        Chart { title: "AAPL".into(), prices, level: Some(price("49.9")), stop: Some(price("48")), marks: vec![mark] }
    }

    #[test]
    fn everything_lies_inside_and_text_is_escaped() {
        let svg = chart().svg();
        assert!(svg.contains("&lt;19 &amp; more&gt;"));
        let scale = Scale::of(&chart()).unwrap();
        assert_eq!((scale.y(price("48")), scale.y(price("52"))), (HEIGHT - BOTTOM, TOP));
        assert_eq!(svg.matches("class=\"grid\"").count(), 7, "10:00 to 16:00");
    }

    #[test]
    fn nothing_to_connect_draws_nothing() {
        assert_eq!(Chart { prices: vec![], ..chart() }.svg(), "");
        let prices = vec![chart().prices[0]];
        assert_eq!(Chart { prices, ..chart() }.svg(), "");
    }
}
