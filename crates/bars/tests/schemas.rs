//! Parquet files other writers make: which column types are read and which are refused.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::{path::Path, sync::Arc};

use bars::{Selection, read};
use parquet::{
    column::writer::ColumnWriter,
    data_type::ByteArray,
    file::{metadata::KeyValue, properties::WriterProperties, writer::SerializedFileWriter},
    schema::parser::parse_message_type,
};

const PRICES: &str = "required double open; required double high; required double low; required double close;";

/// Writes two rows of AAPL, 2017-11-09 and -10, with the given columns; `nulls` names a column whose second value is null.
fn write(path: &Path, columns: &str, nulls: Option<&str>, feed: Option<&str>) {
    let schema = Arc::new(parse_message_type(&format!("message bars {{ {columns} }}")).unwrap());
    let notes = feed.map(|feed| vec![KeyValue::new("portcullis.feed".to_owned(), feed.to_owned())]);
    let properties = WriterProperties::builder().set_key_value_metadata(notes).build();
    let file = std::fs::File::create(path).unwrap();
    let names: Vec<String> = schema.get_fields().iter().map(|field| field.name().to_owned()).collect();
    let mut writer = SerializedFileWriter::new(file, schema, Arc::new(properties)).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for name in names {
        let mut column = group.next_column().unwrap().unwrap();
        let levels: Option<&[i16]> = if nulls == Some(&name) { Some(&[1, 0]) } else { Some(&[1, 1]) };
        let count = if nulls == Some(&name) { 1 } else { 2 };
        write_values(column.untyped(), &name, levels, count);
        column.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
}

fn write_values(column: &mut ColumnWriter<'_>, name: &str, levels: Option<&[i16]>, count: usize) {
    const DAYS: [i32; 2] = [17_479, 17_480];
    let number = match name {
        "high" => 11.0,
        "low" => 9.0,
        _ => 10.0,
    };
    let written = match column {
        ColumnWriter::ByteArrayColumnWriter(column) => {
            let texts = if name == "date" { ["2017-11-09", "2017-11-10"] } else { ["AAPL"; 2] };
            column.write_batch(&texts.map(ByteArray::from)[..count], levels, None)
        }
        ColumnWriter::Int32ColumnWriter(column) => column.write_batch(&DAYS[..count], levels, None),
        ColumnWriter::Int64ColumnWriter(column) => {
            // Midnight in New York, as instants.
            let values = DAYS.map(|day| (i64::from(day) * 86_400 + 5 * 3600) * 1_000_000);
            column.write_batch(&values[..count], levels, None)
        }
        ColumnWriter::DoubleColumnWriter(column) => column.write_batch(&[number; 2][..count], levels, None),
        ColumnWriter::FloatColumnWriter(column) => column.write_batch(&[number as f32; 2][..count], levels, None),
        ColumnWriter::BoolColumnWriter(_)
        | ColumnWriter::Int96ColumnWriter(_)
        | ColumnWriter::FixedLenByteArrayColumnWriter(_) => panic!("no test writes such a column"),
    };
    written.unwrap();
}

fn outcome(columns: &str, nulls: Option<&str>, feed: Option<&str>) -> Result<String, String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bars.parquet");
    write(&path, columns, nulls, feed);
    let table = read(&path, &Selection::default()).map_err(|error| error.to_string())?;
    let dates: Vec<String> =
        table.iter().flat_map(|(_, series)| series.dates.iter().map(ToString::to_string)).collect();
    Ok(format!("{} {}", table.feed(), dates.join(" ")))
}

#[test]
fn dates_and_numbers_come_in_several_types() {
    for columns in [
        format!("required binary symbol (string); required int32 date (date); {PRICES} required int64 volume;"),
        format!("optional binary symbol (string); optional int32 date (date); {PRICES} optional double volume;"),
        format!("required binary symbol (string); required binary date (string); {PRICES} required int64 volume;"),
        format!(
            "required int64 date (timestamp(micros,true)); required binary symbol; {PRICES} required int32 volume;"
        ),
        format!(
            "required int32 more; required binary symbol; required int32 date (date); {PRICES} required float volume;"
        ),
    ] {
        assert_eq!(outcome(&columns, None, None), Ok("sip 2017-11-09 2017-11-10".to_owned()), "{columns}");
    }
}

#[test]
fn the_feed_is_a_note_in_the_file() {
    let columns = format!("required binary symbol; required int32 date (date); {PRICES} required int64 volume;");
    for (feed, expect) in [("sip", "sip"), ("iex", "iex"), ("simulated", "simulated")] {
        assert!(outcome(&columns, None, Some(feed)).unwrap().starts_with(expect), "{feed}");
    }
    assert!(outcome(&columns, None, Some("otc")).unwrap_err().contains("\"otc\""));
}

#[test]
fn other_schemas_are_refused() {
    let check = |columns: &str, nulls: Option<&str>, expect: &str| {
        let error = outcome(columns, nulls, None).unwrap_err();
        assert!(error.contains(expect), "{columns}: {error}");
    };
    let volume = "required int64 volume;";
    check(&format!("required int32 date (date); {PRICES} {volume}"), None, "column \"symbol\" is missing");
    check(
        &format!("required binary symbol; required int32 date (date); {PRICES}"),
        None,
        "column \"volume\" is missing",
    );
    check(
        &format!("required binary symbol; required int32 date; {PRICES} {volume}"),
        None,
        "column \"date\" holds INT32, not a date",
    );
    check(
        &format!("required int32 symbol; required int32 date (date); {PRICES} {volume}"),
        None,
        "column \"symbol\" holds INT32, not text",
    );
    check(
        "required binary symbol; required int32 date (date); required int64 open; required double high; \
         required double low; required double close; required int64 volume;",
        None,
        "column \"open\" holds INT64, not numbers",
    );
    check(
        &format!("optional binary symbol; required int32 date (date); {PRICES} {volume}"),
        Some("symbol"),
        "row 2: symbol is null",
    );
    check(
        "required binary symbol; required int32 date (date); required double open; required double high; \
         required double low; optional double close; required int64 volume;",
        Some("close"),
        "row 2: close is null",
    );
}
