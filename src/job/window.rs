//! Local times of day at which calling is allowed.

use chrono::{DateTime, Days, NaiveDateTime, NaiveTime, TimeZone};

/// A range of local time, such as `"19:00-07:00"`; it may extend over midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DayWindow {
    /// First minute of the range.
    pub from: NaiveTime,
    /// First minute after the range.
    pub to: NaiveTime,
}

impl std::fmt::Display for DayWindow {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}-{}", self.from.format("%H:%M"), self.to.format("%H:%M"))
    }
}

impl DayWindow {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (from, to) = text.split_once('-')?;
        let time = |text: &str| NaiveTime::parse_from_str(text.trim(), "%H:%M").ok();
        let (from, to) = (time(from)?, time(to)?);
        (from != to).then_some(Self { from, to })
    }

    fn contains(self, time: NaiveTime) -> bool {
        if self.from < self.to { (self.from..self.to).contains(&time) } else { time >= self.from || time < self.to }
    }
}

/// Times at which calling is allowed: within any of these ranges, or always if there are none.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallingHours(pub Vec<DayWindow>);

impl CallingHours {
    /// Returns the time at which calling is next allowed, in the time zone of `now`; `None` if it is allowed now.
    #[must_use]
    pub fn closed_until<Zone: TimeZone>(&self, now: DateTime<Zone>) -> Option<DateTime<Zone>> {
        let zone = now.timezone();
        let opening = self.next_opening(now.naive_local())?;
        // If clocks are put forward over the opening time, the first existing time after it.
        let in_zone = |time: NaiveDateTime| zone.from_local_datetime(&time).earliest();
        in_zone(opening).or_else(|| in_zone(opening + chrono::Duration::hours(1))).or(Some(now))
    }

    fn next_opening(&self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        if self.0.is_empty() || self.0.iter().any(|window| window.contains(now.time())) {
            return None;
        }
        let opening = |window: &DayWindow| {
            let day = if now.time() < window.from { now.date() } else { now.date().checked_add_days(Days::new(1))? };
            Some(day.and_time(window.from))
        };
        self.0.iter().filter_map(opening).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(windows: &[&str]) -> CallingHours {
        CallingHours(windows.iter().map(|text| DayWindow::parse(text).unwrap()).collect())
    }

    fn at(text: &str) -> NaiveDateTime {
        NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap()
    }

    #[test]
    fn calling_is_allowed_in_any_window_over_midnight_too() {
        let night = hours(&["19:00-07:00", "12:00-13:00"]);
        for open in ["2026-11-24 19:00:00", "2026-11-24 23:59:59", "2026-11-25 06:59:59", "2026-11-24 12:30:00"] {
            assert_eq!(night.next_opening(at(open)), None, "{open}");
        }
        for (closed, until) in [
            ("2026-11-24 07:00:00", "2026-11-24 12:00:00"),
            ("2026-11-24 13:00:00", "2026-11-24 19:00:00"),
            ("2026-11-24 18:59:59", "2026-11-24 19:00:00"),
        ] {
            assert_eq!(night.next_opening(at(closed)), Some(at(until)), "{closed}");
        }
        let morning = hours(&["08:00-09:00"]);
        assert_eq!(morning.next_opening(at("2026-12-31 09:00:00")), Some(at("2027-01-01 08:00:00")));
        assert_eq!(hours(&[]).next_opening(at("2026-11-24 03:00:00")), None);
    }

    #[test]
    fn what_is_no_window_is_refused() {
        for text in ["19:00", "19:00-25:00", "07:00-07:00", "", "a-b"] {
            assert_eq!(DayWindow::parse(text), None, "{text}");
        }
    }
}
