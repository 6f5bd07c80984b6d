//! How long a full page of bars takes from its bytes to prices.

use std::{fmt::Write, hint::black_box};

use broker::alpaca::bars::decode_page;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

const BARS: usize = 10_000;

fn decode(criterion: &mut Criterion) {
    let body = page();
    let mut group = criterion.benchmark_group("bars");
    group.throughput(Throughput::Elements(BARS as u64));
    group.bench_function("page of 10000", |bencher| {
        bencher.iter(|| decode_page(black_box(body.as_bytes())).expect("the page is whole"));
    });
    group.finish();
}

/// Ten thousand bars of one symbol, as compact as the broker writes them.
fn page() -> String {
    let mut bars = String::new();
    for number in 0..BARS {
        let (month, day) = (1 + number / 840, 1 + number / 30 % 28);
        let cents = |base: usize, spread: usize| (base + number % spread) as f64 / 100.0;
        write!(
            bars,
            r#"{}{{"t":"2017-{month:02}-{day:02}T{:02}:{:02}:00Z","o":{},"h":{},"l":{},"c":{},"v":{},"n":{},"vw":{}}}"#,
            if number == 0 { "" } else { "," },
            number % 24,
            number % 60,
            cents(17_400, 97),
            cents(17_611, 89),
            cents(17_227, 83),
            cents(17_467, 79),
            1_000 + number,
            10 + number % 500,
            174.512_345 + (number % 73) as f64 / 100.0,
        )
        .expect("a string takes everything");
    }
    format!(r#"{{"bars":{{"AAPL":[{bars}]}},"next_page_token":null}}"#)
}

criterion_group!(benches, decode);
criterion_main!(benches);
