//! The day that it is in China at an instant.
//!
//! Programs write a day as the instant of its midnight in China, and that midnight was not always 16:00 UTC: China had
//! summer time, and local mean time before its zones. Reading with a fixed offset gives the day before.

use chrono::{DateTime, NaiveDate};

/// China's offset from UTC, in seconds.
pub(super) const CHINA_OFFSET: i64 = 8 * 3600;

/// China's offset in summer time, in seconds.
const SUMMER_OFFSET: i64 = 9 * 3600;

/// Offset of Shanghai's local mean time, in seconds: 8:05:52 in older editions of the time zone database, 8:05:43 in later
/// ones. The larger serves for both, since a midnight of the smaller is then nine seconds past midnight.
const MEAN_OFFSET: i64 = 8 * 3600 + 5 * 60 + 52;

/// End of local mean time in older editions of the time zone database (1927-12-31T15:54:08Z), in seconds; later ones end it
/// with 1900. In between, a midnight of +08:00 is some minutes past midnight and the same day.
const MEAN_TIME_ENDS: i64 = -1_325_491_552;

/// Periods of summer time, begin and end in seconds since 1970-01-01T00:00:00Z (time zone database, Asia/Shanghai).
const SUMMER_TIMES: [(i64, i64); 14] = [
    (-1_600_675_200, -1_585_904_400),
    (-933_667_200, -922_093_200),
    (-908_870_400, -888_829_200),
    (-881_049_600, -767_869_200),
    (-745_833_600, -733_827_600),
    (-716_889_600, -699_613_200),
    (-683_884_800, -670_669_200),
    (-652_348_800, -650_019_600),
    (515_527_200, 527_014_800),
    (545_162_400, 558_464_400),
    (577_216_800, 589_914_000),
    (608_666_400, 621_968_400),
    (640_116_000, 653_418_000),
    (671_565_600, 684_867_600),
];

/// Returns the day in China at an instant, in milliseconds since 1970-01-01T00:00:00Z; `None` where no calendar reaches.
pub(super) fn china_day(milliseconds: i64) -> Option<NaiveDate> {
    let offset = offset_at(milliseconds.div_euclid(1000));
    let local = milliseconds.checked_add(offset * 1000)?;
    DateTime::from_timestamp_millis(local).map(|local| local.date_naive())
}

/// Returns whether an instant in milliseconds is a midnight in China, in standard or in summer time.
pub(super) fn is_midnight(milliseconds: i64) -> bool {
    let offset = offset_at(milliseconds.div_euclid(1000));
    [offset, CHINA_OFFSET].iter().any(|offset| (milliseconds.rem_euclid(86_400_000) + offset * 1000) % 86_400_000 == 0)
}

fn offset_at(seconds: i64) -> i64 {
    if SUMMER_TIMES.iter().any(|(begin, end)| (*begin..*end).contains(&seconds)) {
        SUMMER_OFFSET
    } else if seconds < MEAN_TIME_ENDS {
        MEAN_OFFSET
    } else {
        CHINA_OFFSET
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_midnight_in_china_is_of_its_day() {
        for (milliseconds, expected) in [
            // Local mean time, of older and of later editions.
            (-2_209_104_343_000, "1899-12-31"),
            (-2_209_017_943_000, "1900-01-01"),
            (-1_882_771_552_000, "1910-05-05"),
            (-1_882_771_200_000, "1910-05-05"),
            // Summer times.
            (-1_596_445_200_000, "1919-06-01"),
            (-847_011_600_000, "1943-03-01"),
            (-678_618_000_000, "1948-07-01"),
            (515_520_000_000, "1986-05-04"),
            (515_602_800_000, "1986-05-05"),
            (583_686_000_000, "1988-07-01"),
            (684_774_000_000, "1991-09-14"),
            (684_860_400_000, "1991-09-15"),
            // A program that knows no summer time.
            (583_689_600_000, "1988-07-01"),
            (-198_316_800_000, "1963-09-20"),
            (-28_800_000, "1970-01-01"),
            (1_379_865_600_000, "2013-09-23"),
            (253_402_185_600_000, "9999-12-31"),
        ] {
            assert_eq!(china_day(milliseconds).unwrap().to_string(), expected, "{milliseconds}");
        }
        assert_eq!(china_day(1_379_865_599_999).unwrap().to_string(), "2013-09-22");
        assert_eq!(china_day(i64::MAX), None);
        assert_eq!(china_day(i64::MIN), None);
    }

    #[test]
    fn a_midnight_is_told_from_another_time() {
        for milliseconds in [-28_800_000, 57_600_000, 583_686_000_000, 583_689_600_000, 1_379_865_600_000] {
            assert!(is_midnight(milliseconds), "{milliseconds}");
        }
        for milliseconds in [0, 1, 583_682_400_000, 1_379_862_000_000, 1_379_865_601_000] {
            assert!(!is_midnight(milliseconds), "{milliseconds}");
        }
    }
}
