package events

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// cron fires at the minutes that its six fields name.
// https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html#eb-cron-expressions
type cron struct {
	minutes, hours, months, years set
	days                          func(date time.Time) bool // of the month or of the week
}

// set is the values that a field names; nil for all.
type set map[int]bool

func (s set) has(n int) bool { return s == nil || s[n] }

var (
	monthNames = []string{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"}
	dayNames   = []string{"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"}
)

const lastYear = 2199

func parseCron(text string) (schedule, error) {
	f := strings.Fields(text)
	if len(f) != 6 {
		return nil, errSchedule
	}
	c := &cron{}
	var errs [4]error
	c.minutes, errs[0] = parseField(f[0], 0, 59, nil)
	c.hours, errs[1] = parseField(f[1], 0, 23, nil)
	c.months, errs[2] = parseField(f[3], 1, 12, monthNames)
	c.years, errs[3] = parseField(f[5], 1970, lastYear, nil)
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	var err error
	switch { // one of the two must be left open by "?"
	case f[2] == "?" && f[4] != "?":
		c.days, err = parseWeekdays(strings.ToUpper(f[4]))
	case f[4] == "?" && f[2] != "?":
		c.days, err = parseMonthDays(strings.ToUpper(f[2]))
	default:
		err = errSchedule
	}
	return c, err
}

// parseField reads lists of values, ranges and steps. names stand for least and what follows it.
func parseField(text string, least, most int, names []string) (set, error) {
	if text == "*" {
		return nil, nil
	}
	out := set{}
	for part := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(part, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 {
				return nil, errSchedule
			}
			step = n
		}
		from, to := least, most
		if span != "*" {
			first, last, ranged := strings.Cut(span, "-")
			var ok bool
			if from, ok = fieldValue(first, least, most, names); !ok {
				return nil, errSchedule
			}
			switch {
			case ranged:
				if to, ok = fieldValue(last, least, most, names); !ok || to < from {
					return nil, errSchedule
				}
			case !stepped:
				to = from
			}
		}
		for n := from; n <= to; n += step {
			out[n] = true
		}
	}
	return out, nil
}

func fieldValue(text string, least, most int, names []string) (int, bool) {
	if i := slices.Index(names, strings.ToUpper(text)); i >= 0 {
		return least + i, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= least && n <= most && text[0] != '+'
}

func lastOfMonth(date time.Time) int {
	return time.Date(date.Year(), date.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day()
}

// parseMonthDays reads the days of the month: values, L for the last one, nW for the weekday nearest to n, LW for the last weekday.
func parseMonthDays(text string) (func(time.Time) bool, error) {
	if text == "L" {
		return func(d time.Time) bool { return d.Day() == lastOfMonth(d) }, nil
	}
	if text == "LW" {
		return func(d time.Time) bool { return d.Day() == nearestWeekday(d, lastOfMonth(d)) }, nil
	}
	if number, ok := strings.CutSuffix(text, "W"); ok {
		n, ok := fieldValue(number, 1, 31, nil)
		if !ok {
			return nil, errSchedule
		}
		return func(d time.Time) bool { return n <= lastOfMonth(d) && d.Day() == nearestWeekday(d, n) }, nil
	}
	days, err := parseField(text, 1, 31, nil)
	return func(d time.Time) bool { return days.has(d.Day()) }, err
}

// nearestWeekday gives the day from Monday to Friday that is nearest to a day of a month, within that month.
func nearestWeekday(month time.Time, day int) int {
	switch time.Date(month.Year(), month.Month(), day, 0, 0, 0, 0, time.UTC).Weekday() {
	case time.Saturday:
		if day == 1 {
			return 3
		}
		return day - 1
	case time.Sunday:
		if day == lastOfMonth(month) {
			return day - 2
		}
		return day + 1
	}
	return day
}

// parseWeekdays reads the days of the week, from 1 for Sunday: values, L for Saturday, nL for the month's last n, n#k for its k-th n.
func parseWeekdays(text string) (func(time.Time) bool, error) {
	if text == "L" {
		text = "7"
	}
	if number, ok := strings.CutSuffix(text, "L"); ok {
		n, ok := fieldValue(number, 1, 7, dayNames)
		if !ok {
			return nil, errSchedule
		}
		return func(d time.Time) bool { return int(d.Weekday())+1 == n && d.Day()+7 > lastOfMonth(d) }, nil
	}
	if day, nth, ok := strings.Cut(text, "#"); ok {
		n, ok := fieldValue(day, 1, 7, dayNames)
		k, there := fieldValue(nth, 1, 5, nil)
		if !ok || !there {
			return nil, errSchedule
		}
		return func(d time.Time) bool { return int(d.Weekday())+1 == n && (d.Day()-1)/7+1 == k }, nil
	}
	days, err := parseField(text, 1, 7, dayNames)
	return func(d time.Time) bool { return days.has(int(d.Weekday()) + 1) }, err
}

func (c *cron) after(t, _ time.Time) (time.Time, bool) {
	t = t.UTC().Truncate(time.Minute).Add(time.Minute)
	for day := t.Truncate(24 * time.Hour); day.Year() <= lastYear; {
		if !c.years.has(day.Year()) {
			day = time.Date(day.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if !c.months.has(int(day.Month())) {
			day = time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC)
			continue
		}
		if c.days(day) {
			if next, ok := c.within(day, t); ok {
				return next, true
			}
		}
		day = day.AddDate(0, 0, 1)
	}
	return time.Time{}, false
}

// within gives the first time of a day that is not before t.
func (c *cron) within(day, t time.Time) (time.Time, bool) {
	for hour := range 24 {
		if !c.hours.has(hour) {
			continue
		}
		for minute := range 60 {
			if at := day.Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute); c.minutes.has(minute) && !at.Before(t) {
				return at, true
			}
		}
	}
	return time.Time{}, false
}
